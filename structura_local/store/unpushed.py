"""What the change log has of writes that head office has not heard of, and how far it has."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from structura_local.domain.actors import ACTORS
from structura_local.domain.stamp import MS_LENGTH
from structura_local.store.read import Reader
from structura_local.store.tables import CHANGE_LOG, PUSHES
from structura_local.store.transaction import Transaction

AT_ONCE = 5_000


class Logged(NamedTuple):
    """A write: its stamp, and what the clocks said (domain of sync/clocks.py)."""

    seq: int
    stamp: str
    at: int
    run: str
    elapsed: int
    collection: str
    row_id: str


def lines(tx: Transaction, mark: int) -> Iterator[Logged]:
    """The writes made here after `mark`, in their order; some at a time, as there may be a million."""
    while found := [Logged(*line) for line in tx.execute(_select(mark).limit(AT_ONCE))]:
        yield from found
        mark = found[-1].seq


def ids(tx: Transaction, collection: str, mark: int) -> list[str]:
    """The rows of a collection that were changed after `mark`, by whomever."""
    log = CHANGE_LOG.c
    changed = select(log.row_id).distinct().where(log.seq > mark, log.collection == collection)
    return [row_id for (row_id,) in tx.execute(changed)]


async def read(reader: Reader, mark: int) -> list[Logged]:
    """The writes made here after `mark`, in their order."""
    return [Logged(*line) for line in await reader.fetch(_select(mark))]


async def first_off(
    reader: Reader, mark: int, *, office: int, wall: int, runs: Sequence[str], elapsed: int, tolerance: int
) -> tuple[int | None, int]:
    """Of the writes made here after `mark` the first whose stamp is off by more than `tolerance`, and the last of all.

    The clocks are sync/clocks.py's Reading, and so is what a right stamp is; a million may wait.
    """
    log = CHANGE_LOG.c
    meant = case((log.run.in_(runs), office - elapsed + log.elapsed), else_=func.min(log.at + (office - wall), office))
    stamped = func.substr(log.stamp, 1, MS_LENGTH)
    off = or_(stamped < _hex(meant - tolerance), stamped > _hex(meant + tolerance), meant + tolerance < 0)
    found = await reader.fetch(_select(mark, func.min(case((off, log.seq))), func.max(log.seq)).order_by(None))
    first, last = found[0]
    return first, last or mark


async def first_later(reader: Reader, mark: int, upto: int, moment: str) -> int | None:
    """Of the writes made here after `mark` and up to `upto` the first with a stamp later than `moment`."""
    log = CHANGE_LOG.c
    first = _select(mark, func.min(log.seq)).where(log.seq <= upto, log.stamp > moment)
    found: int | None = (await reader.fetch(first.order_by(None)))[0][0]
    return found


async def last(reader: Reader) -> str:
    """The last change here: its number, and the run of the program that made it (protocol.Batch.at)."""
    log = CHANGE_LOG.c
    found = await reader.fetch(select(log.seq, log.run).order_by(log.seq.desc()).limit(1))
    return f"{found[0][0]} {found[0][1]}" if found else ""


async def made(reader: Reader, seq: int, run: str) -> bool:
    """Whether it was this run that made the change of a number. Yes, if the log goes back no further."""
    log = CHANGE_LOG.c
    found = await reader.fetch(select(log.seq, log.run).where(log.seq <= seq).order_by(log.seq.desc()).limit(1))
    ((newest,),) = await reader.fetch(select(func.coalesce(func.max(log.seq), 0)))
    return bool(newest >= seq and (not found or tuple(found[0]) == (seq, run)))


def restamp(tx: Transaction, seq: int, stamp: str) -> None:
    """Another stamp for a write."""
    tx.execute(update(CHANGE_LOG).where(CHANGE_LOG.c.seq == seq).values(stamp=stamp))


def acknowledged(tx: Transaction, mark: int) -> None:
    """Head office has heard of all changes up to `mark`."""
    tx.set_state("mark", str(mark))
    tx.execute(insert(PUSHES).values(mark=mark, at=tx.at).on_conflict_do_nothing())


def _hex(milliseconds: ColumnElement[int]) -> ColumnElement[str]:
    """As stamps begin."""
    return func.printf(f"%0{MS_LENGTH}x", func.max(milliseconds, 0))


def _select(mark: int, *wanted: ColumnElement[Any]) -> Select[Any]:
    log = CHANGE_LOG.c
    columns = wanted or (log.seq, log.stamp, log.at, log.run, log.elapsed, log.collection, log.row_id)
    # What rules derived from a sync is as old as its cause, whatever the clock said; but not who the rules are here.
    own = or_(log.origin.not_in(("sync", "derived")), (log.origin == "derived") & (log.collection == ACTORS.table))
    return select(*columns).where(log.seq > mark, own).order_by(log.seq)
