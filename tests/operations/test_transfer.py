"""Import and export: the way in from the old frontend and the way back."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from structura_local import app
from structura_local.app import Plant
from structura_local.domain.access import Caller
from structura_local.domain.clients import CLIENTS
from structura_local.domain.inventory import INVENTORY
from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.store.transaction import Author, Transaction
from tests.plant import OWNER, PEOPLE, Api, Clock

FULL = Path(app.__file__).parent / "data" / "example.json"
SMALL = Path(__file__).parent.parent / "data" / "structura-export-small.json"
KEYS = [
    "machines", "jobs", "projects", "users", "clients",
    "inventory", "alerts", "messages", "events", "projectAccessories",
]  # fmt: skip


def load(path: Path) -> dict[str, list[dict[str, Any]]]:
    loaded: dict[str, list[dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by id, without PINs, which never come out."""
    return {row["id"]: {name: value for name, value in row.items() if name != "pin"} for row in rows}


def database(plant: Plant, folder: Path) -> Any:
    """All that is stored: every row of every table that holds data."""
    with contextlib.closing(sqlite3.connect(folder / "structura.db")) as connection:
        tables = [line[0] for line in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {
            table: connection.execute(f"SELECT * FROM {table}").fetchall()
            for table in tables
            if table not in ("node_state", "sqlite_sequence")
        }


@pytest.fixture
async def plant(tmp_path: Path, now: Clock) -> AsyncIterator[Plant]:
    """An empty plant."""
    async with app.opened(Folder(tmp_path / "data"), now) as opened:
        yield opened


@pytest.mark.parametrize("path", [FULL, SMALL], ids=["full", "small"])
async def test_there_and_back(plant: Plant, tmp_path: Path, path: Path) -> None:
    """What is imported is exported again, field by field, in all ten collections; a second import changes nothing."""
    file = load(path)
    assert set(file) == set(KEYS)
    report = await plant.transfer.take_in(OWNER, file)
    assert not report.dry_run
    for key in KEYS:
        tally = report.collections[key]
        distinct = {row["id"] for row in file[key]}
        assert (tally.read, tally.new) == (len(file[key]), len(distinct))
        assert (tally.changed, tally.same, tally.rejected) == (0, 0, [])
    exported = await plant.transfer.give_out(OWNER)
    assert list(exported) == KEYS
    for key in KEYS:
        assert by_id(exported[key]) == by_id(file[key]), key
        assert not any("pin" in row for row in exported[key])
    for key in set(KEYS) - {"events", "alerts"}:
        assert [row["id"] for row in exported[key]] == [row["id"] for row in file[key]], key
    before = database(plant, tmp_path / "data")
    for again in (file, exported):
        report = await plant.transfer.take_in(OWNER, again)
        assert [(tally.new, tally.changed) for tally in report.collections.values()] == [(0, 0)] * 10
        assert database(plant, tmp_path / "data") == before


async def test_dry_run(plant: Plant, tmp_path: Path) -> None:
    """A dry run counts what would happen and changes nothing."""
    before = database(plant, tmp_path / "data")
    report = await plant.transfer.take_in(OWNER, load(SMALL), dry_run=True)
    assert report.dry_run
    assert report.collections["events"].new == 26
    assert database(plant, tmp_path / "data") == before


async def test_changed_rows(plant: Plant) -> None:
    """An import over existing data changes what differs, brings back what was deleted and leaves the rest alone."""
    row = {"id": "C-1", "name": "A", "contactPerson": "", "email": "", "phone": ""}
    others = [{**row, "id": f"C-{n}"} for n in (2, 3)]
    await plant.transfer.take_in(OWNER, {"clients": [row, *others]})
    report = await plant.transfer.take_in(OWNER, {"clients": [{**row, "name": "B"}, others[0]]})
    tally = report.collections["clients"]
    assert (tally.read, tally.new, tally.changed, tally.same) == (2, 0, 1, 1)
    exported = (await plant.transfer.give_out(OWNER))["clients"]
    assert exported == [{**row, "name": "B"}, *others]


async def test_the_last_of_a_duplicate(plant: Plant) -> None:
    """Of an id that is there twice the last one counts, and the report says so."""
    rows = [{"id": "C-1", "name": "first"}, {"id": "C-2", "name": "x"}, {"id": "C-1", "name": "last"}]
    report = await plant.transfer.take_in(OWNER, {"clients": rows})
    assert report.collections["clients"].new == 2
    assert [(entry.row, entry.id) for entry in report.collections["clients"].repaired] == [(1, "C-1")]
    assert by_id((await plant.transfer.give_out(OWNER))["clients"])["C-1"]["name"] == "last"


@pytest.mark.parametrize(
    "file",
    [
        None,
        [],
        {},
        "text",
        5,
        {"nope": []},
        {"machines": {}},
        {"machines": [], "jobs": 5},
        {"machines": [], "jobs": {"a": 1}},
    ],
)
async def test_no_export(plant: Plant, tmp_path: Path, file: Any) -> None:
    """What is no export is refused as a whole."""
    before = database(plant, tmp_path / "data")
    with pytest.raises(AppError) as caught:
        await plant.transfer.take_in(OWNER, file)
    assert caught.value.code == "bad-import"
    assert database(plant, tmp_path / "data") == before


async def test_all_or_nothing(plant: Plant, tmp_path: Path) -> None:
    """When the disk is full in the middle of an import nothing of it is there."""
    before = database(plant, tmp_path / "data")
    pages = await plant.store.door.write(
        lambda tx: tx.connection.execute("PRAGMA page_count").fetchone()[0], Author("api")
    )
    await plant.store.door.write(
        lambda tx: tx.connection.execute(f"PRAGMA max_page_count = {pages + 10}").fetchone(), Author("api")
    )
    with pytest.raises(AppError) as caught:
        await plant.transfer.take_in(OWNER, {**load(FULL), "users": []})
    assert caught.value.code == "disk-full"
    assert database(plant, tmp_path / "data") == before


async def test_rows_that_are_wrong(plant: Plant) -> None:
    """A row that is wrong is left out and listed with the reason; the others are imported."""
    rows = [
        {"id": "M-1", "name": "good", "type": "CARGA"}, {"id": "M-2", "name": "no type"},
        {"name": "no id", "type": "CARGA"},
        {"id": "M-3", "name": "x", "type": "NOPE"}, None, "text", 5, [], {"id": ["x"], "name": "x", "type": "CARGA"},
    ]  # fmt: skip
    users = [{"id": "U-1"}, {"id": "U-2", "pin": "••••"}, {"id": "U-3", "name": "x", "role": "OPERATOR"}]
    report = await plant.transfer.take_in(OWNER, {"machines": rows, "users": users})
    tally = report.collections["machines"]
    assert (tally.read, tally.new, len(tally.rejected)) == (9, 1, 8)
    assert [entry.row for entry in tally.rejected] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert [entry.id for entry in report.collections["users"].rejected] == ["U-1", "U-2"]
    assert [row["id"] for row in (await plant.transfer.give_out(OWNER))["users"]] == ["U-3"]


@pytest.mark.parametrize("role", ["SUPERVISOR", "OPERATOR"])
async def test_administrators_only(plant: Plant, role: str) -> None:
    """Only an administrator imports and exports."""
    for work in (
        plant.transfer.take_in(Caller("U-1", role), {"machines": []}),
        plant.transfer.give_out(Caller("U-1", role)),
    ):
        with pytest.raises(AppError) as caught:
            await work
        assert caught.value.code == "forbidden"


async def test_one_pin_for_two(plant: Plant) -> None:
    """Of two people with one PIN the later is imported without it, and listed."""
    people = [{"id": f"U-{n}", "name": "x", "role": "OPERATOR", "pin": "4321"} for n in (1, 2)]
    report = await plant.transfer.take_in(OWNER, {"users": people})
    assert report.collections["users"].new == 2
    assert [(entry.id, entry.field) for entry in report.collections["users"].repaired] == [("U-2", "pin")]


async def test_over_http(api: Api) -> None:
    """An import over HTTP lets the imported users log in, and the export is what was imported."""
    file = load(SMALL)
    dry = (await api.post("/api/system/import?dryRun=true", file)).json
    assert (dry["dryRun"], dry["collections"]["jobs"]["new"]) == (True, 8)
    assert (await api.get("/api/jobs")).json == []
    for query in ("?dryRun=1", "?dryrun=true", "?dryRun=", "?dryRun=True"):
        assert (await api.post(f"/api/system/import{query}", file)).status == 422
    assert (await api.get("/api/jobs")).json == []
    answer = await api.post("/api/system/import", file)
    assert (answer.status, answer.json["dryRun"]) == (200, False)
    for user in file["users"]:
        logged_in = await api.login(user["pin"])
        assert (logged_in.status, logged_in.json["user"]["id"]) == (200, user["id"])
    exported = (await api.get("/api/system/export")).json
    here = {person["id"] for person in PEOPLE.values()}
    exported["users"] = [user for user in exported["users"] if user["id"] not in here]
    assert {key: by_id(exported[key]) for key in KEYS} == {key: by_id(file[key]) for key in KEYS}
    assert by_id((await api.get("/api/machines")).json) == by_id(file["machines"])
    projects = by_id((await api.get("/api/projects")).json)
    assert projects == by_id(file["projects"])
    assert len((await api.get("/api/events")).json) == 26


async def test_imported_alerts_keep_their_order(api: Api) -> None:
    """Imported events and alerts are listed newest first by their own timestamps, zones respected."""
    times = {
        "a": "2026-05-01T10:00:00.000Z",
        "b": "2026-05-01T08:00:00-03:00",
        "c": "2026-05-01T10:30:00Z",
        "d": "2026-05-01",
    }
    common = {"machineId": "M", "type": "CLEANING", "description": "x", "severity": "INFO"}
    await api.post("/api/system/import", {"events": [{"id": i, "timestamp": t, **common} for i, t in times.items()]})
    assert [event["id"] for event in (await api.get("/api/events")).json] == ["b", "c", "a", "d"]
    assert (await api.get("/api/events/b")).json["timestamp"] == times["b"]


async def test_a_user_without_a_pin(api: Api) -> None:
    """An imported user without a PIN cannot log in, and the server goes on for everybody."""
    await api.post("/api/system/import", {"users": [{"id": "U-9", "name": "x", "role": "OPERATOR"}]})
    assert (await api.get("/api/users/U-9")).json["pin"] == "••••"
    assert (await api.login("0000")).status == 401
    assert (await api.patch("/api/users/U-9", {"pin": "12121212"})).status == 200
    assert (await api.login("12121212")).status == 200


async def test_what_reads_back_otherwise_is_not_kept(plant: Plant, tmp_path: Path) -> None:
    """A database that does not keep what it is given: the import is refused whole, and names the row."""
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "structura.db")) as connection:
        connection.execute(
            "CREATE TRIGGER mangle AFTER INSERT ON clients BEGIN"
            " UPDATE clients SET name = 'otro' WHERE id = new.id; END"
        )
    with pytest.raises(AppError, match="clients C-1 reads back"):
        await plant.transfer.take_in(OWNER, {"clients": [{"id": "C-1", "name": "Estudio"}]})
    assert await plant.store.reader.find(CLIENTS) == []


