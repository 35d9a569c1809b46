"""The plant's side of a session: reads what changed here, applies what comes in, through the door."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from structura_local import __version__, clock
from structura_local.domain import parts, stamp
from structura_local.domain.actors import ACTORS
from structura_local.domain.catalog import BY_TABLE, COLLECTIONS
from structura_local.domain.conflicts import CONFLICTS
from structura_local.domain.fields import Collection
from structura_local.domain.row import AGREED, ANY, LIFE, SEEN, Row
from structura_local.domain.stamp import TIME_LENGTH, WORD_LENGTH
from structura_local.store import aside, history, many, node, sqlite, unpushed
from structura_local.store.aside import Aside
from structura_local.store.node import new_node, offer_all
from structura_local.store.read import Reader
from structura_local.store.rows import Stored
from structura_local.store.store import Store
from structura_local.store.tables import COLLECTION_TABLES, SET_ASIDE_SEQ
from structura_local.store.transaction import NEW, Author, Transaction
from sync import agreed, clocks, outgoing, protocol, stamping, texts
from sync.conflicts import conflicts, entry
from sync.loading import Unusual, load
from sync.merge import merge
from sync.outgoing import DONE, Offer, tagged
from sync.protocol import Batch, Digests, Lineage, Page, Tagged, bucket_of
from sync.texts import Line, Texts

SYNC = Author("sync")
COUNTED = 500  # rows fingerprinted at a time, in a thread, so that people's requests pass
SLICE = 200  # rows in one transaction, so that people's writes never wait long behind it
LOADED = 1_000  # and of those that are simply new
NOTE_EVERY = 60_000  # milliseconds between notes that both sides are still in step; each is a write to disk


class KeyRing(Protocol):
    """Where this PC keeps the plant's PIN keys."""

    def pin_keys(self) -> dict[str, str]: ...

    def add_pin_keys(self, keys: dict[str, str]) -> None: ...


