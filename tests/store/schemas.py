"""Databases as every released version has left them, as SQL: tests/data/schemas/REVISION.sql.

While the newest schema is not released it may change in place, and its file with it: `python -m tests.store.schemas`.
"""

import asyncio
import contextlib
import json
import sqlite3
import tempfile
from pathlib import Path

from structura_local import app
from structura_local.folder import Folder
from structura_local.store.revision import NEWEST
from tests.plant import OWNER, Clock

DATA = Path(__file__).parent.parent / "data"
SCHEMAS = DATA / "schemas"


def build(revision: str, path: Path) -> None:
    """A database of this schema, with a small plant in it."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript((SCHEMAS / f"{revision}.sql").read_text(encoding="utf-8"))


async def _write() -> None:
    small = json.loads((DATA / "structura-export-small.json").read_text(encoding="utf-8"))
    for user in small["users"]:
        user.pop("pin", None)  # or the file would change each time
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name))
        async with app.opened(folder, Clock()) as plant:
            await plant.transfer.take_in(OWNER, {key: rows for key, rows in small.items() if key != "users"})
        with contextlib.closing(sqlite3.connect(folder.database)) as database:
            (SCHEMAS / f"{NEWEST}.sql").write_text("\n".join(database.iterdump()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    SCHEMAS.mkdir(exist_ok=True)
    asyncio.run(_write())
