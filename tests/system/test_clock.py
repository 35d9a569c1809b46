"""A PC whose clock is wrong, as its users see it."""

from pathlib import Path

import pytest

from sync.central import office
from tests.system.faults import YEAR
from tests.system.plant import PlantServer, query, until


@pytest.mark.timeout(400)  # real processes, on a machine that may have much else to do
@pytest.mark.parametrize("years", [3, -16], ids=["ahead", "behind"])
async def test_a_wrong_clock_empties_no_trash(tmp_path: Path, central_dsn: str, years: int) -> None:
    """What was deleted a moment ago can be brought back after a start with the clock years wrong, here and there."""
    plant = PlantServer(tmp_path / "plant", clocked=True)
    await plant.set_up()
    await plant.enroll(await office.enroll(central_dsn, "norte"))
    async with plant:
        await plant.log_in()
        await plant.ask("POST", "/api/clients", {"id": "C-1", "name": "Casa Sur", "phone": "099 123 456"})
        await plant.ask("DELETE", "/api/clients/C-1")
        await until(plant.in_step, 90, plant.log.read_text)
    plant.set_clock(years * YEAR)
    async with plant:
        await plant.log_in()
        await until(plant.in_step, 90, plant.log.read_text)
        assert (await query(central_dsn, "SELECT phone FROM structura_sync.clients WHERE id = 'C-1'"))[0][0]
        plant.set_clock(0)
        await plant.log_in()
        await plant.ask("POST", "/api/system/trash/clients/C-1/restore")
        assert (await plant.ask("GET", "/api/clients/C-1"))["phone"] == "099 123 456"
        await until(plant.in_step, 90, plant.log.read_text)
    assert [tuple(row) for row in await query(central_dsn, "SELECT id, phone FROM structura.clients")] == [
        ("C-1", "099 123 456")
    ]
