"""The link dies after any number of bytes, wherever that is: in a greeting, in a batch, in an acknowledgement."""

from decimal import Decimal
from pathlib import Path

import pytest

from sync.central import office
from tests.system.checker import at_head_office, at_plant, differences
from tests.system.link import socket_of, through
from tests.system.plant import PlantServer, until
from tests.system.proxy import Proxy

STOCK = 1_000


@pytest.mark.parametrize("points", [10, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.timeout(600)
async def test_cut_anywhere_nothing_is_lost_and_nothing_counts_twice(
    tmp_path: Path, central_dsn: str, points: int
) -> None:
    """At so many places between the first byte of a connection and the last of an exchange, one write each time."""
    async with Proxy(socket_of(central_dsn)) as line:
        plant = PlantServer(tmp_path / "plant")
        await plant.set_up()
        await plant.enroll(through(line, await office.enroll(central_dsn, "norte")))

        async def exchanged() -> bool:
            await plant.ask("POST", "/api/system/sync")  # without waiting for the worker to dare it again
            return await plant.in_step()

        async def sold() -> None:
            await plant.ask("PATCH", "/api/inventory/I", {"quantity": {"add": -1}})

        async with plant:
            await plant.log_in()
            item = {"id": "I", "name": "Perfil", "sku": "P", "unit": "m", "quantity": STOCK}
            await plant.ask("POST", "/api/inventory", item)
            await until(exchanged)
            line.cut()
            before = line.up + line.down
            await sold()
            await until(exchanged)
            whole = line.up + line.down - before
            cuts = 0
            for number in range(points):
                line.cut()
                done = line.cut_after(1 + whole * number // points)
                await sold()
                await until(exchanged)
                cuts += done.is_set()
            line.keep()
            await until(exchanged)
            row = (await at_head_office(central_dsn, "norte"))["inventory", "I"]
            assert row["quantity"] == Decimal(STOCK - 1 - points)
            assert cuts >= points // 2, "or it was not tried"
        here, there = at_plant(plant.folder), await at_head_office(central_dsn, "norte")
        assert differences(here, there) == []
        assert not [key for key in there if key[0] == "conflicts"]
