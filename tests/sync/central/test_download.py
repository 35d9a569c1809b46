"""The first download: a PC that has nothing takes in what head office has, without merge and log, and ends up with the
same rows, digests and clock as one that merges them."""

from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import func, select

from structura_local.domain.catalog import SYNCED
from structura_local.domain.clients import CLIENTS
from structura_local.domain.fields import Collection
from structura_local.domain.row import Row
from structura_local.store import aside
from structura_local.store.store import Store
from structura_local.store.tables import CHANGE_LOG
from structura_local.store.transaction import Author, Transaction
from sync import loading, local
from sync.central import office
from sync.central.postgres import PostgresCentral
from sync.local import LocalPort
from sync.protocol import Batch, Tagged, Welcome
from sync.session import exchange
from sync.worker import at_once
from tests.statements import Statements
from tests.sync.central.factories import PLANT, enrolled, job
from tests.sync.nodes import Ring, stored
from tests.sync.rows import versions

SETUP = Author("setup")


class Pc:
    """A PC with an empty database, that has just got its bundle."""

    def __init__(self, store: Store, dsn: str) -> None:
        self.store = store
        self.port = LocalPort(store, Ring())
        self.dsn = dsn
        self.differing: list[str] | None = None
        self.told = 0
        store.on_load.append(self._hear)

    async def sync(self) -> None:
        central = await PostgresCentral.connect(self.dsn, PLANT)
        try:
            await exchange(self.port, central, PLANT, "test", self, at_once)
        finally:
            await central.close()

    async def everything(self) -> dict[tuple[str, str], Row]:
        return {(c.table, s.row.id): s.row for c in SYNCED for s in await stored(self.store, c)}

    async def logged(self) -> int:
        ((count,),) = await self.store.reader.fetch(select(func.count()).select_from(CHANGE_LOG))
        return int(count)

    def welcomed(self, welcome: Welcome) -> None:
        pass

    def moved(self, pushed: int, pulled: int) -> None:
        pass

    def compared(self, differing: list[str]) -> None:
        self.differing = differing

    def _hear(self, _tables: Set[str]) -> None:
        self.told += 1


@asynccontextmanager
async def joined(dsn: str, path: Path) -> AsyncIterator[Pc]:
    """`local.offer_all` is what joining a plant does."""
    bundle = await office.enroll(dsn, PLANT)
    store = await Store.open(path)
    try:
        pc = Pc(store, bundle["dsn"])
        await pc.port.offer_all(forgotten=False)
        yield pc
    finally:
        await store.close()