class LocalPort:
    """Implements protocol.Local on the plant's database."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring
        self._differing: list[str] | None = None  # as last kept
        self._compared = 0  # and when

    # Who this node is

    async def lineage(self) -> Lineage:
        state = await self._store.reader.state()
        if "next" not in state:
            state["next"] = clock.random_word(2 * WORD_LENGTH)
            await self._store.door.write(lambda tx: tx.set_state("next", state["next"]), SYNC)
        return Lineage(state["node"], state.get("last", ""), state["next"])

    async def recognized(self, lineage: Lineage) -> None:
        def work(tx: Transaction) -> None:
            tx.set_state("last", lineage.next)
            tx.forget_state("next")

        await self._store.door.write(work, SYNC)

    async def made(self, at: str) -> bool:
        seq, _, run = at.partition(" ")
        return not at or await unpushed.made(self._store.reader, int(seq), run)

    async def begin_anew(self, *, forgotten: bool = False) -> None:
        await self._store.door.write(partial(new_node, forgotten=forgotten), SYNC)

    async def offer_all(self, *, forgotten: bool = False) -> None:
        await self._store.door.write(partial(offer_all, forgotten=forgotten), SYNC)

    async def offering(self) -> bool:
        return "offer" in await self._store.reader.state()

    def elapsed(self) -> int:
        return self._store.door.run.elapsed()

    async def set_clock(self, now: int, elapsed: int, *, at_least: bool = False) -> None:
        reading = clocks.Reading(now, 0, self._store.door.run.ids, elapsed, at_least)
        reading = reading.later(self._store.now(), self.elapsed())
        right = await stamping.right_upto(self._store.reader, reading)
        await self._store.door.write(partial(stamping.set_clock, reading, right, self._store.restamped), SYNC)

    async def was_ahead(self) -> None:
        await self._store.door.write(stamping.loosen, SYNC)

    async def welcomed(self, version: str) -> None:
        programs = f"{__version__} {version}"
        if (await self._store.reader.state()).get("programs") == programs:
            return
        await retry(self._store, await aside.read(self._store.reader, aside.PUSH))
        await retry(self._store, await aside.read(self._store.reader, aside.PULL))
        await self._store.door.write(lambda tx: tx.set_state("programs", programs), SYNC)

    async def compared(self, differing: Sequence[str]) -> None:
        now = self._store.now()
        if list(differing) == self._differing and 0 <= now - self._compared < NOTE_EVERY:
            return
        await self._store.door.write(partial(node.compared, differing), SYNC)
        self._differing, self._compared = list(differing), now

    # Going out

    async def cursor(self) -> int:
        return await self._number("cursor")

    async def mark(self) -> int:
        return await self._number("mark")

    async def latest(self) -> int:
        return await self._store.door.write(stamping.latest, SYNC)

    async def changes(self, after: Batch | None = None) -> Batch | None:
        state = await self._store.reader.state()
        mark, offer = int(state.get("mark", "0")), state.get("offer")
        if after is not None:
            mark, offer = max(mark, after.mark), after.offered
        if offer == DONE:
            return None
        if offer is not None:
            batch: Batch | None = await outgoing.offered(self._store.reader, Offer.parse(offer), mark)
        else:
            batch = await outgoing.changes(self._store.reader, mark)
        if batch is None:
            return None
        at = await unpushed.last(self._store.reader)  # now: a change in the batch must not be later
        if after is not None:
            changed = await asyncio.to_thread(_overlap, after.rows, batch.rows)
            if changed:  # on its way: what is agreed of such a row then is not known before
                return None
        return replace(batch, at=at)

    async def acknowledge(self, batch: Batch, head: int = 0) -> None:
        changed = await asyncio.to_thread(agreed.difference, batch.rows) if batch.rows else {}
        await self._store.door.write(partial(_acknowledge, batch, changed, head), SYNC)

    async def acknowledge_upto(self, upto: int, now: int) -> int:
        done = 0
        taken = stamp.join(now + protocol.AHEAD_LIMIT, 0, "")
        ahead = await unpushed.first_later(self._store.reader, await self.mark(), upto, taken)
        upto = upto if ahead is None else ahead - 1
        while (mark := await self.mark()) < upto:
            waiting = [seq for _, seq in await self._store.reader.changed_after(mark, protocol.MAX_BATCH_ROWS)]
            reached = min(waiting[-1], upto) if len(waiting) == protocol.MAX_BATCH_ROWS else upto
            lines: list[Line] = []
            for table in COLLECTION_TABLES:
                lines += await self._store.reader.changed_between(BY_TABLE[table], mark, reached)
            await self.acknowledge(Batch(Texts(lines, based=True), reached))
            done += len(lines)
        return done

    async def set_aside(self, row: Tagged, reason: str) -> None:
        def work(tx: Transaction) -> None:
            _keep_forgotten(tx, row)
            present = tx.get(BY_TABLE[row.collection], row.row.id)
            if present is not None and present.fingerprint() == row.row.fingerprint():
                aside.refused(tx, row.collection, row.row, reason)  # else it has been changed since, and goes out again

        await self._store.door.write(work, SYNC)

    # Coming in

    async def apply(self, page: Page) -> None:
        """In slices of whole transactions; the cursor moves in the last one, so that it is never ahead of the rows."""
        offer = (await self._store.reader.state()).get("offer")
        first = offer is not None and Offer.parse(offer).empty and isinstance(page.rows, Texts)
        slices = _slices(page.rows, LOADED if first else SLICE)
        for number, rows in enumerate(slices, start=1):
            cursor = page.cursor if number == len(slices) else None
            if isinstance(rows, Texts) and first and await self._load(rows.lines, cursor):
                continue
            unfit: dict[tuple[str, str], str] = {}
            while True:
                try:
                    await self._store.door.write(partial(_apply, rows, cursor, unfit), SYNC)
                    break
                except _Unfit as error:
                    unfit[error.key] = error.reason

    async def _load(self, lines: Sequence[Line], cursor: int | None) -> bool:
        """Whether the rows were simply new here, and are kept."""

        def work(tx: Transaction) -> None:
            tx.after_commit(partial(self._store.loaded, load(tx, lines)))
            if cursor is not None:
                tx.set_state("cursor", str(cursor))

        try:
            await self._store.door.write(work, SYNC)
        except Unusual:
            return False
        return True

    # Comparing

    async def digests(self, cursor: int) -> Digests | None:
        state = await self._store.reader.state()
        return agreed.read(state) if int(state.get("cursor", "0")) == cursor else None

    async def recount(self) -> None:
        """The sum over the rows, as of one moment, against the digests of that moment; the difference is mended."""
        async with self._store.reader.snapshot() as snapshot:
            errors = dict(agreed.read(await snapshot.state()))
            for table in {*COLLECTION_TABLES, *errors}:
                async for rows in _agreed(snapshot, table):
                    for fingerprint in rows.values():
                        errors[table] = errors.get(table, 0) ^ fingerprint
        await self._store.door.write(lambda tx: agreed.add(tx, errors), SYNC)

    async def buckets(self, collection: str) -> dict[int, int]:
        found: dict[int, int] = {}
        async with self._store.reader.snapshot() as snapshot:
            async for rows in _agreed(snapshot, collection):
                for row_id, fingerprint in rows.items():
                    bucket = bucket_of(row_id)
                    found[bucket] = found.get(bucket, 0) ^ fingerprint
        return found

    async def fingerprints(self, collection: str, buckets: Sequence[int]) -> dict[str, int]:
        found: dict[str, int] = {}
        async with self._store.reader.snapshot() as snapshot:
            async for rows in _agreed(snapshot, collection):
                found |= {row_id: rows[row_id] for row_id in rows if bucket_of(row_id) in buckets}
        return found

    async def fetch(self, collection: str, ids: Sequence[str]) -> list[Tagged]:
        if collection not in BY_TABLE:
            return []
        mark = await self.mark()
        found = await self._store.reader.by_ids(BY_TABLE[collection], ids)
        return [tagged(collection, stored, dirty=stored.seq > mark) for stored in found if stored.seq < SET_ASIDE_SEQ]

    # PIN keys

    async def keys(self) -> dict[str, str]:
        return self._ring.pin_keys()

    async def add_keys(self, keys: dict[str, str]) -> None:
        self._ring.add_pin_keys(keys)

    async def _number(self, key: str) -> int:
        return int((await self._store.reader.state()).get(key, "0"))


async def retry(store: Store, lines: Sequence[Aside]) -> None:
    """Try again what was set aside: rows of ours wait for the next exchange, central's are merged now if they fit."""
    for start in range(0, len(lines), SLICE):
        unfit: dict[tuple[str, str], str] = {}
        while True:
            try:
                await store.door.write(partial(_retry, lines[start : start + SLICE], unfit), SYNC)
                break
            except _Unfit as error:
                unfit[error.key] = error.reason


