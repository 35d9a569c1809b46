"""The plant's end of a file carried by hand: what waits goes out, the answer is pulled and acknowledges what went.

Exporting moves no mark, so a file that gets lost is made again. The node's lineage pair goes with each file and comes
back in the answer, which so tells whether head office knew it. Unlike a session's, the answer brings this node's own
rows too, since what was sent may have been changed meanwhile: applied as they are at head office, they are agreed.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from structura_local import clock
from structura_local.domain.stamp import split
from structura_local.store import unpushed
from structura_local.store.read import Reader
from structura_local.store.store import Store
from sync import outgoing
from sync.carry.stick import Header, Key, Load, Refused, Stick, Writer, header, verified
from sync.local import KeyRing, LocalPort
from sync.outgoing import DONE, Offer
from sync.plan import differing, set_back
from sync.protocol import AHEAD_LIMIT, MAJOR, Batch, Lineage, Page, Standing, Welcome


@dataclass(frozen=True, slots=True)
class Written:
    """A file for head office. `everything`: all is offered, not only what is new. `complete`: all of it did fit."""

    content: bytes
    rows: int
    everything: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file from head office did.

    `state`: 'applied'; 'known' (all of it was here already); 'set-back' (head office had forgotten what this PC
    had sent) or 'new-node' (this database is a copy or was restored), after both of which the next export brings
    everything. `acknowledged`: changes that head office is now known to hold. `waiting`: those that still have to go
    there. `aside`: rows it did not take. `behind`: how far, at least, this PC's clock is behind (milliseconds).
    `differing`: collections that are not the same on both sides; None: not compared, as more has to come first.
    """

    state: str
    rows: int = 0
    acknowledged: int = 0
    waiting: int = 0
    aside: int = 0
    behind: int = 0
    differing: list[str] | None = None


class ClockDoubt(Refused):
    """No file is made: what waits is dated up to `dated`, and this PC's clock shows `shown` (milliseconds since 1970),
    which is earlier by more than AHEAD_LIMIT.
    """

    def __init__(self, dated: int, shown: int) -> None:
        super().__init__(f"Changes that wait are dated up to {dated}, and this PC's clock shows {shown}.")
        self.dated = dated
        self.shown = shown


