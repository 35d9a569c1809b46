"""The former backend's database as a file to import: read with what lies beside it, never written to, never trusted."""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from structura_local import app
from structura_local.app import Plant
from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.operations import source
from structura_local.store import former
from tests.former import connect, fill, make
from tests.operations.test_transfer import FULL, KEYS, SMALL, by_id, database, load
from tests.plant import OWNER, Api, Clock

SQLITE = "application/vnd.sqlite3"


@pytest.fixture
async def plant(tmp_path: Path, now: Clock) -> AsyncIterator[Plant]:
    """An empty plant."""
    async with app.opened(Folder(tmp_path / "data"), now) as opened:
        yield opened


def reason(content: bytes) -> str:
    """Why a file is refused."""
    with pytest.raises(AppError) as caught:
        source.read(content)
    assert caught.value.code == "bad-import"
    return str(caught.value.values["reason"])


@pytest.mark.parametrize("path", [FULL, SMALL], ids=["full", "small"])
async def test_a_database_is_as_good_as_an_export(plant: Plant, tmp_path: Path, path: Path) -> None:
    """From the former backend's database comes the same as from the JSON of the same data, and nothing is repaired."""
    file = load(path)
    for machine in file["machines"]:
        machine.setdefault("currentJobId", None)
    unique = {key: list({row["id"]: row for row in rows}.values()) for key, rows in file.items()}
    content = make(tmp_path / "structura.db", unique).read_bytes()
    report = await plant.transfer.take_in(OWNER, source.read(content))
    for key in KEYS:
        tally = report.collections[key]
        assert (tally.new, tally.rejected) == (len(unique[key]), []), key
        assert [entry for entry in tally.repaired if entry.field != "pin"] == []
    assert [str(note) for note in report.noted] == [
        "column created_at of table users is not imported: there is no such field"
    ]
    exported = await plant.transfer.give_out(OWNER)
    assert {key: by_id(exported[key]) for key in KEYS} == {key: by_id(unique[key]) for key in KEYS}
    stored = database(plant, tmp_path / "data")
    again = await plant.transfer.take_in(OWNER, source.read(content))
    assert [(tally.new, tally.changed) for tally in again.collections.values()] == [(0, 0)] * 10
    same = await plant.transfer.take_in(OWNER, unique)
    assert [(tally.new, tally.changed) for tally in same.collections.values()] == [(0, 0)] * 10
    assert database(plant, tmp_path / "data") == stored


async def test_flaws_of_a_database(plant: Plant, tmp_path: Path) -> None:
    """What a database holds that does not fit is repaired or rejected row by row, as in JSON."""
    script = """
        INSERT INTO clients (id, name, phone) VALUES ('C-1', 'Uno', 99123), ('C-2', NULL, NULL), ('C-3', x'ff00', NULL);
        INSERT INTO clients (id, name) VALUES ('C-4', CAST(x'41ff' AS TEXT));
        INSERT INTO jobs (id, project_id, product_name, machine_type, target_quantity, unit, operator_ids, is_stock)
            VALUES ('J-1', '', 'x', 'PINTURA', 5, 'm', '[]', 1), ('J-2', 'P-1', 'x', 'Pintura', 5, 'm', '["U-1', 1),
                   ('J-3', 'P-1', 'x', 'Pintura', 9e999, 'm', '["U-1"]', 1),
                   ('J-4', 'P-1', 'x', 'Pintura', '12', 'm', '["U-1", "U-1"]', 'true');
        INSERT INTO users (id, name, role, pin) VALUES ('U-1', 'Ana', 'admin', 4711), ('U-2', 'Eva', 'OPERATOR', 'x');
    """
    content = make(tmp_path / "any.name", {}, script=script).read_bytes()
    report = (await plant.transfer.take_in(OWNER, source.read(content))).said("en")["collections"]
    assert {entry["id"] for entry in report["clients"]["rejected"]} == {"C-2", "C-3", "C-4"}
    assert {entry["id"] for entry in report["jobs"]["rejected"]} == {"J-1", "J-2", "J-3"}
    assert {(entry["id"], entry["field"]) for entry in report["jobs"]["repaired"]} == {
        ("J-4", "machineType"), ("J-4", "operatorIds"), ("J-4", "isStock"),
    }  # fmt: skip
    assert {(entry["id"], entry["field"]) for entry in report["users"]["repaired"]} == {("U-1", "role"), ("U-2", "pin")}
    exported = await plant.transfer.give_out(OWNER)
    assert exported["clients"] == [{"id": "C-1", "name": "Uno", "contactPerson": "", "email": "", "phone": "99123"}]
    assert (exported["jobs"][0]["operatorIds"], exported["jobs"][0]["isStock"]) == (["U-1"], True)


async def test_over_http(api: Api, tmp_path: Path) -> None:
    """An administrator uploads the database, first as a dry run; its people log in with their PINs. Type and name say
    nothing: the content does."""
    content = make(tmp_path / "structura.db", load(SMALL)).read_bytes()
    kinds = [SQLITE, "application/x-sqlite3", "application/octet-stream", "application/json"]
    for kind in kinds:
        dry = await api.ask("POST", "/api/system/import?dryRun=true", raw=content, Content_Type=kind)
        assert (dry.status, dry.json["dryRun"], dry.json["collections"]["jobs"]["new"]) == (200, True, 8), kind
    assert (await api.get("/api/jobs")).json == []
    for kind in ("text/plain", "multipart/form-data; boundary=x", "text/html"):
        assert (await api.ask("POST", "/api/system/import", raw=content, Content_Type=kind)).status == 415
    for who, status in (("SUPERVISOR", 403), ("OPERATOR", 403), (None, 401)):
        answer = await api.ask("POST", "/api/system/import", None, who, raw=content, Content_Type=SQLITE)
        assert answer.status == status
    done = await api.ask("POST", "/api/system/import", raw=content, Content_Type=SQLITE, Accept_Language="es")
    assert done.json["noted"] == ["la columna created_at de la tabla users no se importa: ese campo no existe"]
    for user in load(SMALL)["users"]:
        assert (await api.login(user["pin"])).json["user"]["id"] == user["id"]