# What the door does for the port. Each is one transaction.


class _Unfit(Exception):
    """A row that this database cannot hold."""

    def __init__(self, key: tuple[str, str], reason: str) -> None:
        super().__init__(reason)
        self.key = key
        self.reason = reason


def _acknowledge(batch: Batch, changed: Digests, head: int, tx: Transaction) -> None:
    """Central holds the batch: its rows are agreed as they were sent, also those that were changed meanwhile."""
    mark = max(int(tx.state("mark") or 0), batch.mark)
    sent = {key: place for place, key in enumerate(texts.keys(batch.rows))}
    refused: list[Tagged] = []
    for table in {table for table, _ in sent}:
        collection, ids = BY_TABLE[table], [row_id for name, row_id in sent if name == table]
        if batch.offered not in (None, DONE) and batch.at:  # what changed since the offer began goes as a change, too
            many.agree(tx, collection, ids, mark, min(Offer.parse(batch.offered).upto, int(batch.at.split()[0])))
        for stored in many.changed(tx, collection, ids, mark):
            row = batch.rows[sent[table, stored.row.id]]
            if stored.seq >= SET_ASIDE_SEQ:
                refused.append(row)
            else:
                tx.rebase(collection, stored, _base(collection, stored.row, row.row))
    agreed.add(tx, changed)
    agreed.add(tx, agreed.difference(refused))
    for line in aside.among(tx, aside.PUSH, sent):
        key = (line.collection, line.row_id)
        if batch.rows[sent[key]] not in refused:
            aside.forget(tx, aside.PUSH, *key)
    if mark > int(tx.state("mark") or 0):
        unpushed.acknowledged(tx, mark)
    if batch.offered == DONE:
        tx.forget_state("offer")
    elif batch.offered is not None and (offer := tx.state("offer")):
        tx.set_state("offer", Offer.parse(offer).arrived(Offer.parse(batch.offered), head).text())


