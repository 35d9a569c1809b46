"""How the plant has been doing, minute by minute for a day and hour by hour for three months: for charts."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from sqlalchemy import and_, delete, insert, or_, select

from structura_local.store.read import Reader
from structura_local.store.tables import SAMPLES
from structura_local.store.transaction import Transaction

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # milliseconds
WHOLE = DAY  # for how long each minute is kept,
KEPT = 90 * DAY  # and for how long one an hour


@dataclass(frozen=True, slots=True)
class Sample:
    """At a full minute (milliseconds since 1970): changes that wait, requests in it, and the disk, in bytes."""

    at: int
    waiting: int
    requests: int
    database: int
    free: int


def keep(tx: Transaction, sample: Sample) -> None:
    """Keep a sample; those that are too many are cleared away."""
    at = SAMPLES.c.at
    minute = and_(at < sample.at - WHOLE, at % HOUR != 0)
    tx.execute(delete(SAMPLES).where(or_(minute, at < sample.at - KEPT, at >= sample.at)))  # a clock may be set back
    tx.execute(insert(SAMPLES).values(dict(zip(SAMPLES.c.keys(), astuple(sample), strict=True))))


async def since(reader: Reader, at: int) -> Sequence[Sample]:
    """The samples from a moment on, in order."""
    found = await reader.fetch(select(SAMPLES).where(SAMPLES.c.at >= at).order_by(SAMPLES.c.at))
    return [Sample(*line) for line in found]
