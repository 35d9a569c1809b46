"""Head office goes on on its standby: who writes there is told apart from who wrote on the primary that is gone."""

from pathlib import Path

from sync.central import office
from tests.postgres import execute
from tests.system.cluster import Cluster, cluster, short_folder
from tests.system.plant import query, until

INSERT = "INSERT INTO structura.clients (plant_id, id, name) VALUES ('norte', '{id}', 'x')"
DIRTY = "CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 20000)"


async def test_who_writes_right_after_a_failover_is_another_actor() -> None:
    """The standby may lack what the same login wrote last. A checkpoint, which says the new timeline, comes later."""
    with short_folder() as folder:
        async with cluster(Path(folder) / "one") as primary:
            standby = Cluster(Path(folder) / "two")
            await office.init(primary.dsn())
            await office.enroll(primary.dsn(), "norte")
            await standby.copy(primary)
            try:
                await execute(primary.dsn(), DIRTY, INSERT.format(id="C-1"))
                arrived = "SELECT FROM structura_sync.clients WHERE id = 'C-1'"

                async def replayed() -> bool:
                    return bool(await query(standby.dsn(), arrived))

                await until(replayed)
                await primary.kill()
                await standby.promote()
                await execute(standby.dsn(), INSERT.format(id="C-2"))
                found = await query(standby.dsn(), "SELECT right(_born, 8) FROM structura_sync.clients ORDER BY id")
                assert len({actor for (actor,) in found}) == 2
            finally:
                await standby.kill()