class Carrier:
    """Makes and takes the files of one plant PC. `key` is its bundle's."""

    def __init__(self, store: Store, ring: KeyRing, plant: str, key: Key) -> None:
        self._store = store
        self._ring = ring
        self._port = LocalPort(store, ring)
        self._plant = plant
        self._key = key

    async def give_out(self, *, clock_is_right: bool = False) -> Written:
        """All that head office is not known to hold. Changes nothing, and can be repeated.

        `clock_is_right`: somebody has looked, which settles a ClockDoubt.
        """
        await self._mend_clock(clock_is_right)
        lineage, latest = await self._port.lineage(), await self._port.latest()
        async with self._store.reader.snapshot() as snapshot:
            state = await snapshot.state()
            mark, offer = int(state.get("mark", "0")), state.get("offer")
            about = {
                "last": lineage.last, "next": lineage.next, "mark": mark, "cursor": int(state.get("cursor", "0")),
                "keys": self._ring.pin_keys(), "latest": latest, "at": await unpushed.last(snapshot),
            }  # fmt: skip
            writer = Writer(self._key, Header("to-office", self._plant, lineage.node, self._key.role, self._now, about))
            reached, complete = mark, True
            while not writer.full:
                batch = await self._next(snapshot, offer, mark, reached)
                if batch is None:
                    break
                reached = max(reached, batch.mark)
                offer = batch.offered or offer
                await asyncio.to_thread(writer.add, Load(batch.rows, batch.mark))
            else:
                complete = await self._next(snapshot, offer, mark, reached) is None
        end = {"mark": reached, "offer": offer, "complete": offer == DONE, "whole": complete}
        content = await asyncio.to_thread(lambda: writer.finished(**end))
        return Written(content, writer.rows, offer is not None, complete)

    async def take_in(self, content: bytes) -> Taken:
        """Apply a file from head office. Raises Refused, and then has changed nothing."""
        said = header(content, "to-plant")
        lineage = await self._port.lineage()
        self._check(said, lineage)
        stick = await asyncio.to_thread(verified, content, said, self._key)
        about = said.about
        cursor, mark = await self._port.cursor(), await self._port.mark()
        standing = Standing(about["head"], about["digests"])
        welcome = Welcome(MAJOR, True, standing, about["mark"], said.made, said.program, "", about["cursor"])
        answered = about["word"] == lineage.next
        known = answered or about["word"] == lineage.last
        if about["stray"] == lineage.next or (known and not await self._port.made(about["at"])):
            await self._port.begin_anew(forgotten=set_back(welcome, cursor, mark))
            return Taken("new-node", waiting=await self._waiting())
        if not known:
            raise Refused(
                "This file is older than what has been exchanged since, or this PC's database was restored "
                "meanwhile. Nothing was taken; run 'structura-local sync export' and carry that to head office."
            )
        offered = about["offered"] if answered and (about["offered"] or {}).get("word") == lineage.next else None
        if answered and offered is None and set_back(welcome, cursor, mark):
            await self._port.offer_all(forgotten=True)
            await self._port.recognized(lineage)
            return Taken("set-back", waiting=await self._waiting())
        if about["cursor"] > cursor and stick.end["cursor"] > cursor:
            raise Refused(
                f"Something is missing before this file: it begins after change {about['cursor']} of head office, and "
                f"this PC has them up to {cursor}. Nothing was taken; run 'structura-local sync export' and carry that "
                "to head office: the next answer begins where this PC is."
            )
        if others := {k: v for k, v in stick.keys.items() if k not in await self._port.keys()}:
            await self._port.add_keys(others)
        await self._port.welcomed(said.program)
        aside = await self._set_aside(about["refused"])
        # First, or what others made of it were a conflict.
        acknowledged = await self._port.acknowledge_upto(about["mark"], said.made)
        behind = await self._check_clock(said.made)  # only now: what head office holds keeps its stamps
        rows = await self._apply(stick, cursor)
        if answered:
            await self._offered(offered)
            await self._port.recognized(lineage)
        wrong = await self._compare(standing)
        state = "applied" if rows or acknowledged or answered else "known"
        return Taken(state, rows, acknowledged, await self._waiting(), aside, behind, wrong)

    @property
    def _now(self) -> int:
        """The time, as far as this PC knows it."""
        return self._store.door.run.clock.now()

    async def _next(self, reader: Reader, offer: str | None, mark: int, reached: int) -> Batch | None:
        """The next batch of a file: of an offer of everything first, if one is due, then of what has changed."""
        if offer is not None and offer != DONE:
            return await outgoing.offered(reader, Offer.parse(offer), mark)
        return await outgoing.changes(reader, reached)

    def _check(self, said: Header, lineage: Lineage) -> None:
        if said.plant != self._plant:
            raise Refused(f"This file is for the plant '{said.plant}'; this PC belongs to '{self._plant}'.")
        if said.node != lineage.node:
            raise Refused(
                f"This file is for another PC of the plant (node {said.node}); this one is {lineage.node}. "
                "If this PC has become another node meanwhile, carry a file from it to head office first."
            )
        if said.role != self._key.role:
            raise Refused(
                f"This file is signed for the bundle {said.role}; this PC has {self._key.role}. Run 'structura-local "
                "sync export' and carry that to head office first."
            )

    async def _mend_clock(self, is_right: bool) -> None:
        """Stamp what head office would refuse anew, if the clock was ahead and has been set right since.

        It may as well have been right and been set back since: then an earlier file may be at head office, and what was
        written after it has to keep its place. Only people know. Raises ClockDoubt if none has said so.
        A clock that is behind what others are known to have written, or behind this program, is wrong itself, and no
        reason to change anything.
        """
        shown = self._now
        writes = await unpushed.read(self._store.reader, await self._port.mark())
        dated = max((split(line.stamp).ms for line in writes), default=0)
        if dated <= shown + AHEAD_LIMIT or shown < max(int(self._store.door.run.clock.observed[:12], 16), clock.MADE):
            return
        if not is_right:
            raise ClockDoubt(dated, shown)
        await self._port.was_ahead()
        await self._port.set_clock(shown, self._port.elapsed())

    async def _check_clock(self, made: int) -> int:
        """Head office's clock is at `made` or later. Returns how far this one is behind it at least."""
        behind = made - self._now
        if behind <= 0:
            return 0
        await self._port.set_clock(made, self._port.elapsed(), at_least=True)
        return behind

    async def _apply(self, stick: Stick, cursor: int) -> int:
        rows, loads = 0, stick.loads()
        if stick.end["cursor"] <= cursor:
            return 0
        while (load := await asyncio.to_thread(next, loads, None)) is not None:
            if load.upto > cursor:
                await self._port.apply(Page(load.rows, load.upto))
                rows += len(load.rows)
        if await self._port.cursor() < stick.end["cursor"]:
            await self._port.apply(Page([], stick.end["cursor"]))
        return rows

    async def _set_aside(self, refused: dict[str, Any]) -> int:
        """What head office did not take, unless it has been changed since."""
        done = 0
        for name, (fingerprint, reason, *_) in refused.items():
            collection, row_id = name.split(" ", 1)
            for row in await self._port.fetch(collection, [row_id]):
                if row.row.fingerprint() == fingerprint:
                    await self._port.set_aside(row, reason)
                    done += 1
        return done

    async def _offered(self, offered: dict[str, str] | None) -> None:
        """An offer of everything has come as far as this."""
        if offered and "offer" in await self._store.reader.state():
            await self._port.acknowledge(Batch([], 0, offered["offer"]))

    async def _compare(self, standing: Standing) -> list[str] | None:
        """Prove that both sides hold the same; if they do not, everything is exchanged once more."""
        for attempt in range(2):
            ours = await self._port.digests(standing.head)
            if ours is None:
                return None
            wrong = differing(ours, standing.digests)
            if not wrong or attempt:
                await self._port.compared(wrong)
                break
            await self._port.recount()
        if wrong and "offer" not in await self._store.reader.state():
            await self._port.offer_all()
        return wrong

    async def _waiting(self) -> int:
        return (await self._store.reader.pending(await self._port.mark()))[0]
