"""Bringing databases to this version, and keeping two programs off one database."""

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

from structura_local import app
from structura_local.domain.stamp import time
from structura_local.errors import StartError
from structura_local.folder import Folder
from structura_local.store.migrate import config, upgrade
from structura_local.store.revision import NEWEST, revision
from structura_local.store.tables import METADATA
from tests.plant import Clock


def test_migrated_is_declared(tmp_path: Path) -> None:
    """A migrated database has exactly the tables, columns and indexes that are declared, as they are declared."""
    path = tmp_path / "structura.db"
    upgrade(path)
    engine = create_engine(f"sqlite:///{path}", poolclass=pool.NullPool)
    with engine.connect() as connection:
        options = {"compare_type": True, "render_as_batch": True}
        difference = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
    assert difference == []
    declared = create_engine("sqlite://", poolclass=pool.StaticPool)
    METADATA.create_all(declared)
    shapes = []
    for one in (engine, declared):
        with one.connect() as connection:
            shape = {}
            for (table,) in connection.exec_driver_sql(
                "SELECT name FROM sqlite_schema WHERE type IN ('table', 'index') AND tbl_name NOT LIKE 'alembic%'"
            ).fetchall():
                columns = connection.exec_driver_sql(f"PRAGMA table_info({table})").fetchall()
                shape[table] = columns or connection.exec_driver_sql(f"PRAGMA index_info({table})").fetchall()
            shapes.append(shape)
    declared.dispose()
    assert shapes[0] == shapes[1]


def test_twice(tmp_path: Path) -> None:
    """Migrating a database of this version changes nothing."""
    path = tmp_path / "structura.db"
    upgrade(path)
    before = path.read_bytes()
    upgrade(path)
    assert path.read_bytes() == before


def test_the_newest_revision_is_known(tmp_path: Path) -> None:
    """A server that meets a database of its own version goes without Alembic; any other is migrated or refused."""
    assert ScriptDirectory.from_config(config()).get_current_head() == NEWEST
    path = tmp_path / "structura.db"
    assert revision(path) is None
    upgrade(path)
    assert revision(path) == NEWEST
    program = (
        "import asyncio, sys; from pathlib import Path; from structura_local.store.store import Store\n"
        "async def main(): await (await Store.open(Path(sys.argv[1]))).close()\n"
        "asyncio.run(main()); print('alembic' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_newer_database(tmp_path: Path) -> None:
    """A database of a newer version is refused with a sentence, and not touched."""
    path = tmp_path / "structura.db"
    upgrade(path)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999_future'")
    before = path.read_bytes()
    with pytest.raises(StartError, match="newer version"):
        upgrade(path)
    assert path.read_bytes() == before


async def test_one_server_at_a_time(data_dir: Path) -> None:
    """While a folder is in use nobody else opens it, from this process or another; afterwards they may."""
    program = (
        "import asyncio, sys; from pathlib import Path; from structura_local import app\n"
        "from structura_local.errors import StartError\n"
        "from structura_local.folder import Folder\n"
        "async def main():\n"
        "    async with app.opened(Folder(Path(sys.argv[1]))): pass\n"
        "try: asyncio.run(main())\n"
        "except StartError as error: print(error)"
    )

    def elsewhere() -> str:
        run = subprocess.run([sys.executable, "-c", program, data_dir], capture_output=True, text=True, check=True)
        return run.stdout

    async with app.opened(Folder(data_dir), Clock()):
        assert "already running" in await asyncio.to_thread(elsewhere)
        with pytest.raises(StartError, match="already running"):
            async with app.opened(Folder(data_dir), Clock()):
                pass
    assert await asyncio.to_thread(elsewhere) == ""


WRITER = """
import asyncio, sys
from pathlib import Path
from structura_local.domain.machines import MACHINES
from structura_local.store.store import Store
from structura_local.store.transaction import Author

async def main():
    store = await Store.open(Path(sys.argv[1]))
    async def write(lane):
        n = 0
        while True:
            name = f"M-{lane}-{n}"
            await store.door.write(lambda tx: tx.create(MACHINES, name, {"name": name}), Author("api", "U-1"))
            print(name, flush=True)
            n += 1
    await asyncio.gather(*map(write, range(8)))

asyncio.run(main())
"""


def test_killed(tmp_path: Path) -> None:
    """A process killed in the middle of its writes has lost none that it had answered, and the database is whole."""
    path = tmp_path / "structura.db"
    answered: list[str] = []
    for _ in range(2):
        program = [sys.executable, "-c", WRITER.replace("M-", f"M-{len(answered)}-"), path]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            answered += [process.stdout.readline().strip() for _ in range(200)]
            process.kill()
            answered += process.stdout.read().split("\n")[:-1]
    with contextlib.closing(sqlite3.connect(path)) as database:
        kept = {line[0] for line in database.execute("SELECT id FROM machines")}
        logged = {line[0] for line in database.execute("SELECT row_id FROM change_log WHERE collection = 'machines'")}
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stamps = [line[0] for line in database.execute("SELECT stamp FROM change_log ORDER BY seq")]
    assert set(answered) <= kept
    assert kept == logged
    times = [time(stamp) for stamp in stamps]
    assert times == sorted(set(times))
