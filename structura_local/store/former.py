"""The former backend's SQLite file, `structura.db`: read as it is, never written to.

Its tables have the names of the collections and their columns the names of the fields, in snake case; lists are JSON
text, booleans 0 and 1, and what is unset is NULL.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Collection, Field, Kind
from structura_local.errors import AppError
from structura_local.phrases import Phrase, phrase
from structura_local.store import sqlite

MOST_VALUES = 20_000_000  # of a file; a few of its bytes may become a hundred in memory
MAGIC = b"SQLite format 3\x00"
_COMPANIONS = ("-wal", "-journal")  # what SQLite may have left beside a database; -shm is made anew
_OWN = {"change_log", "node_state"}  # tables that only this program's database has
_WRITE_VERSION = 18  # offset in the header: 2 is WAL mode


def is_database(content: bytes) -> bool:
    """Whether this is the beginning of a SQLite database."""
    return content.startswith(MAGIC)


def whole(path: Path) -> bytes:
    """The content of a database file, with what lies in its -wal or -journal; OSError if it cannot be read.

    The file and its neighbours are copied and put together elsewhere: nothing is written beside the original, which
    may be on a read-only stick or in use. AppError `bad-import` if it changes meanwhile.
    """
    companions = [path.with_name(path.name + suffix) for suffix in _COMPANIONS]
    with tempfile.TemporaryDirectory(prefix="structura-") as folder:
        before = _states([path, *companions])
        copy = Path(folder) / "former.db"
        shutil.copyfile(path, copy)
        for companion, suffix in zip(companions, _COMPANIONS, strict=True):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(companion, copy.with_name(copy.name + suffix))
        if _states([path, *companions]) != before:
            raise AppError("bad-import", reason=phrase("in-use"))
        content = copy.read_bytes()
        if before[1:] == [None, None] and not _is_wal(content):
            return content
        with _read(copy) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()  # folds in what was beside it
        return copy.read_bytes()


def read(content: bytes) -> tuple[dict[str, list[Any]], list[Phrase]]:
    """The rows of a database by collection key, named and typed as in JSON, and what in it is not imported.

    AppError `bad-import` if it is damaged or not the former backend's.
    """
    with tempfile.TemporaryDirectory(prefix="structura-") as folder:
        path = Path(folder) / "former.db"
        path.write_bytes(content)
        with _read(path) as connection:
            rows, noted = _rows(connection)
    if _is_wal(content):
        noted.append(phrase("wal-mode"))
    return rows, noted


@contextlib.contextmanager
def _read(path: Path) -> Iterator[sqlite.Connection]:
    """A connection to a copy that may hold anything: nothing in its schema is run."""
    try:
        with contextlib.closing(sqlite.driver.connect(path, isolation_level=None)) as connection:
            connection.text_factory = _text
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            ((found,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
            if found != "ok":
                raise AppError("bad-import", reason=phrase("damaged-database", why=_line(found)))
            yield connection
    except sqlite.Error as error:
        raise AppError("bad-import", reason=phrase("damaged-database", why=_line(error))) from None


def _rows(connection: sqlite.Connection) -> tuple[dict[str, list[Any]], list[Phrase]]:
    tables = {
        str(name).lower(): str(name)
        for name, sql in connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
        if not str(sql).upper().startswith("CREATE VIRTUAL")
    }
    if tables.keys() >= _OWN:
        raise AppError("bad-import", reason=phrase("own-database"))
    rows: dict[str, list[Any]] = {}
    noted: list[Phrase] = []
    missing = [f"'{c.table}'" for c in COLLECTIONS if not {c.table, c.key.lower()} & tables.keys()]
    if len(missing) == len(COLLECTIONS):
        raise AppError("bad-import", reason=phrase("foreign-database"))
    if missing:
        noted.append(phrase("keys-missing", keys=", ".join(missing)))
    for collection in COLLECTIONS:
        table = tables.get(collection.table) or tables.get(collection.key.lower())
        if table is not None:
            rows[collection.key] = _table(connection, collection, table, noted)
    return rows, noted


def _table(connection: sqlite.Connection, collection: Collection, table: str, noted: list[Phrase]) -> list[Any]:
    quoted = '"' + table.replace('"', '""') + '"'
    cursor = connection.execute(f"SELECT * FROM {quoted}")  # in the order in which the rows were made
    known = {name: f for f in collection.fields if f.wire for name in (f.column, f.name.lower())}
    columns: list[tuple[int, str, Field | None]] = []
    for index, description in enumerate(cursor.description):
        name = str(description[0])
        declared = known.get(name.lower().removesuffix("_"))  # from_: `from` is a word of Python and SQL
        if name.lower() == "id":
            columns.append((index, "id", None))
        elif declared is not None:
            columns.append((index, declared.name, declared))
        else:
            noted.append(phrase("column-unknown", column=name, table=table))
    ((count,),) = connection.execute(f"SELECT count(*) FROM {quoted}")
    if count * len(columns) > MOST_VALUES:
        raise AppError("bad-import", reason=phrase("too-many-values", limit=MOST_VALUES))
    return [
        {name: _value(declared, line[index]) for index, name, declared in columns if line[index] is not None}
        for line in cursor
    ]


def _value(declared: Field | None, value: Any) -> Any:
    """A column's value as JSON has it; what does not fit stays as it is, for the import to reject."""
    match declared.kind if declared else None:
        case Kind.BOOLEAN if value in (0, 1):
            return bool(value)
        case Kind.TEXTS | Kind.STAGES if isinstance(value, str):
            with contextlib.suppress(orjson.JSONDecodeError):
                return orjson.loads(value)
    return value


def _text(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _is_wal(content: bytes) -> bool:
    return content[_WRITE_VERSION : _WRITE_VERSION + 1] == b"\x02"


def _line(error: object) -> str:
    return " ".join(str(error).split())


def _states(paths: list[Path]) -> list[tuple[int, int] | None]:
    """Size and time of change of each file; None if it is not there or empty."""
    states: list[tuple[int, int] | None] = []
    for path in paths:
        try:
            stat = path.stat()
        except FileNotFoundError:
            states.append(None)
            continue
        states.append((stat.st_size, stat.st_mtime_ns) if stat.st_size else None)
    return states
