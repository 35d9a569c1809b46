"""The door: writes together in one commit, each for itself; stamped, logged, announced after the commit."""

import asyncio
import contextlib
import json
import sqlite3
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from structura_local.domain.actors import ACTORS
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.machines import MACHINES
from structura_local.domain.row import Row
from structura_local.domain.stamp import split, time
from structura_local.domain.users import USERS
from structura_local.errors import AppError
from structura_local.store.node import new_node
from structura_local.store.recent import MAX_BYTES, Recent
from structura_local.store.rows import Stored
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Change, Transaction
from tests.plant import START, Clock

ANA = Author("api", "U-1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "structura.db"


@pytest.fixture
async def store(path: Path, now: Clock) -> AsyncIterator[Store]:
    opened = await Store.open(path, now)
    yield opened
    await opened.close()


def make(row_id: str, **data: Any) -> Any:
    """Work that creates a machine."""
    return lambda tx: tx.create(MACHINES, row_id, {"name": row_id, **data})


def change(row: Row, tx: Transaction, **changes: Any) -> Row:
    return tx.update(MACHINES, row, changes)


async def ids(store: Store) -> list[str]:
    return [row.id for row in await store.reader.find(MACHINES)]


async def actor(store: Store, name: str = "U-1") -> str:
    """As whom somebody writes in this run."""
    (row,) = await store.reader.find(ACTORS, user=name)
    return row.id


def read(path: Path, sql: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


class Held:
    """Keeps the door busy until it is let go, so that the writes after it wait together."""

    def __init__(self) -> None:
        self._busy, self._go = threading.Event(), threading.Event()

    @classmethod
    async def start(cls, store: Store) -> "Held":
        held = cls()
        held._task = asyncio.create_task(store.door.write(held._hold, ANA))
        await asyncio.to_thread(held._busy.wait, 10)
        return held

    def _hold(self, tx: Transaction) -> bool:
        self._busy.set()
        return self._go.wait(10)

    async def let_go(self) -> None:
        self._go.set()
        assert await self._task


async def test_one_commit_for_all_that_wait(store: Store, path: Path) -> None:
    """Writes that wait for the door share a commit: nobody sees one of them without the others."""
    held = await Held.start(store)
    seen: list[int] = []

    def look(tx: Transaction) -> None:
        seen.append(read(path, "SELECT count(*) FROM machines")[0][0])

    writes = [asyncio.create_task(store.door.write(make(f"M-{n}"), ANA)) for n in range(20)]
    writes.append(asyncio.create_task(store.door.write(look, ANA)))
    await asyncio.sleep(0)
    await held.let_go()
    await asyncio.gather(*writes)
    assert seen == [0], "inside the commit nothing of it is visible outside"
    assert await ids(store) == [f"M-{n}" for n in range(20)]


async def test_one_that_fails_undoes_only_itself(store: Store, path: Path) -> None:
    """A write that raises takes nobody with it, and leaves no trace in rows or log."""

    def fails(tx: Transaction) -> None:
        tx.create(MACHINES, "M-BAD", {"name": "x"})
        tx.set_state("bad", "x")
        raise AppError("forbidden", role="x")

    held = await Held.start(store)
    writes = [asyncio.create_task(store.door.write(work, ANA)) for work in (make("M-1"), fails, make("M-2"))]
    await asyncio.sleep(0)
    await held.let_go()
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == ["Row", "AppError", "Row"]
    assert await ids(store) == ["M-1", "M-2"]
    assert [line[0] for line in read(path, "SELECT row_id FROM change_log ORDER BY seq")] == [
        await actor(store),
        "M-1",
        "M-2",
    ]
    assert "bad" not in await store.reader.state()


async def test_an_error_of_the_program_is_passed_on(store: Store) -> None:
    """Whatever a write raises reaches its caller, and the door goes on."""
    with pytest.raises(ZeroDivisionError):
        await store.door.write(lambda tx: 1 // 0, ANA)
    with pytest.raises(AppError) as caught:
        await store.door.write(lambda tx: tx.connection.execute("SELECT nonsense"), ANA)
    assert caught.value.code == "database"
    await store.door.write(make("M-1"), ANA)


async def test_announced_after_the_commit(store: Store, path: Path) -> None:
    """Listeners hear of changes once others can see them, before the writer has its answer; never of what failed."""
    heard: list[tuple[str, str, int]] = []

    def listen(changes: list[Change]) -> None:
        visible = read(path, "SELECT count(*) FROM machines")[0][0]
        heard.extend((change.row.id, change.kind, visible) for change in changes)

    await store.door.write(make("M-0"), ANA)  # and with it its actor
    store.door.listen(listen)
    row = await store.door.write(make("M-1"), ANA)
    assert heard == [("M-1", "create", 2)]

    def fails(tx: Transaction) -> None:
        tx.update(MACHINES, row, {"name": "x"})
        tx.after_commit(lambda: heard.append(("never", "", 0)))
        raise AppError("forbidden", role="x")

    with pytest.raises(AppError):
        await store.door.write(fails, ANA)
    await store.door.write(lambda tx: tx.update(MACHINES, row, {"name": "M-1"}), ANA)
    assert heard == [("M-1", "create", 2)]

    def succeeds(tx: Transaction) -> None:
        tx.after_commit(lambda: heard.append(("first", "", 0)))
        tx.delete(MACHINES, row)

    await store.door.write(succeeds, ANA)
    assert heard[1:] == [("first", "", 0), ("M-1", "delete", 2)]


async def test_change_log(store: Store, path: Path, now: Clock) -> None:
    """Each change is logged: who, when, how, old and new; secrets are masked; what changes nothing is not logged."""
    row = await store.door.write(make("M-1", brand="A", status="IDLE"), ANA)
    now.move(seconds=5)
    row = await store.door.write(partial(change, row, brand="B", status="IDLE"), Author("api", "U-2"))
    await store.door.write(partial(change, row, brand="B"), ANA)
    row = await store.door.write(partial(change, row, brand=None), Author("import"))
    deleted = await store.door.write(lambda tx: tx.delete(MACHINES, row), ANA)
    await store.door.write(lambda tx: tx.restore(MACHINES, deleted), ANA)
    secret = {"name": "x", "role": "ADMIN", "pinHash": "hash", "pinLookup": "look"}
    await store.door.write(lambda tx: tx.create(USERS, "U-1", secret), ANA)
    sql = (
        "SELECT seq, at, collection, row_id, kind, origin, user_id, fields FROM change_log"
        " WHERE collection <> 'actors' ORDER BY seq"
    )
    lines = [(*line[:-1], json.loads(line[-1])) for line in read(path, sql)]
    created = {"name": [None, "M-1"], "brand": [None, "A"], "status": [None, "IDLE"]}
    masked = {"name": [None, "x"], "role": [None, "ADMIN"], "pinHash": ["•", "•"], "pinLookup": ["•", "•"]}
    later = START + 5000
    assert lines == [
        (2, START, "machines", "M-1", "create", "api", "U-1", created),
        (4, later, "machines", "M-1", "update", "api", "U-2", {"brand": ["A", "B"]}),
        (6, later, "machines", "M-1", "update", "import", None, {"brand": ["B", None]}),
        (7, later, "machines", "M-1", "delete", "api", "U-1", {}),
        (8, later, "machines", "M-1", "restore", "api", "U-1", {}),
        (9, later, "users", "U-1", "create", "api", "U-1", masked),
    ]


async def test_changes_of_one_transaction(store: Store, path: Path) -> None:
    """Changes of one write carry the number of its first, and no number is given twice, across a restart too."""

    def both(tx: Transaction) -> None:
        tx.create(MACHINES, "M-1", {"name": "x"})
        tx.create(INVENTORY, "I-1", {"name": "x"})

    await store.door.write(both, ANA)
    await store.close()
    again = await Store.open(path, Clock())
    await again.door.write(make("M-2"), ANA)
    await again.close()
    assert read(path, "SELECT seq, tx FROM change_log ORDER BY seq") == [(1, 1), (2, 1), (3, 1), (4, 4), (5, 4)]


async def test_stamps_increase(path: Path, now: Clock) -> None:
    """Stamps go up through a wall clock that is set back, and through a restart with it."""
    stamps: list[str] = []
    for hours in (0, -48, 1, -2000):
        now.move(hours=hours)
        store = await Store.open(path, now)
        for n in range(3):
            row = await store.door.write(make(f"M-{hours}-{n}"), ANA)
            after = await store.door.write(partial(change, row, brand="x"), ANA)
            stamps += [row.born, after.stamp("brand")]
        await store.close()
    assert [time(stamp) for stamp in stamps] == sorted({time(stamp) for stamp in stamps})
    assert len({split(stamp).actor for stamp in stamps}) == 4, "each run is a history of its own"


async def test_rows_come_back_as_they_went(store: Store) -> None:
    """Values of every kind survive the database: fractions, flags, lists, empty text, large numbers."""
    data = {
        "name": "", "efficiency": 0.1 + 0.2, "temperature": -4.5, "isActive": False, "operatorIds": ["b", "a"],
        "totalMetersProduced": 437515, "nextMaintenanceMeters": 2**63, "brand": "ñ\U0001f600\n",
        "hologram": {"new": [1]},
    }  # fmt: skip
    await store.door.write(lambda tx: tx.create(MACHINES, "M-1", data), ANA)
    row = await store.reader.get(MACHINES, "M-1")
    assert row is not None
    assert row.data == data
    assert row.data["isActive"] is False
    assert isinstance(row.data["totalMetersProduced"], int)


async def test_a_row_is_found_as_it_is_however_it_was_changed(store: Store) -> None:
    """A person's change finds what the last write has left, by whomever and in whatever way."""
    row = await store.door.write(make("M-1", efficiency=1), ANA)

    def by_statement(tx: Transaction) -> None:
        tx.connection.execute("UPDATE machines SET efficiency = 2 WHERE id = 'M-1'")

    def by_sync(tx: Transaction) -> None:
        before = tx.stored(MACHINES, "M-1")
        assert before
        data = {**before.row.data, "efficiency": 3}
        tx.adopt(MACHINES, before, replace(before.row, data=data), None)

    def set_to(value: int) -> Any:
        return lambda tx: tx.update(MACHINES, found(tx), {"efficiency": value})

    def kept_apart(tx: Transaction) -> None:
        tx.update(MACHINES, found(tx), {"efficiency": 6})
        tx.forget(MACHINES, "M-1")
        reread = tx.reread(MACHINES, "M-1")
        assert reread
        assert reread.data["efficiency"] == 6

    def by_nobody(tx: Transaction) -> None:
        tx.update(MACHINES, found(tx), {"efficiency": 7})
        raise AppError("forbidden", role="x")

    def found(tx: Transaction) -> Row:
        return tx.get(MACHINES, "M-1") or row

    def efficiency(tx: Transaction) -> Any:
        return found(tx).data["efficiency"]

    assert await store.door.write(efficiency, ANA) == 1
    for work, author, left in (
        (by_statement, ANA, 2),
        (by_sync, Author("sync"), 3),
        (set_to(4), ANA, 4),
        (set_to(5), Author("import"), 5),
        (set_to(4), ANA, 4),
        (kept_apart, ANA, 6),
        (by_nobody, ANA, 6),
    ):
        with contextlib.suppress(AppError):
            await store.door.write(work, author)
        assert await store.door.write(efficiency, ANA) == left, work
        assert [row.data["efficiency"] for row in await store.reader.find(MACHINES)] == [left]


async def test_what_was_written_last_takes_a_bounded_part_of_the_memory() -> None:
    """The rows that were written longest ago go first; a long one takes the place of many."""
    recent = Recent()
    for number in range(100):
        recent.put(("jobs", f"J-{number}"), stored("x" * 60_000))
    kept = [number for number in range(100) if recent.get(("jobs", f"J-{number}"))]
    assert kept == list(range(100 - len(kept), 100))
    assert len(kept) * 60_000 <= MAX_BYTES < (len(kept) + 1) * 62_000
    recent.put(("jobs", "J-99"), stored("x"))
    assert recent.get(("jobs", "J-99")) == stored("x")
    recent.drop(("jobs", "J-99"))
    assert recent.get(("jobs", "J-99")) is None


def stored(notes: str) -> Stored:
    return Stored(Row("J", "0" * 24, 1, {}, {}, {"notes": notes}), 1, {})


async def test_who_comes_together_is_written_together(store: Store) -> None:
    """Also while nothing else is written: the first does not go alone, nor do those who come a turn later."""
    commits: list[int] = []
    store.door.listen(lambda changes: commits.append(len(changes)))

    async def later(number: int) -> None:
        for _ in range(number % 3):
            await asyncio.sleep(0)  # a turn of the event loop, not a time
        await store.door.write(make(f"M-{number}"), Author("api"))

    await store.door.write(make("M-0"), Author("api"))
    commits.clear()
    await asyncio.gather(*(later(number) for number in range(1, 20)))
    assert commits == [19]


async def test_disk_full(store: Store, path: Path) -> None:
    """When the disk is full a write says so and leaves nothing behind; with room again the door goes on."""
    await store.door.write(make("M-1"), ANA)
    (pages,) = await store.door.write(lambda tx: tx.connection.execute("PRAGMA page_count").fetchone(), ANA)
    await store.door.write(lambda tx: tx.connection.execute(f"PRAGMA max_page_count = {pages}").fetchone(), ANA)
    large = {"maintenanceReason": "x" * 200_000}
    announced: list[Change] = []
    store.door.listen(announced.extend)
    held = await Held.start(store)
    writes = [asyncio.create_task(store.door.write(make(f"L-{n}", **large), ANA)) for n in range(2)]
    await asyncio.sleep(0)
    await held.let_go()
    for outcome in await asyncio.gather(*writes, return_exceptions=True):
        assert isinstance(outcome, AppError)
        assert outcome.code == "disk-full"
    assert announced == []
    assert await ids(store) == ["M-1"]
    assert await store.door.write(lambda tx: tx.get(MACHINES, "L-0"), ANA) is None
    await store.door.write(lambda tx: tx.connection.execute("PRAGMA max_page_count = 1000000").fetchone(), ANA)
    await store.door.write(make("L-1", **large), ANA)
    assert await ids(store) == ["M-1", "L-1"]
    assert read(path, "SELECT row_id FROM change_log WHERE collection = 'machines' ORDER BY seq") == [
        ("M-1",),
        ("L-1",),
    ]


async def test_a_failed_commit_with_a_new_node_in_it(store: Store) -> None:
    """Whose first write was in the same commit is forgotten already; all are answered, and the door goes on."""
    await store.door.write(make("M-1"), ANA)
    (pages,) = await store.door.write(lambda tx: tx.connection.execute("PRAGMA page_count").fetchone(), ANA)
    await store.door.write(lambda tx: tx.connection.execute(f"PRAGMA max_page_count = {pages}").fetchone(), ANA)
    held = await Held.start(store)
    writes = [
        asyncio.create_task(store.door.write(make("M-2"), Author("api", "U-2"))),
        asyncio.create_task(store.door.write(new_node, Author("sync"))),
        asyncio.create_task(store.door.write(make("L-1", maintenanceReason="x" * 200_000), ANA)),
    ]
    await asyncio.sleep(0)
    await held.let_go()
    async with asyncio.timeout(30):
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [getattr(outcome, "code", outcome) for outcome in outcomes] == ["disk-full"] * 3
    await store.door.write(lambda tx: tx.connection.execute("PRAGMA max_page_count = 1000000").fetchone(), ANA)
    await store.door.write(make("M-2"), Author("api", "U-2"))
    assert await ids(store) == ["M-1", "M-2"]
    assert await actor(store, "U-2")


async def test_closing(path: Path, now: Clock) -> None:
    """Closing finishes what waits; after it the door says that it is shutting down."""
    store = await Store.open(path, now)
    writes = [asyncio.create_task(store.door.write(make(f"M-{n}"), ANA)) for n in range(50)]
    await asyncio.sleep(0)
    await store.close()
    assert [row.id for row in await asyncio.gather(*writes)] == [f"M-{n}" for n in range(50)]
    with pytest.raises(AppError) as caught:
        await store.door.write(make("late"), ANA)
    assert caught.value.code == "shutting-down"
    assert not path.with_name(path.name + "-wal").exists()


async def test_a_writer_that_gives_up(store: Store) -> None:
    """A caller that is cancelled while it waits disturbs nobody."""
    held = await Held.start(store)
    writes = [asyncio.create_task(store.door.write(make(f"M-{n}"), ANA)) for n in range(3)]
    await asyncio.sleep(0)
    writes[1].cancel()
    await held.let_go()
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert {"M-0", "M-2"} <= set(await ids(store))


async def test_one_listener_that_fails(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """The others hear of the changes all the same, who wrote is answered, and the log tells of it."""
    heard: list[str] = []

    def fails(*_: Any) -> None:
        raise ZeroDivisionError("by nothing")

    def work(tx: Transaction) -> str:
        tx.after_commit(fails)
        tx.after_commit(lambda: heard.append("afterwards"))
        return str(make("M-1")(tx).id)

    store.door.listen(fails)
    store.door.listen(lambda changes: heard.extend(c.row.id for c in changes if c.collection == "machines"))
    assert await store.door.write(work, ANA) == "M-1"
    assert heard == ["afterwards", "M-1"]
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["by nothing"] * 2