def _keep_forgotten(tx: Transaction, row: Tagged) -> None:
    """What central has lost of a row that it does not take now, it lacks for longer than the offer lasts."""
    collection = BY_TABLE[row.collection]
    offer, stored = tx.state("offer"), tx.stored(collection, row.row.id)
    if offer and Offer.parse(offer).forgotten and stored is not None:
        dirty = tx.dirty(stored)
        seen = {SEEN: time} if (time := stored.base.get(SEEN) if dirty else stored.row.latest) else {}
        tx.rebase(collection, stored, {ANY: "", AGREED: agreed.fingerprint(stored, dirty=dirty), **seen})


def _base(collection: Collection, present: Row, sent: Row) -> dict[str, Any]:
    """What is agreed of a row that was changed after it was sent, now that it has arrived."""
    names = (present.stamps.keys() | sent.stamps.keys() | present.data.keys() | sent.data.keys()) - {LIFE}
    base: dict[str, Any] = {n: sent.written(n, collection.counters) for n in names if _differ(sent, present, n)}
    if present.life != sent.life:
        base[LIFE] = sent.stamps.get(LIFE, "")
    return base | {AGREED: sent.fingerprint(), SEEN: sent.latest}


def _apply(rows: Sequence[Tagged], cursor: int | None, unfit: Mapping[tuple[str, str], str], tx: Transaction) -> None:
    keys = texts.keys(rows)
    held = {(line.collection, line.row_id): line.kept for line in aside.among(tx, aside.PULL, keys)}
    refused = {(line.collection, line.row_id) for line in aside.among(tx, aside.PUSH, keys)}
    changed: dict[str, int] = {}
    offer = Offer.parse(text) if (text := tx.state("offer")) else None
    for row in rows:
        key = (row.collection, row.row.id)
        collection = BY_TABLE.get(row.collection)
        reason = unfit.get(key) if collection else f"This version does not know the collection {row.collection}."
        stored = tx.stored(collection, row.row.id) if collection else None
        dirty = stored is not None and tx.dirty(stored)
        known = held[key].fingerprint() if key in held else agreed.fingerprint(stored, dirty=dirty)
        changed[row.collection] = changed.get(row.collection, 0) ^ known ^ row.row.fingerprint()
        if reason or collection is None:
            aside.unfit(tx, row.collection, row.row, str(reason))
            continue
        try:
            forgotten = offer is not None and offer.lacks(*key, row.lsn)
            _take_in(tx, collection, stored, row.row, dirty=dirty, forgotten=forgotten)
        except (TypeError, ValueError, OverflowError, *sqlite.Unstorable) as error:
            raise _Unfit(key, f"This version cannot store it: {error}.") from error
        if key in held:
            aside.forget(tx, aside.PULL, *key)
        if key in refused and (merged := tx.stored(collection, row.row.id)) and not tx.dirty(merged):
            aside.forget(tx, aside.PUSH, *key)  # head office has all of it now
    agreed.add(tx, changed)
    if cursor is not None:
        tx.set_state("cursor", str(cursor))


def _retry(lines: Sequence[Aside], unfit: Mapping[tuple[str, str], str], tx: Transaction) -> None:
    _apply([Tagged(line.collection, line.kept) for line in lines if line.direction == aside.PULL], None, unfit, tx)
    for line in lines:
        if line.direction == aside.PUSH and line.collection in BY_TABLE:
            aside.again(tx, line.collection, line.row_id)


