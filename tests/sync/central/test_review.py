"""Head office's list of conflicts, after real ones between two PCs of a plant and head office's own people."""

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest

from structura_local.__main__ import main
from structura_local.domain.jobs import JOBS
from structura_local.domain.users import USERS
from sync.central import office, review
from sync.central.postgres import PostgresCentral
from sync.session import exchange
from tests.pcs import two_pcs
from tests.plant import ID, Clock
from tests.sync.central.factories import PLANT
from tests.web.contract import minimal


async def conflicted(dsn: str, data_dir: Path) -> tuple[str, str]:
    """Two PCs and a person at head office change one job, and the PCs one PIN; returns the PCs' nodes."""
    bundle = await office.enroll(dsn, PLANT)
    now = Clock()
    connection = await asyncpg.connect(dsn)
    try:
        now.ms = await connection.fetchval("SELECT (extract(epoch FROM now()) * 1000)::bigint") - 600_000
        async with two_pcs(data_dir, now) as (one, two):
            data = {k: v for k, v in minimal("jobs").items() if k != "id"}
            await one.create(JOBS, "J-1", data)

            async def in_step() -> None:
                for pc in (one, two, one):
                    central = await PostgresCentral.connect(bundle["dsn"], PLANT)
                    try:
                        await exchange(pc.port, central, PLANT, "test", pc)
                    finally:
                        await central.close()

            now.ms += 600_000
            for pc in (one, two):
                await pc.write(lambda tx: [tx.forget_state(key) for key in ("cursor", "mark", "last", "next")])
            await in_step()
            await one.edit(JOBS, "J-1", ID["ADMIN"], notes="de una")
            await one.edit(USERS, ID["OTHER"], pinHash="$2b$uno", pinLookup="uno")
            await two.edit(USERS, ID["OTHER"], pinHash="$2b$dos", pinLookup="dos")
            await connection.execute("UPDATE structura.jobs SET notes = 'de la central' WHERE id = 'J-1'")
            await in_step()
            return one.store.door.run.node, two.store.door.run.node
    finally:
        await connection.close()


async def test_unseen_conflicts(central_dsn: str, data_dir: Path) -> None:
    """Who, where, what, of all plants or of one; a PIN once and masked; what was seen is left out."""
    nodes = await conflicted(central_dsn, data_dir)
    found = {entry["field"]: entry for entry in await review.conflicts(central_dsn)}
    assert found.keys() == {"notes", "pin"}
    notes = found["notes"]
    assert (notes["plantId"], notes["collection"], notes["rowId"]) == (PLANT, "jobs", "J-1")
    sides = {side["node"]: (side["value"], side["userId"]) for side in (notes["winner"], notes["loser"])}
    assert sides == {nodes[0]: ("de una", ID["ADMIN"]), "central": ("de la central", "postgres")}
    assert {side["value"] for side in (found["pin"]["winner"], found["pin"]["loser"])} == {"•"}
    assert await review.conflicts(central_dsn, "another") == []
    assert len(await review.conflicts(central_dsn, PLANT)) == 2
    connection = await asyncpg.connect(central_dsn)
    try:
        await connection.execute("UPDATE structura_sync.conflicts SET seen = true WHERE field = 'notes'")
    finally:
        await connection.close()
    assert [entry["field"] for entry in await review.conflicts(central_dsn)] == ["pin"]


def test_as_a_command(central_dsn: str, data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list for people, with who and where, and as JSON; none is said to be none."""
    asyncio.run(office.enroll(central_dsn, PLANT))
    assert main(["central", "conflicts", central_dsn]) == 0
    assert capsys.readouterr().out == "No conflicts wait for anybody.\n"
    nodes = asyncio.run(conflicted(central_dsn, data_dir))
    assert main(["central", "conflicts", central_dsn, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    assert main(["central", "conflicts", central_dsn, "--plant", "another"]) == 0
    assert "No conflicts" in capsys.readouterr().out
    assert main(["central", "conflicts", central_dsn, "--plant", PLANT]) == 0
    said = capsys.readouterr().out
    assert f'"de una", {ID["ADMIN"]} on {nodes[0]}\n' in said
    assert '"de la central", postgres on central\n' in said
    assert said.endswith("2 conflicts that nobody has looked at.\n")
