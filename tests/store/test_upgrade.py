"""From every schema that was ever released to this one; and what happens when a migration fails."""

import contextlib
import logging
import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from structura_local import __version__, app
from structura_local.errors import StartError
from structura_local.folder import Folder
from structura_local.store import migrate
from structura_local.store.backups import Shelf
from structura_local.store.migrate import SCRIPTS, config, upgrade
from structura_local.store.revision import NEWEST, revision
from structura_local.store.snapshot import census, check
from tests.plant import Clock
from tests.store.schemas import SCHEMAS, build

REVISIONS = [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()]


def shape(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Tables and indexes of a database with their columns."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        names = [line[0] for line in database.execute("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'")]
        found = {}
        for name in names:
            columns = [(line[1], line[2]) for line in database.execute(f"PRAGMA table_info({name})")]
            found[name] = columns or [(line[2], "") for line in database.execute(f"PRAGMA index_info({name})")]
    return found


def test_every_schema_is_kept() -> None:
    """There is a database of each."""
    assert sorted(REVISIONS) == sorted(file.stem for file in SCHEMAS.glob("*.sql"))


@pytest.mark.parametrize("old", REVISIONS)
async def test_every_schema_is_upgraded(old: str, tmp_path: Path) -> None:
    """It ends as a new one begins, nothing in it is lost, and it can be served."""
    build(old, tmp_path / "structura.db")
    upgrade(tmp_path / "new.db")
    before = census(tmp_path / "structura.db").counts
    assert before["jobs"] == 8
    async with app.opened(Folder(tmp_path), Clock()) as plant:
        assert await plant.store.reader.counts() == before
    if old != NEWEST:  # which changes in place until it is released
        assert shape(tmp_path / "structura.db") == shape(tmp_path / "new.db")


LATER = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9001", "{newest}"
def upgrade():
    op.add_column("machines", sa.Column("tested", sa.Text()))
    {more}
"""


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program with one migration more, which says `{more}`."""
    scripts = tmp_path / "migrations"
    shutil.copytree(SCRIPTS, scripts)
    monkeypatch.setattr(migrate, "__version__", "9.0.0")
    return scripts


def write(scripts: Path, more: str = "pass") -> None:
    (scripts / "versions" / "9001_later.py").write_text(LATER.format(newest=NEWEST, more=more))


def left(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("structura.db*"))


def test_a_migration(tmp_path: Path, later: Path) -> None:
    """First a backup is asked for, then a copy migrated, then it takes the place of the old one."""
    path = tmp_path / "structura.db"
    build(NEWEST, path)
    write(later)
    seen = []
    upgrade(path, lambda: seen.append(revision(path)), later)
    assert (seen, revision(path), left(tmp_path)) == ([NEWEST], "9001", ["structura.db"])
    assert ("tested", "TEXT") in shape(path)["machines"]
    check(path)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("raise ValueError('a mistake')", "a mistake"),
        ("op.execute('DELETE FROM jobs WHERE id IN (SELECT id FROM jobs LIMIT 1)')", "how many jobs there are"),
        ("op.execute('UPDATE machines SET nowhere = 1')", "nowhere"),
    ],
)
def test_a_migration_that_fails(tmp_path: Path, later: Path, more: str, said: str) -> None:
    """The database is as it was, to the last row, and the sentence has both versions and why."""
    path = tmp_path / "structura.db"
    build(NEWEST, path)
    write(later, more)
    before = census(path), shape(path)
    with pytest.raises(StartError, match=said) as failed:
        upgrade(path, scripts=later)
    assert "9.0.0 (schema 9001)" in str(failed.value)
    assert f"(schema {NEWEST})" in str(failed.value)
    assert ((census(path), shape(path)), left(tmp_path)) == (before, ["structura.db"])
    check(path)


async def test_a_newer_database(tmp_path: Path, later: Path) -> None:
    """The older program refuses it with both versions, and changes nothing; the newest backup from before opens."""
    folder = Folder(tmp_path)
    build(NEWEST, folder.database)
    write(later)
    upgrade(folder.database, scripts=later)
    with contextlib.closing(sqlite3.connect(folder.database)) as database, database:
        database.execute("INSERT OR REPLACE INTO node_state (key, value) VALUES ('program', '9.0.0')")
    before = folder.database.read_bytes()
    with pytest.raises(StartError, match=rf"9\.0\.0, schema 9001\); this is .*schema {NEWEST}"):
        async with app.opened(folder, Clock()):
            pass
    assert folder.database.read_bytes() == before


async def test_it_stands_in_the_log(
    tmp_path: Path, later: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """From which version and schema to which, and which backup was made before; the next start has nothing to say."""
    folder = Folder(tmp_path)
    build(NEWEST, folder.database)
    write(later)
    monkeypatch.setattr("structura_local.store.store.NEWEST", "9001")
    monkeypatch.setattr(upgrade, "__defaults__", (upgrade.__defaults__[0], later))  # type: ignore[index]
    caplog.set_level(logging.INFO)

    async def said() -> list[str]:
        caplog.clear()
        async with app.opened(folder, Clock()):
            return [record.getMessage() for record in caplog.records if record.name.startswith("structura_local")]

    first = await said()
    (kept,) = Shelf(folder.backups).all()
    path = folder.database
    assert first == [
        f"{path} is of version {__version__} (schema {NEWEST}); it is brought to 9.0.0 (schema 9001)",
        f"backup {kept.id}: made before the database is changed, checked",
        f"{path} was brought from schema {NEWEST} to schema 9001",
    ]
    assert await said() == []


async def test_a_program_of_another_version(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """That it was updated is said once, also where the schema stays."""
    folder = Folder(tmp_path)
    build(NEWEST, folder.database)
    with contextlib.closing(sqlite3.connect(folder.database)) as database, database:
        database.execute("INSERT OR REPLACE INTO node_state (key, value) VALUES ('program', '0.0.9')")
    caplog.set_level(logging.INFO, "structura_local.store")
    for _ in range(2):
        async with app.opened(folder, Clock()):
            pass
    assert [record.getMessage() for record in caplog.records] == [
        f"version 0.0.9 had this database open before; this is {__version__}"
    ]


async def test_a_backup_comes_first(tmp_path: Path, later: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of an older schema is on the shelf before anything is changed."""
    folder = Folder(tmp_path)
    build(NEWEST, folder.database)
    write(later, "raise ValueError('a mistake')")
    monkeypatch.setattr("structura_local.store.store.NEWEST", "9001")
    monkeypatch.setattr(upgrade, "__defaults__", (upgrade.__defaults__[0], later))  # type: ignore[index]
    with pytest.raises(StartError, match="a mistake"):
        async with app.opened(folder, Clock()):
            pass
    (kept,) = Shelf(folder.backups).all()
    assert (kept.kind, kept.schema, kept.counts["jobs"]) == ("before-upgrade", NEWEST, 8)
