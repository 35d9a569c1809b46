"""Rows, batches and enrolled nodes for tests of central."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from structura_local.domain import stamp
from structura_local.domain.row import Row
from sync.central import office
from sync.central.postgres import PostgresCentral
from sync.protocol import Central, Hello, Tagged

PLANT = "north-1"


def at(ms: int, node: str = "node0001") -> str:
    return stamp.join(ms, 0, node)


def job(row_id: str, ms: int = 1, node: str = "node0001", life: int = 1, **data: Any) -> Tagged:
    return Tagged("jobs", Row(row_id, at(ms, node), life, {}, {}, {"status": "PENDING", **data}))


def canonical(row: Row) -> Row:
    """The row with unset fields left out: what tells two rows apart."""
    data = {name: value for name, value in row.data.items() if value is not None}
    return Row(row.id, row.born, row.life, dict(row.stamps), dict(row.parts), data)


async def greet(central: Central, node: str = "node0001", plant: str = PLANT) -> Any:
    return await central.hello(Hello(plant, node, "1.2.3", "", "first word"))


async def everything(central: Central) -> dict[tuple[str, str], Row]:
    """All that a fresh node would pull, page by page, by collection and id."""
    head, cursor = (await greet(central, "observer")).standing.head, 0
    rows: dict[tuple[str, str], Row] = {}
    while cursor < head:
        page = await central.pull(cursor, head)
        rows |= {(t.collection, t.row.id): canonical(t.row) for t in page.rows}
        cursor = page.cursor
    return rows


@asynccontextmanager
async def enrolled(
    dsn: str, node: str = "node0001", plant: str = PLANT, heard: Callable[[int], None] | None = None
) -> AsyncIterator[PostgresCentral]:
    """A node of the plant, with a bundle of its own, after its hello."""
    bundle = await office.enroll(dsn, plant)
    central = await PostgresCentral.connect(bundle["dsn"], plant, heard)
    try:
        await greet(central, node, plant)
        yield central
    finally:
        await central.close()