def test_what_lies_beside_it_is_taken_along(tmp_path: Path) -> None:
    """Rows that are still in the -wal are in what is imported, and neither file nor folder is touched."""
    path = tmp_path / "stick" / "structura.db"
    path.parent.mkdir()
    with contextlib.closing(connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        fill(connection, {"clients": [{"id": "C-1", "name": "Estudio"}]})
        crashed = tmp_path / "crashed"
        shutil.copytree(path.parent, crashed)  # as a power cut leaves it
    (crashed / "structura.db-shm").unlink()
    before = {file.name: file.read_bytes() for file in crashed.iterdir()}
    assert before.keys() == {"structura.db", "structura.db-wal"}
    crashed.chmod(0o500)
    taken = source.read(former.whole(crashed / "structura.db"))
    assert taken.rows["clients"] == [{"id": "C-1", "name": "Estudio"}]
    assert not [note for note in taken.noted if note.code == "wal-mode"]
    assert {file.name: file.read_bytes() for file in crashed.iterdir()} == before
    crashed.chmod(0o700)
    alone = source.read(before["structura.db"])  # uploaded without it
    assert "C-1" not in str(alone.rows.get("clients", []))
    assert [note.code for note in alone.noted][-1] == "wal-mode"


def test_a_transaction_cut_off_is_undone(tmp_path: Path) -> None:
    """A -journal beside the database undoes what was not committed."""
    path = make(tmp_path / "structura.db", {"clients": [{"id": f"C-{n}", "name": "x" * 3000} for n in range(200)]})
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("UPDATE clients SET name = 'half done'")
        for file in tmp_path.glob("structura.db*"):
            shutil.copy(file, crashed)
    assert (crashed / "structura.db-journal").exists()
    names = {row["name"] for row in source.read(former.whole(crashed / "structura.db")).rows["clients"]}
    assert names == {"x" * 3000}


def test_a_database_in_use_is_read_all_the_same(tmp_path: Path) -> None:
    """While the former backend has it open, what is committed is read, and the backend goes on undisturbed."""
    with contextlib.closing(connect(tmp_path / "structura.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        fill(connection, {"clients": [{"id": "C-1", "name": "Estudio"}]})
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO clients (id, name) VALUES ('C-2', 'not yet')")
        assert len(source.read(former.whole(tmp_path / "structura.db")).rows["clients"]) == 1
        connection.execute("COMMIT")
    assert len(source.read(former.whole(tmp_path / "structura.db")).rows["clients"]) == 2


def test_a_database_that_changes_while_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that may be torn is refused, and says what to do."""
    path = make(tmp_path / "structura.db", {})
    copy = shutil.copyfile

    def copy_while_written(src: Path, dst: Path) -> object:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript("INSERT INTO clients (id, name) VALUES (hex(randomblob(9)), zeroblob(9999))")
        return copy(src, dst)

    monkeypatch.setattr(former.shutil, "copyfile", copy_while_written)
    with pytest.raises(AppError, match="stop the former backend"):
        former.whole(path)


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _scribbled(content: bytes) -> bytes:
    return content[:4096] + bytes(range(256)) * 40 + content[4096 + 256 * 40 :]


def _index(content: bytes) -> bytes:
    """Another page than those of the rows: they could be read, but who knows."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(content)
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'ix_jobs_project_id'")
        ((size,),) = connection.execute("PRAGMA page_size")
    return content[: (page - 1) * size] + b"\xff" * size + content[page * size :]


@pytest.mark.parametrize(
    "damage",
    [
        _cut,
        _scribbled,
        _index,
        lambda content: content[:100],
        lambda content: content[:16],
        lambda content: content[:16] * 500,
    ],
    ids=["cut", "scribbled", "index", "header", "magic", "nonsense"],
)
async def test_damaged(plant: Plant, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A damaged database is refused with a sentence; nothing is imported of it."""
    content = make(tmp_path / "structura.db", load(SMALL)).read_bytes()
    assert reason(damage(content)).startswith("the SQLite database is damaged or cut off (")


def test_other_databases(tmp_path: Path) -> None:
    """A database of another program is refused; so is one of this program, which only has the same file name."""
    other = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(other)) as connection:
        connection.executescript("CREATE TABLE songs (id); CREATE VIEW machines AS SELECT 1 AS id;")
    assert reason(other.read_bytes()).startswith("it is a SQLite database without the tables")

    async def own() -> None:
        async with app.opened(Folder(tmp_path / "own")):
            pass

    asyncio.run(own())
    assert reason((tmp_path / "own" / "structura.db").read_bytes()).startswith("it is a database of this program")


def test_a_hostile_schema_is_not_run(tmp_path: Path) -> None:
    """Views and virtual tables in the place of tables are left alone; odd names of tables and columns do no harm."""
    path = tmp_path / "structura.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE VIEW machines AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n;
            CREATE TABLE clients (id, name, "x""; DROP TABLE clients", "id ""2");
            INSERT INTO clients VALUES ('C-1', 'Estudio', 1, 2);
            """
        )
    taken = source.read(path.read_bytes())
    assert taken.rows == {"clients": [{"id": "C-1", "name": "Estudio"}]}
    rest: list[Any] = [note.code for note in taken.noted]
    assert rest == ["keys-missing", "column-unknown", "column-unknown"]