async def test_counters_and_sets_read_back_as_what_they_are(plant: Plant) -> None:
    """A list in another order and a millionth of a millionth are no reason to refuse a file; again, nothing changes."""
    item = {"id": "I-1", "name": "x", "sku": "x", "unit": "kg", "quantity": 100, "minThreshold": 0, "location": ""}
    machine = {"id": "M-1", "name": "x", "type": "CARGA", "operatorIds": ["a", "b"]}
    await plant.transfer.take_in(OWNER, {"inventory": [item], "machines": [machine]})

    def taken(tx: Transaction) -> None:
        row = tx.get(INVENTORY, "I-1")
        assert row is not None
        tx.update(INVENTORY, row, {"quantity": 90})

    await plant.store.door.write(taken, Author("api", "U-1"))
    file = {
        "inventory": [{**item, "quantity": 0.1234567}],
        "machines": [{**machine, "operatorIds": ["c", "b", "b", "a"]}],
    }
    changed = []
    for _ in range(2):
        report = await plant.transfer.take_in(OWNER, file)
        changed.append((report.collections["inventory"].changed, report.collections["machines"].changed))
    assert changed == [(1, 1), (0, 0)]
    row = await plant.store.reader.get(INVENTORY, "I-1")
    assert row is not None
    assert row.data["quantity"] == 0.123457


async def test_a_login_does_not_wait_for_the_pins_of_an_import(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing the PINs of many people takes a while; who types theirs meanwhile is let in between."""
    done: list[str] = []

    def noted(name: str) -> Callable[..., Any]:
        real = getattr(bcrypt, name)

        def call(*arguments: Any) -> Any:
            answer = real(*arguments)
            done.append(name)
            return answer

        return call

    for name in ("hashpw", "checkpw"):
        monkeypatch.setattr(bcrypt, name, noted(name))
    people = [{"id": f"U-{n}", "name": f"{n}", "role": "OPERATOR", "pin": f"{70_000 + n}"} for n in range(40)]
    importing = asyncio.create_task(plant.transfer.take_in(OWNER, {"users": people}))
    while not done:
        await asyncio.sleep(0)
    assert not await plant.pins.matches("4711", None, None)
    await importing
    assert done.count("hashpw") == len(people)
    assert done.index("checkpw") < len(people) / 2
