"""A node's clock is set by head office's: what was written by a wrong one is stamped anew (clocks.py says how)."""

from collections.abc import Callable, Mapping

from structura_local.domain.catalog import BY_TABLE
from structura_local.domain.conflicts import CONFLICTS
from structura_local.domain.stamp import BEGINNING, MS_LENGTH, time
from structura_local.store import unpushed
from structura_local.store.read import Reader
from structura_local.store.rows import Stored
from structura_local.store.transaction import Transaction
from sync import clocks, conflicts

MANY = 1_000  # changes that a sync brought, which are not to be looked through each time


def latest(tx: Transaction) -> int:
    """Of the stamps that are known here and at head office (milliseconds)."""
    pushed = tx.last_pushed(int(tx.state("mark") or 0))
    return int(max(tx.run.clock.observed, pushed)[:MS_LENGTH], 16)


async def right_upto(reader: Reader, now: clocks.Reading) -> int:
    """Up to which change the writes that nobody else knows were stamped by a right clock.

    Found beside the door, as a million may wait.
    """
    first, last = await unpushed.first_off(
        reader,
        _fixed(await reader.state()),
        office=now.central,
        wall=now.wall,
        runs=tuple(now.runs),
        elapsed=now.elapsed,
        tolerance=clocks.TOLERANCE,
    )
    return last if first is None else first - 1


def set_clock(now: clocks.Reading, right: int, announce: Callable[[], None], tx: Transaction) -> None:
    """Stamp what is to be pushed anew where it is wrong, and all else from now on by head office's clock. `right`: see
    right_upto. `announce` hears if rows have other stamps now.

    Whatever this PC's is set to meanwhile: no merge is to meet a write with a wrong stamp before the next session.
    """
    now = now.later(tx.at, tx.run.elapsed())  # people may have written since it was read
    if _stamp_anew(now, right, tx):
        tx.after_commit(announce)
    tx.run.clock.follow(lambda: now.central + tx.run.elapsed() - now.elapsed)


def fix(tx: Transaction) -> None:
    """What was written until now keeps its stamps: somebody else knows it by them."""
    tx.set_state("stamped", str(tx.seq))


def loosen(tx: Transaction) -> None:
    """What is to be pushed may be stamped anew: nobody knows it by its stamps, head office does not take them."""
    tx.forget_state("stamped")


def _stamp_anew(now: clocks.Reading, right: int, tx: Transaction) -> bool:
    """Give the writes that nobody else knows the stamps that a right clock would have given; whether they differ."""
    state = {key: tx.state(key) for key in ("mark", "stamped")}
    fixed, copied = _fixed(state), int(tx.state("copied") or 0)
    if any(unpushed.lines(tx, fixed)) or tx.seq > fixed + MANY:
        fix(tx)
    # Most clocks are right, and much may wait: nothing of it is kept in memory to find that out.
    rest = unpushed.lines(tx, max(fixed, right))
    if not clocks.wrong((_written(line, copied, BEGINNING) for line in rest), now):
        return False
    lines = list(unpushed.lines(tx, fixed))
    rows: dict[tuple[str, str], Stored] = {}
    for line in lines:
        stored = tx.stored(BY_TABLE[line.collection], line.row_id)
        if stored is not None and tx.dirty(stored):
            rows[line.collection, line.row_id] = stored
    writes = []
    for line in lines:
        key = (line.collection, line.row_id)
        writes.append(_written(line, copied, clocks.seen(rows[key].base) if key in rows else BEGINNING))
    floor = max(tx.last_pushed(fixed), tx.run.clock.observed)
    new = dict(clocks.restamped(writes, now, tx.last_pushed(fixed)))
    for (table, _), stored in rows.items():
        tx.restamp(BY_TABLE[table], stored, clocks.with_stamps(stored.row, new))
    for line in lines:
        unpushed.restamp(tx, line.seq, new[line.stamp])
    for row_id in unpushed.ids(tx, CONFLICTS.table, int(tx.state("mark") or 0)):
        entry = tx.stored(CONFLICTS, row_id)
        if entry is not None and tx.dirty(entry):
            tx.restamp(CONFLICTS, entry, conflicts.with_stamps(entry.row, new))
    tx.run.clock.reset(max(floor, *map(time, new.values())))
    return True


def _fixed(state: Mapping[str, str | None]) -> int:
    """Up to which change all writes keep their stamps."""
    return max(int(state.get("mark") or 0), int(state.get("stamped") or 0))


def _written(line: unpushed.Logged, copied: int, seen: str) -> clocks.Written:
    return clocks.Written(line.stamp, line.at, line.run, line.elapsed, seen, line.seq <= copied)
