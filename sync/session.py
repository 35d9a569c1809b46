"""One exchange between a node and central, over two ports. It knows no network and no database."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeVar

from sync.plan import Plan, differing, plan, set_back
from sync.protocol import (
    MAX_BATCH_BYTES,
    Batch,
    Central,
    ClockAhead,
    Hello,
    Lineage,
    Local,
    Page,
    RowRefused,
    Standing,
    Tagged,
    Welcome,
)
from sync.texts import size

HEALINGS = 3  # attempts to mend a difference before a person hears of it
SLOW = 4_000  # milliseconds; an answer that takes longer does not tell the time well enough,
HELLOS = 3  # unless they all do
BUCKETS_AT_ONCE, FIRST_ROWS, ROWS_AT_ONCE = 16, 20, 2_000

T = TypeVar("T")
Then = Callable[[], Awaitable[Any]]  # what may be done beside something else, when it is asked for


class Together(Protocol):
    """How two things are done of which the second saves time later: it is the network's turn while we compute."""

    async def __call__(self, first: Awaitable[T], then: Then) -> tuple[T, Any]:
        """What both give; None for what was left for later."""


async def in_turn(first: Awaitable[T], then: Then) -> tuple[T, Any]:
    """Without doing anything ahead."""
    return await first, None


class Observer(Protocol):
    """Hears how an exchange goes."""

    def welcomed(self, welcome: Welcome) -> None:
        """Central has answered."""

    def moved(self, pushed: int, pulled: int) -> None:
        """So many rows more are safe on the other side."""

    def compared(self, differing: list[str]) -> None:
        """Both sides' digests were compared: these collections differ, although all was tried; none: in step."""


async def exchange(
    local: Local,
    central: Central,
    plant: str,
    version: str,
    observer: Observer,
    together: Together = in_turn,
    *,
    thorough: bool = False,
) -> None:
    """Pull all that is new at central, push all that is new here, until neither has more; then compare the digests.

    `thorough`: both sides compute them anew from their rows first, so that rows that were harmed underneath are found.
    Raises SyncError; what was exchanged until then stays valid, and the next exchange goes on from there.
    """
    try:
        await _exchange(local, central, plant, version, observer, together, thorough=thorough)
    except ClockAhead:
        await local.was_ahead()
        raise


async def _exchange(
    local: Local,
    central: Central,
    plant: str,
    version: str,
    observer: Observer,
    together: Together,
    *,
    thorough: bool,
) -> None:
    standing = await _meet(local, central, plant, version, observer)
    held = await local.keys()
    if others := {k: v for k, v in (await central.exchange_keys(held)).items() if k not in held}:
        await local.add_keys(others)
    standing = await _drain(local, central, standing, observer, together)
    if thorough:
        await local.recount()
        standing = await _drain(local, central, await central.recount(), observer, in_turn)
    await _compare(local, central, standing, observer)


async def _meet(local: Local, central: Central, plant: str, version: str, observer: Observer) -> Standing:
    """Introduce the node; find out whether both remember the same history, and set the clock."""
    while True:
        lineage, welcome, moment = await _greet(local, central, plant, version)
        cursor = await local.cursor()
        mark, made, offering = await local.mark(), await local.made(welcome.at), await local.offering()
        decided = plan(welcome, cursor, mark, made=made, offering=offering)
        forgotten = set_back(welcome, cursor, 0 if offering else mark)
        if forgotten:
            await central.renew()
        if decided is not Plan.BEGIN_ANEW:
            break
        await local.begin_anew(forgotten=forgotten)
    if decided is Plan.OFFER_ALL:
        await local.offer_all(forgotten=forgotten)
    await local.recognized(lineage)
    # First, or what others made of it meanwhile were a conflict.
    await local.acknowledge_upto(welcome.mark, welcome.now)
    await local.set_clock(welcome.now, moment)
    await local.welcomed(welcome.version)
    observer.welcomed(welcome)
    return welcome.standing


async def _greet(local: Local, central: Central, plant: str, version: str) -> tuple[Lineage, Welcome, int]:
    """Say hello; also returns when (`Local.elapsed`) central's clock was at `Welcome.now`."""
    for _ in range(HELLOS):
        lineage = await local.lineage()
        hello = Hello(plant, lineage.node, version, lineage.last, lineage.next, await local.latest())
        asked = local.elapsed()
        welcome = await central.hello(hello)
        took = local.elapsed() - asked
        if took <= SLOW:
            break
    return lineage, welcome, asked + took // 2


