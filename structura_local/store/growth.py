"""How fast the database grows: every change is logged, so it grows with what people do; and how old changes go."""

from functools import partial

from sqlalchemy import delete, func, select

from structura_local.store.door import Door
from structura_local.store.read import Reader
from structura_local.store.tables import CHANGE_LOG, PUSHES
from structura_local.store.transaction import UNRULED, Author, Transaction

DAY = 86_400_000  # milliseconds
RECENT = 7  # days
LAST = 1_000  # changes that stay, however old: the next exchange looks at them
AT_ONCE = 500  # that go in one transaction
SHARE = 2_000  # of all changes, one part goes an hour at most: a clock years ahead does not empty the log


async def per_day(reader: Reader, size: int, now: int) -> float:
    """Bytes a day over the last RECENT days, of a database of `size` bytes; imports, which happen once, do not count.

    An estimate: what a change takes on average, times the changes a day. A plant younger than a day is taken as one
    day old.
    """
    log = CHANGE_LOG.c
    ((first, last),) = await reader.fetch(select(func.min(log.seq), func.max(log.seq)))
    if first is None:
        return 0.0
    recent = (log.at > now - RECENT * DAY, log.at <= now, log.origin.not_in(UNRULED))
    ((changes,),) = await reader.fetch(select(func.count()).select_from(CHANGE_LOG).where(*recent))
    ((began,),) = await reader.fetch(select(log.at).where(log.seq == first))
    days = min(max((now - began) / DAY, 1.0), RECENT)
    return float(size / (last - first + 1) * changes / days)


async def newest(reader: Reader) -> int | None:
    """When, by this PC's clock, the last change was made; by a clock that was ahead, the one furthest in the future."""
    ((at,),) = await reader.fetch(select(func.max(CHANGE_LOG.c["at"])))
    return None if at is None else int(at)


async def thin(door: Door, reader: Reader, before: int) -> int:
    """Remove changes made before a moment (milliseconds since 1970); returns how many.

    What head office has not heard of stays, and so does what an audit asks for first: changes of users, deletions and
    restorations, setups.
    """
    state = await reader.state()
    ((first, last),) = await reader.fetch(select(func.min(CHANGE_LOG.c.seq), func.max(CHANGE_LOG.c.seq)))
    if first is None:
        return 0
    heard = int(state.get("mark", "0")) if "plant" in state else last
    allowed, removed = max(AT_ONCE, (last - first) // SHARE), 0
    while removed < allowed:
        gone = await door.write(partial(_thin, before, min(heard, last) - LAST), Author("rules"))
        removed += gone
        if gone < AT_ONCE:
            break
    return removed


def _thin(before: int, upto: int, tx: Transaction) -> int:
    log = CHANGE_LOG.c
    kept = (log.collection == "users") | log.kind.in_(("delete", "restore")) | (log.origin == "setup")
    old = select(log.seq).where(log["at"] < before, log.seq <= upto, ~kept).order_by(log["at"]).limit(AT_ONCE)
    found = [line[0] for line in tx.execute(old)]
    tx.execute(delete(CHANGE_LOG).where(log.seq.in_(found)))
    newest = select(func.max(PUSHES.c.mark)).scalar_subquery()
    tx.execute(delete(PUSHES).where(PUSHES.c["at"] < before, PUSHES.c.mark < newest))
    return len(found)
