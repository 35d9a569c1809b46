"""What the change log has of writes that head office has not heard of, and how far it has."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.sqlite import insert

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


async def read(reader: Reader, mark: int) -> AsyncIterator[list[Logged]]:
    """The writes made here after `mark`, in their order, some at a time."""
    while found := [Logged(*line) for line in await reader.fetch(_select(mark).limit(AT_ONCE))]:
        yield found
        mark = found[-1].seq


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


def _select(mark: int) -> Select[Any]:
    log = CHANGE_LOG.c
    columns = (log.seq, log.stamp, log.at, log.run, log.elapsed, log.collection, log.row_id)
    # What rules derived from a sync is as old as its cause, whatever the clock said.
    return select(*columns).where(log.seq > mark, log.origin.not_in(("sync", "derived"))).order_by(log.seq)
