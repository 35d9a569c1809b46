"""The plant's side of a session: reads what changed here, applies what comes in, through the door."""

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Protocol

import orjson

from structura_local.domain.catalog import BY_TABLE
from structura_local.domain.row import Row
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction
from sync import protocol
from sync.merge import merge
from sync.protocol import Batch, Page, SyncError, Tagged

SLICE = 200  # rows per turn of the event loop or of the door, so that terminals never wait for the worker


class KeyRing(Protocol):
    """Where this PC keeps the plant's PIN keys."""

    def pin_keys(self) -> dict[str, str]: ...

    def add_pin_keys(self, keys: dict[str, str]) -> None: ...


class LocalPort:
    """Implements protocol.Local on the plant's database."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring

    async def cursor(self) -> int:
        return await self._number("cursor")

    async def mark(self) -> int:
        return await self._number("mark")

    async def changes(self, mark: int) -> Batch | None:
        """Whole transactions where they fit; one that is larger than a batch is sent in parts."""
        reader = self._store.reader
        waiting = await reader.changed_after(mark, protocol.MAX_BATCH_ROWS + 1)
        if not waiting:
            return None
        upto = waiting[-1][1]
        if len(waiting) > protocol.MAX_BATCH_ROWS:
            upto = _before(await reader.transaction_start(upto), waiting, mark)
        numbered: list[tuple[int, Tagged]] = []
        for table in {table for table, seq in waiting if seq <= upto}:
            rows = await reader.changed_between(BY_TABLE[table], mark, upto)
            numbered += [(stored.seq, Tagged(table, stored.row)) for stored in rows]
        numbered.sort(key=lambda pair: pair[0])
        fitting = await _fitting(numbered)
        if fitting < len(numbered):
            start = await reader.transaction_start(numbered[fitting][0])
            upto = _before(start, [("", seq) for seq, _ in numbered[: fitting + 1]], mark)
        return Batch([tagged for seq, tagged in numbered if seq <= upto], upto)

    async def acknowledge(self, mark: int) -> None:
        await self._store.door.write(lambda tx: tx.set_state("mark", str(mark)), Author("sync"))

    async def apply(self, page: Page) -> None:
        """In slices; the cursor moves in the transaction of the last one, so that it is never ahead of the rows."""
        unknown = sorted({tagged.collection for tagged in page.rows} - BY_TABLE.keys())
        if unknown:
            raise SyncError(f"Head office sent data unknown to this version ({', '.join(unknown)}); upgrade this PC.")

        for start in range(0, max(len(page.rows), 1), SLICE):
            await self._store.door.write(partial(_apply, page, start), Author("sync"))

    async def keys(self) -> dict[str, str]:
        return self._ring.pin_keys()

    async def add_keys(self, keys: dict[str, str]) -> None:
        self._ring.add_pin_keys(keys)

    async def _number(self, key: str) -> int:
        return int((await self._store.reader.state()).get(key, "0"))


def _apply(page: Page, start: int, tx: Transaction) -> None:
    for tagged in page.rows[start : start + SLICE]:
        _merge_in(tx, tagged)
    if start + SLICE >= len(page.rows):
        tx.set_state("cursor", str(page.cursor))


def _merge_in(tx: Transaction, tagged: Tagged) -> None:
    collection = BY_TABLE[tagged.collection]
    before = tx.stored(collection, tagged.row.id)
    after = merge(before.row, tagged.row) if before else tagged.row
    if before is None or after != before.row:
        tx.adopt(collection, before, after)


def _before(start: int, waiting: Iterable[tuple[str, int]], mark: int) -> int:
    """Where to cut: before the transaction that begins at `start`, if anything is left then, else inside it."""
    numbers = [seq for _, seq in waiting][:-1]
    whole = [seq for seq in numbers if seq < start]
    return (whole or numbers or [mark])[-1]


async def _fitting(numbered: list[tuple[int, Tagged]]) -> int:
    """How many of the rows fit into a batch by their size; at least one."""
    size = 0
    for count, (_, tagged) in enumerate(numbered):
        size += _size(tagged.row)
        if size > protocol.MAX_BATCH_BYTES and count:
            return count
        if count % SLICE == SLICE - 1:
            await asyncio.sleep(0)
    return len(numbered)


def _size(row: Row) -> int:
    return 80 + len(orjson.dumps((row.data, row.stamps)))
