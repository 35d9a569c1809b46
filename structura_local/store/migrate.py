"""Bringing a database to the schema of this version. Alembic, configured in code.

A database that is there already is never migrated in place: a copy is, and takes its place once it was checked.
"""

import contextlib
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

from structura_local import __version__
from structura_local.errors import Damaged, StartError
from structura_local.files import move
from structura_local.store import snapshot, sqlite

_log = logging.getLogger(__name__)

SCRIPTS = Path(__file__).parent / "migrations"


def config(scripts: Path = SCRIPTS) -> Config:
    """Alembic's configuration; the scripts lie beside this file, in the frozen program too."""
    alembic = Config()
    alembic.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return alembic


def upgrade(path: Path, before: Callable[[], object] = lambda: None, scripts: Path = SCRIPTS) -> None:
    """Create the database or bring it to this version; `before` is called first if that changes an existing one.

    StartError with both versions for a database of a newer program, and if the migration fails: then it is as it was.
    """
    alembic = config(scripts)
    known = ScriptDirectory.from_config(alembic)
    found, program = _written_by(path)
    if found is None:
        _run(path, alembic)
        return
    if found == (head := known.get_current_head()):
        return
    if found not in {script.revision for script in known.walk_revisions()}:
        raise StartError(
            f"This database was written by a newer version of the program ({program}, schema {found}); this is"
            f" {__version__} (schema {head}). Install that version again, or restore a backup from before it"
            " ('structura-local backup --list')."
        )
    _log.info(
        "%s is of version %s (schema %s); it is brought to %s (schema %s)", path, program, found, __version__, head
    )
    try:
        before()
        _migrate(path, alembic)
    except Exception as error:
        raise StartError(
            f"The database {path} of version {program} (schema {found}) could not be brought to {__version__} (schema"
            f" {head}) and is as it was: {error}. Install version {program} again, and tell us."
        ) from error
    _log.info("%s was brought from schema %s to schema %s", path, found, head)


def _written_by(path: Path) -> tuple[str | None, str]:
    """The schema of a database, and the version of the program that opened it last. None: there is nothing in it."""
    if not path.exists():
        return None, ""
    with contextlib.closing(sqlite.connect(path, read_only=True)) as database:
        tables = {line[0] for line in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not tables:
            return None, ""
        if not {"alembic_version", "node_state"} <= tables:
            raise Damaged(f"{path} is not a database of this program")
        found = [line[0] for line in database.execute("SELECT version_num FROM alembic_version")]
        state = dict(database.execute("SELECT key, value FROM node_state").fetchall())
    if len(found) != 1:
        raise Damaged(f"{path} does not say of which version it is")
    return found[0], state.get(snapshot.PROGRAM, "unknown")


def _migrate(path: Path, alembic: Config) -> None:
    """Migrate a copy, check it, switch by renaming."""
    draft = path.with_name(f"{path.name}.new")
    snapshot.settle(path)
    try:
        shutil.copyfile(path, draft)
        _run(draft, alembic)
        snapshot.settle(draft)
        snapshot.check(draft)
        had, has = snapshot.counts(path), snapshot.counts(draft)
        if lost := {name for name, number in had.items() if has.get(name) != number}:
            raise snapshot.Unsound(f"it would have changed how many {', '.join(sorted(lost))} there are")
        snapshot.flush(draft)
        move(draft, path)
    finally:
        for left in (draft, *(draft.with_name(draft.name + ending) for ending in ("-wal", "-shm", "-journal"))):
            left.unlink(missing_ok=True)


def _run(path: Path, alembic: Config) -> None:
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite.connect(path), poolclass=pool.NullPool, module=sqlite.driver
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, "head")
            connection.commit()
    finally:
        engine.dispose()
