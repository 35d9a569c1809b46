"""What head office's analysts read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from structura_local.domain.row import Row
from sync.central import office
from sync.central.reports import VIEWS
from sync.protocol import Batch, Tagged
from tests.sync.central.factories import PLANT, at, enrolled


@pytest.fixture
async def analyst(central_dsn: str) -> AsyncIterator[Any]:
    """A connection with the rights of somebody who makes reports."""
    connection = await asyncpg.connect(central_dsn)
    await connection.execute("SET ROLE structura_reader")
    yield connection
    await connection.close()


def _row(table: str, row_id: str, **data: Any) -> Tagged:
    return Tagged(table, Row(row_id, at(1), 1, {}, {}, data))


async def test_jobs_come_with_what_they_refer_to(central_dsn: str, analyst: Any) -> None:
    """Names instead of ids, points in time instead of texts; one odd text is no reason to have no report."""
    await office.enroll(central_dsn, PLANT, "North")
    async with enrolled(central_dsn) as plant:
        rows = [
            _row("clients", "C", name="Ada"),
            _row("projects", "P", name="Casa", clientId="C", deadline="2027-03-01T00:00:00Z"),
            _row("machines", "M", name="Press"),
            _row("jobs", "a", projectId="P", assignedMachineId="M", targetQuantity=8, completedQuantity=2,
                 startDate="2026-05-06T07:08:09.000Z"),
            _row("jobs", "b", projectId="gone", startDate="mañana"),
        ]  # fmt: skip
        await plant.push(Batch(rows, 1))
    a, b = await analyst.fetch("SELECT * FROM structura.report_jobs ORDER BY job_id")
    assert (a["plant"], a["project"], a["client"], a["machine"]) == ("North", "Casa", "Ada", "Press")
    assert (a["percent_complete"], a["started_at"]) == (25, datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC))
    assert (b["project"], b["percent_complete"], b["started_at"]) == (None, None, None)


async def test_plants_and_stock(central_dsn: str, analyst: Any) -> None:
    """Which plants there are and how current their data is; what is short."""
    await office.enroll(central_dsn, "silent")
    async with enrolled(central_dsn) as plant:
        await plant.push(Batch([_row("inventory", "i", sku="S", quantity=3, minThreshold=5)], 1))
        plants = {p["plant_id"]: p for p in await analyst.fetch("SELECT * FROM structura.plants")}
    assert (plants["silent"]["pcs"], plants["silent"]["last_contact"]) == (0, None)
    assert (plants[PLANT]["pcs"], plants[PLANT]["changes_behind"]) == (1, 1)
    (item,) = await analyst.fetch("SELECT * FROM structura.report_stock")
    assert (item["sku"], item["below_threshold"]) == ("S", True)


async def test_reports_are_only_read(analyst: Any) -> None:
    """Nothing can be written through them."""
    for name in VIEWS:
        with pytest.raises(asyncpg.PostgresError):
            await analyst.execute(f"DELETE FROM structura.{name}")