def some(collection: Collection) -> list[Tagged]:
    """Rows of all shapes, of long ago."""
    found: list[Row] = []

    @settings(max_examples=40, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(versions(collection))
    def collect(rows: list[Row]) -> None:
        found.append(rows[-1])

    collect()
    return [
        Tagged(collection.table, Row(f"{n:03} \t", row.born, row.life, row.stamps, row.parts, row.data))
        for n, row in enumerate(found)
    ]


async def test_it_is_what_a_merge_would_make(central_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every collection, all kinds of values; both are in step with head office, and know how late it is there."""
    async with enrolled(central_dsn) as central:
        for mark, collection in enumerate(SYNCED, 1):
            await central.push(Batch(some(collection), mark))

    async def mended(_: LocalPort) -> None:
        pytest.fail("the digests were wrong")

    monkeypatch.setattr(LocalPort, "recount", mended)
    async with joined(central_dsn, tmp_path / "one.db") as loads, joined(central_dsn, tmp_path / "two.db") as merges:
        await loads.sync()
        assert loads.told > 0, "whoever looks at lists hears that they are others now"
        assert await loads.logged() == 0

        def never(*_: Any) -> None:
            raise loading.Unusual

        monkeypatch.setattr(local, "load", never)
        await merges.sync()
        assert (merges.told, await merges.logged() > 300) == (0, True)
        assert loads.differing == merges.differing == []
        assert await loads.everything() == await merges.everything()
        assert len(await loads.everything()) > 300
        seen = [{s.row.id: (s.seq, s.base) for s in await stored(pc.store, CLIENTS)} for pc in (loads, merges)]
        assert seen[0] == seen[1]
        clocks = [pc.store.door.run.clock.observed for pc in (loads, merges)]
        assert clocks[0] == clocks[1]


async def test_a_row_that_cannot_be_stored_is_set_aside(central_dsn: str, tmp_path: Path) -> None:
    """The others of its slice are merged."""
    async with enrolled(central_dsn) as central:
        rows = [job(f"J-{n}", ms=n + 1) for n in range(50)]
        rows[7] = Tagged("jobs", replace(rows[7].row, born="no stamp"))
        await central.push(Batch(rows, 1))
    async with joined(central_dsn, tmp_path / "one.db") as pc:
        await pc.sync()
        assert {row_id for _, row_id in await pc.everything()} == {f"J-{n}" for n in range(50) if n != 7}
        assert [line.row_id for line in await aside.read(pc.store.reader, aside.PULL)] == ["J-7"]
        assert pc.differing == []


async def test_what_is_set_aside_makes_only_its_own_slice_slow(
    central_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slices behind it are kept as they come, without merge and log; nor is all that is set aside read for each."""
    async with enrolled(central_dsn) as central:
        rows = [job(f"J-{n:02}", ms=n + 1) for n in range(50)]
        rows[7] = Tagged("jobs", replace(rows[7].row, born="no stamp"))
        await central.push(Batch(rows, 1))
    monkeypatch.setattr(local, "LOADED", 10)
    async with joined(central_dsn, tmp_path / "one.db") as pc:
        await pc.sync()
        assert len(await pc.everything()) == 49
        assert await pc.logged() == 9
        assert pc.differing == []


async def test_what_was_written_meanwhile_goes_up_and_nothing_else(central_dsn: str, tmp_path: Path) -> None:
    """What a PC has just got it does not offer back; what people enter before the first contact is not lost."""
    async with enrolled(central_dsn) as central:
        await central.push(Batch([job(f"J-{n}", ms=n + 1) for n in range(20)], 1))
        head = (await central.push(Batch([], 2))).head
    async with joined(central_dsn, tmp_path / "one.db") as pc:
        await pc.store.door.write(lambda tx: tx.create(CLIENTS, "C-1", {"name": "Sur"}), SETUP)
        await pc.sync()
        assert pc.differing == []
        assert ("clients", "C-1") in await pc.everything()
        assert (await pc.store.reader.pending(await pc.port.mark()))[0] == 0
        assert await pc.port.cursor() <= head + 2, "the client, and who entered it"


async def test_a_pc_that_had_rows_when_it_joined_merges(central_dsn: str, tmp_path: Path) -> None:
    """And offers all that it has: nobody knows what head office lacks of it."""
    async with enrolled(central_dsn) as central:
        await central.push(Batch([job(f"J-{n}", ms=n + 1) for n in range(20)], 1))
    async with joined(central_dsn, tmp_path / "one.db") as pc:
        await pc.store.door.write(lambda tx: tx.create(CLIENTS, "C-1", {"name": "Sur"}), SETUP)
        await pc.port.offer_all(forgotten=False)
        await pc.sync()
        assert (pc.told, pc.differing) == (0, [])
        assert await pc.logged() > 20


async def test_an_interrupted_download_goes_on(
    central_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each slice the database is whole; what came before the end is not asked for again, nothing is missing."""
    async with enrolled(central_dsn) as central:
        await central.push(Batch([job(f"J-{n}", ms=n + 1) for n in range(60)], 1))
    monkeypatch.setattr(local, "LOADED", 10)
    load, left = local.load, 3

    def cut(tx: Transaction, lines: Any) -> Any:
        nonlocal left
        left -= 1
        if not left:
            raise ConnectionResetError("the power fails")
        return load(tx, lines)

    async with joined(central_dsn, tmp_path / "one.db") as pc:
        monkeypatch.setattr(local, "load", cut)
        with pytest.raises(ConnectionResetError):
            await pc.sync()
        assert (len(await pc.everything()), await pc.port.cursor()) == (20, 0)
        await pc.sync()
        assert (len(await pc.everything()), pc.differing) == (60, [])


async def test_a_slice_is_a_fixed_number_of_statements(
    statements: Statements, central_dsn: str, tmp_path: Path
) -> None:
    """One commit each, however many rows; 64 rows in one statement."""
    async with enrolled(central_dsn) as central:
        for mark in range(4):
            await central.push(Batch([job(f"J-{mark}-{n}", ms=n + 1) for n in range(1_000)], mark))
    async with joined(central_dsn, tmp_path / "one.db") as pc:
        statements.clear()
        await pc.sync()
        assert len(await pc.everything()) == 4_000
        loading_ = [sql for sql in statements if sql.startswith("INSERT INTO jobs")]
        assert len(loading_) <= 4 * (1_000 // 64 + 6)
        assert statements.commits <= 4 + 12