async def _drain(
    local: Local, central: Central, standing: Standing, observer: Observer, together: Together
) -> Standing:
    """Pull and push until neither side has more. The next batch is read while central merges one, and the next page
    comes while one is merged here.

    Between two batches nothing is pulled, unless the head says that others have written: to ask for nothing but what
    this node itself has pushed would leave a slow line idle. Pulled is up to the head as it was after the last batch,
    and not to where it is by now: others who write all the time would keep this node from ever pushing.
    """
    cursor, head = await local.cursor(), standing.head
    pushed = 0  # rows since the last page, each of which has got a number
    following: Batch | None = None
    coming: Page | None = None
    while True:
        behind = cursor < head
        batch = following or await local.changes() if not behind or cursor + pushed == head else None
        if batch is not None:
            (standing, taken), following = await together(_sent(local, central, batch), partial(local.changes, batch))
            await local.acknowledge(taken, standing.head)
            observer.moved(len(batch.rows), 0)
            head, pushed = standing.head, pushed + len(batch.rows)
        elif behind:
            following = None  # it may have to be merged first
            page = coming or await central.pull(cursor, head)
            cursor, standing, pushed = page.cursor, page.standing or standing, 0
            if cursor < head:
                _, coming = await together(local.apply(page), partial(central.pull, cursor, head))
            else:
                coming = None
                await local.apply(page)
            observer.moved(0, len(page.rows))
        elif head < standing.head:
            head = standing.head
        else:
            return standing


class Shelf(Protocol):
    """Where rows go that central does not take."""

    async def set_aside(self, tagged: Tagged, reason: str) -> None:
        """Central does not take this row: let the others pass."""


async def push(local: Shelf, central: Central, batch: Batch) -> Standing:
    """Push a batch; a row that central refuses is set aside, found by halving, and holds up nobody."""
    try:
        return await central.push(batch)
    except RowRefused as refused:
        if len(batch.rows) > 1:
            middle = len(batch.rows) // 2
            # The mark comes with the second half only: it speaks of both.
            await push(local, central, replace(batch, rows=batch.rows[:middle], mark=0))
            return await push(local, central, replace(batch, rows=batch.rows[middle:]))
        await local.set_aside(batch.rows[0], str(refused))
        return await central.push(replace(batch, rows=[]))


@dataclass(slots=True)
class _Sieve:
    """Sets rows aside, and remembers which: people may have changed them again before the others are acknowledged."""

    local: Local
    refused: list[Tagged] = field(default_factory=list)

    async def set_aside(self, tagged: Tagged, reason: str) -> None:
        await self.local.set_aside(tagged, reason)
        self.refused.append(tagged)


async def _sent(local: Local, central: Central, batch: Batch) -> tuple[Standing, Batch]:
    """Push a batch; returns what of it central has taken."""
    sieve = _Sieve(local)
    standing = await push(sieve, central, batch)
    if sieve.refused:
        refused = {(row.collection, row.row.id) for row in sieve.refused}
        batch = replace(batch, rows=[row for row in batch.rows if (row.collection, row.row.id) not in refused])
    return standing, batch


async def _compare(local: Local, central: Central, standing: Standing, observer: Observer) -> None:
    """Prove that both sides hold the same, and mend what does not."""
    for attempt in range(HEALINGS + 1):
        ours = await local.digests(standing.head)
        if ours is None:
            return  # others went on writing; the next exchange compares
        wrong = differing(ours, standing.digests)
        if not wrong or attempt == HEALINGS:
            await local.compared(wrong)
            observer.compared(wrong)
            return
        await local.recount()
        for collection in wrong:
            await _heal(local, central, collection)
        standing = await _drain(local, central, await central.recount(), observer, in_turn)


async def _heal(local: Local, central: Central, collection: str) -> None:
    """Find the rows that differ, bucket by bucket, and hand them over in both directions.

    As many at a time as fit into a batch, going by the size of those before: what a slow line cannot carry in time
    would be sent again and again.
    """
    count = FIRST_ROWS
    buckets = differing(await local.buckets(collection), await central.buckets(collection))
    for some in _in_groups(buckets, BUCKETS_AT_ONCE):
        ids = differing(await local.fingerprints(collection, some), await central.fingerprints(collection, some))
        while ids:
            few, ids = ids[:count], ids[count:]
            theirs = await central.fetch(collection, few)
            await local.apply(Page(theirs, await local.cursor()))
            if rows := await local.fetch(collection, few):
                batch = Batch(rows, 0)
                _, taken = await _sent(local, central, batch)
                await local.acknowledge(taken)
            fitting = MAX_BATCH_BYTES * len(few) // max(size(theirs), size(rows), 1)
            count = max(1, min(fitting, 2 * count, ROWS_AT_ONCE))


def _in_groups(items: list[T], size: int) -> list[list[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
