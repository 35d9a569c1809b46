"""The plant's database as one thing to open and close: the door for writing, a reader beside it."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from structura_local import clock
from structura_local.errors import StartError
from structura_local.store import sqlite
from structura_local.store.door import Door
from structura_local.store.migrate import upgrade
from structura_local.store.read import Reader


@dataclass(frozen=True, slots=True)
class Store:
    door: Door
    reader: Reader
    now: clock.Now
    versions: Counter[str]  # of the collections, by table: counts the commits that changed one since the start

    @classmethod
    async def open(cls, path: Path, now: clock.Now = clock.now) -> "Store":
        """Create or migrate the database at `path` and open it."""
        try:
            upgrade(path)
            door = Door.open(path, now)
        except (sqlite.Error, DatabaseError) as error:
            raise StartError(
                f"The database {path} cannot be opened: {getattr(error, 'orig', None) or error}"
            ) from error
        versions: Counter[str] = Counter()
        door.listen(lambda changes: versions.update({change.collection for change in changes}))
        return cls(door, await Reader.open(path), now, versions)

    async def close(self) -> None:
        """Finish waiting writes and close."""
        await self.reader.close()
        await self.door.close()
