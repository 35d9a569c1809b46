"""What the change log has of one row, and when head office heard of it."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, select

from structura_local.domain.users import USERS
from structura_local.store.read import Reader
from structura_local.store.rows import codec
from structura_local.store.tables import CHANGE_LOG, PUSHES
from structura_local.store.transaction import Transaction


class Logged(NamedTuple):
    """A change. `fields`: [old, new] by name; secrets are masked. `pushed`: when a push with its number arrived.

    Times are milliseconds since 1970. `origin` is `sync` for what came from head office.
    """

    seq: int
    at: int
    kind: str
    origin: str
    user_id: str | None
    stamp: str
    fields: dict[str, list[Any]]
    pushed: int | None


class Sum(NamedTuple):
    """What one user has added to a counter in one run of this PC's program."""

    run: str
    user_id: str | None
    added: float


def had(tx: Transaction, collection: str, row_id: str, name: str, value: Any) -> bool:
    """Whether a field of a row has ever had a value here, as far back as the log goes."""
    log = CHANGE_LOG.c
    lines = tx.execute(select(log.fields).where(log.collection == collection, log.row_id == row_id))
    return any(value in orjson.loads(fields).get(name, ()) for (fields,) in lines)


def stamped(tx: Transaction, collection: str, row_id: str, stamp: str) -> bool:
    """Whether a change of a row was made here under a stamp."""
    log = CHANGE_LOG.c
    of_row = select(log.seq).where(log.collection == collection, log.row_id == row_id)
    return bool(tx.execute(of_row.where(log.stamp == stamp, log.origin != "sync").limit(1)))


async def changes(reader: Reader, collection: str, row_id: str, limit: int) -> list[Logged]:
    """The latest changes of a row, the latest first."""
    log = CHANGE_LOG.c
    pushed = select(PUSHES.c.at).where(PUSHES.c.mark >= log.seq).order_by(PUSHES.c.mark).limit(1).scalar_subquery()
    columns = (log.seq, log.at, log.kind, log.origin, log.user_id, log.stamp, log.fields, pushed)
    statement = select(*columns).where(log.collection == collection, log.row_id == row_id)
    lines = await reader.fetch(statement.order_by(log.seq.desc()).limit(limit))
    return [Logged(*line)._replace(fields=orjson.loads(line[6])) for line in lines]


async def count(reader: Reader, collection: str, row_id: str) -> int:
    """How often a row was changed."""
    log = CHANGE_LOG.c
    mine = (log.collection == collection, log.row_id == row_id)
    ((found,),) = await reader.fetch(select(func.count()).select_from(CHANGE_LOG).where(*mine))
    return int(found)


async def sums(reader: Reader, collection: str, row_id: str, field: str) -> list[Sum]:
    """Who has added how much to a counter on this PC."""
    log = CHANGE_LOG.c
    old, new = (func.json_extract(log.fields, f'$."{field}"[{place}]') for place in (0, 1))
    total = func.sum(func.coalesce(new, 0) - func.coalesce(old, 0))
    mine = (log.collection == collection, log.row_id == row_id, log.kind == "update", log.origin != "sync")
    statement = select(log.run, log.user_id, total).where(*mine, new.is_not(None) | old.is_not(None))
    return [Sum(*line) for line in await reader.fetch(statement.group_by(log.run, log.user_id).order_by(log.user_id))]


async def names(reader: Reader, user_ids: Iterable[str]) -> dict[str, str]:
    """What users are called, deleted ones too."""
    table = codec(USERS).table.c
    wanted = sorted(set(user_ids))
    lines = await reader.fetch(select(table.id, table.name).where(table.id.in_(wanted)).order_by(table.id))
    return {row_id: name for row_id, name in lines if name is not None}