def _take_in(
    tx: Transaction, collection: Collection, stored: Stored | None, incoming: Row, *, dirty: bool, forgotten: bool
) -> None:
    """Merge a row that central has; what loses without having been seen is journaled."""
    tx.observe(incoming)
    if stored is None:
        tx.adopt(collection, None, replace(incoming, data=parts.shown(incoming.data, incoming.parts)), None)
        return
    merged = merge(stored.row, incoming)
    if (dirty or forgotten) and collection in COLLECTIONS:
        who, base = partial(_who, tx, collection.table, incoming.id), stored.base if dirty else {}
        had = partial(history.had, tx, collection.table, incoming.id) if forgotten else None
        for conflict in conflicts(collection, stored.row, base, incoming, tx.run.node, who, had=had):
            lost = entry(collection, incoming.id, conflict)
            if tx.stored(CONFLICTS, lost.id) is None:
                # With the row that no longer says so: the PC's disk may be lost before the next batch.
                tx.adopt(CONFLICTS, None, lost, NEW, along=stored)
                stamping.fix(tx)
    fingerprint = incoming.fingerprint()
    if merged.fingerprint() == fingerprint:
        if dirty or merged != stored.row:
            tx.adopt(collection, stored, merged, None)
        return
    seen = max(stored.base.get(SEEN, ""), incoming.latest)
    agreed_on: dict[str, Any] = {AGREED: fingerprint, SEEN: seen}
    differing = _differing(merged, incoming)
    theirs = {name: incoming.written(name, collection.counters) for name in _names(incoming) | differing}
    if merged.born != incoming.born:  # which speaks of all fields, of those too that neither row has
        agreed_on |= {ANY: incoming.born} | {name: theirs[name] for name in _names(incoming) - differing}
    if dirty:  # of what has not lost, what was agreed before stays so, that central can tell a conflict
        agreed_on |= {name: _agreed_stamp(stored.base, name) for name in differing}
        # Of a counter that only this node has added to, the base is central's.
        based = {n for n in differing - {LIFE} if merged.written(n, collection.counters) == theirs[n]}
        agreed_on |= {name: theirs[name] for name in based}
    tx.adopt(collection, stored, merged, {k: v for k, v in agreed_on.items() if v is not None})


def _overlap(some: Sequence[Tagged], others: Sequence[Tagged]) -> bool:
    return not set(texts.keys(some)).isdisjoint(texts.keys(others))


def _differing(merged: Row, incoming: Row) -> set[str]:
    names = _names(merged) | _names(incoming)
    differing = {name for name in names if _differ(merged, incoming, name)}
    return differing | ({LIFE} if merged.life != incoming.life else set())


def _differ(one: Row, other: Row, name: str) -> bool:
    """Whether different writes show in a field; a counter's base may be another though the last to add is the same."""
    base = name + parts.COUNTER
    return one.stamp(name) != other.stamp(name) or one.parts.get(base) != other.parts.get(base)


def _names(row: Row) -> set[str]:
    return (row.stamps.keys() | row.data.keys()) - {LIFE}


def _agreed_stamp(base: Mapping[str, Any], name: str) -> str | None:
    stamp: str | None = base.get(name, base.get(ANY))
    return stamp


def _who(tx: Transaction, collection: str, row_id: str, stamp: str) -> tuple[str, str] | None:
    stored = tx.stored(ACTORS, stamp[TIME_LENGTH:])
    if stored is None:
        return None
    node, user = stored.row.data["node"], stored.row.data["user"]
    if history.stamped(tx, collection, row_id, stamp):
        return tx.run.node, user  # whatever became of who wrote it: all that follows here has seen it
    if node == tx.run.node:
        node = f"a copy of {node}"  # before one of the two took another id, or it stamped anew what both had
    return node, user


def _slices(rows: Sequence[Tagged], size: int) -> list[Sequence[Tagged]]:
    """Of about so many rows, never inside what was written in one transaction at central; at least one, if empty."""
    slices, start = [], 0
    while start < len(rows):
        end = min(start + size, len(rows))
        while 0 < end < len(rows) and rows[end].lsn == rows[end - 1].lsn != 0:
            end += 1
        slices.append(rows[start:end])
        start = end
    return slices or [[]]


async def _agreed(snapshot: Reader, table: str) -> AsyncIterator[dict[str, int]]:
    """The fingerprints of a collection's rows as last agreed, by id, some at a time."""
    mark = int((await snapshot.state()).get("mark", "0"))
    lines = [line for line in await aside.read(snapshot, aside.PULL) if line.collection == table]
    unfit = {line.row_id: line.kept.fingerprint() for line in lines}
    after = ""
    while table in BY_TABLE and (rows := await snapshot.text_after_id(BY_TABLE[table], after, COUNTED)):
        yield await asyncio.to_thread(_fingerprints, rows, mark, unfit)
        after = rows[-1][1]
    yield unfit


def _fingerprints(rows: Sequence[Line], mark: int, unfit: Mapping[str, int]) -> dict[str, int]:
    found = {row[1]: (texts.agreed(row) or 0) if row[6] > mark else texts.fingerprint(row) for row in rows}
    return {row_id: fingerprint for row_id, fingerprint in found.items() if fingerprint and row_id not in unfit}
