"""The head office commands, against a real Postgres."""

import asyncio
import secrets
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from urllib.parse import urlsplit

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from sync.central import office
from sync.central.dsn import connect, for_plant, hosts, tls
from sync.central.postgres import PostgresCentral
from sync.central.tables import SCHEMA, metadata
from sync.protocol import Batch, SyncError, Tagged
from tests.postgres import with_database
from tests.sync.central.factories import PLANT, enrolled, greet, job

pytestmark = pytest.mark.asyncio


async def test_migrations_lead_to_the_declared_tables(central_dsn: str) -> None:
    """The frozen migrations and the tables derived from the declarations are the same schema."""

    def differences(connection: Connection) -> list[object]:
        options = {
            "version_table_schema": SCHEMA,
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
            "compare_type": True,
            "compare_server_default": True,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect(central_dsn))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_init_may_be_repeated(central_dsn: str) -> None:
    """A second init changes nothing that is there."""
    async with enrolled(central_dsn) as central:
        await central.push(Batch([job("a")], 1))
        await office.init(central_dsn)
        assert (await greet(central)).standing.head == 1


def _init(dsn: str) -> None:
    asyncio.run(office.init(dsn))


async def test_databases_of_one_cluster_may_init_at_once(empty_dsn: str) -> None:
    """Roles belong to the cluster; inits of several databases do not trip over each other, nor twice the same."""
    names = [f"{urlsplit(empty_dsn).path[1:]}_{n}" for n in range(3)]
    connection = await asyncpg.connect(empty_dsn)
    for name in names:
        await connection.execute(f"CREATE DATABASE {name}")
    dsns = [with_database(empty_dsn, name) for name in names]
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        list(processes.map(_init, [*dsns, *dsns]))
    for name in names:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


async def test_a_bundle_opens_the_plant(central_dsn: str) -> None:
    """The bundle names the plant and the database, and its DSN connects as a role of its own."""
    bundle = await office.enroll(central_dsn, PLANT, "North, hall 1")
    assert (bundle["version"], bundle["plantId"], bundle["plantName"]) == (1, PLANT, "North, hall 1")
    assert (await office.enroll(central_dsn, PLANT))["database"] == bundle["database"]
    assert (await office.enroll(central_dsn, PLANT))["plantName"] == "North, hall 1"
    central = await PostgresCentral.connect(bundle["dsn"], PLANT)
    assert (await greet(central)).standing.head == 0
    await central.close()


@pytest.mark.parametrize("plant", ["", "North", "a" * 32, "-a", 'a"b', "a_b", "a\n"])
async def test_a_plant_id_is_checked(plant: str) -> None:
    """What cannot be part of a role's name is refused before anything happens."""
    with pytest.raises(ValueError, match="cannot be a plant's id"):
        await office.enroll("postgresql://nowhere.invalid/x", plant)


async def test_the_name_of_a_role_may_be_taken(central_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a bundle of another database of the same server, which nobody sees: another name is taken."""
    taken = (await office.enroll(central_dsn, PLANT))["role"].rpartition("_")[2]
    words = iter([taken, taken, secrets.token_hex(3)])
    token = secrets.token_hex
    monkeypatch.setattr(secrets, "token_hex", lambda length: next(words) if length == 3 else token(length))
    central = await PostgresCentral.connect((await office.enroll(central_dsn, PLANT))["dsn"], PLANT)
    await greet(central)
    await central.close()
    assert next(words, None) is None


async def test_a_revoked_bundle_is_cut_off(central_dsn: str) -> None:
    """Open connections end, new ones are refused, with a sentence that says why."""
    bundle = await office.enroll(central_dsn, PLANT)
    central = await PostgresCentral.connect(bundle["dsn"], PLANT)
    await greet(central)
    role = urlsplit(bundle["dsn"]).username
    assert role is not None
    await office.revoke(central_dsn, role)
    with pytest.raises(SyncError):
        await greet(central)
    await central.close()
    with pytest.raises(SyncError, match="revoked"):
        await PostgresCentral.connect(bundle["dsn"], PLANT)
    with pytest.raises(ValueError, match="not the role of a bundle"):
        await office.revoke(central_dsn, "postgres")
    with pytest.raises(SyncError, match="has not handed out"):
        await office.revoke(central_dsn, "plant_x_000000")


async def test_status_shows_contact_and_lag(central_dsn: str) -> None:
    """The lag is what the slowest node of a plant has yet to pull."""
    await office.enroll(central_dsn, "silent")
    async with enrolled(central_dsn) as one, enrolled(central_dsn, "node0002") as two:
        head = (await one.push(Batch([job("a"), job("b")], 1))).head
        await one.pull(0, head)
        north, silent = await office.status(central_dsn)
        assert (north["plantId"], north["nodes"], north["lag"], north["version"]) == (PLANT, 2, 2, "1.2.3")
        assert abs((datetime.now(UTC) - north["lastContact"]).total_seconds()) < 60
        assert (silent["plantId"], silent["nodes"], silent["lag"]) == ("silent", 0, None)
        await two.pull(0, head)
        assert (await office.status(central_dsn))[0]["lag"] == 0


async def test_only_who_is_there_is_behind(central_dsn: str) -> None:
    """A restored database is another node, and its PC's former one is gone; so is who was cut off."""
    stolen, kept = await office.enroll(central_dsn, PLANT), await office.enroll(central_dsn, PLANT)
    await contact(stolen["dsn"], "stolen01")
    head = await contact(kept["dsn"], "before01", [job("a"), job("b")])
    await contact(kept["dsn"], "restored", pulled=head)
    assert (await office.status(central_dsn))[0]["lag"] == head, "the stolen one has pulled nothing"
    role = urlsplit(stolen["dsn"]).username
    assert role is not None
    await office.revoke(central_dsn, role)
    (plant,) = await office.status(central_dsn)
    assert (plant["nodes"], plant["lag"]) == (3, 0)
    connection = await asyncpg.connect(central_dsn)
    row = await connection.fetchrow("SELECT pcs, changes_behind FROM structura.plants")
    await connection.close()
    assert tuple(row) == (1, 0)


async def contact(dsn: str, node: str, rows: Sequence[Tagged] = (), pulled: int = 0) -> int:
    """A session of a node; returns where the partition stands then."""
    central = await PostgresCentral.connect(dsn, PLANT)
    try:
        head: int = (await greet(central, node)).standing.head
        if rows:
            head = (await central.push(Batch(list(rows), 1))).head
        if pulled:
            await central.pull(pulled, head)
        return head
    finally:
        await central.close()


@pytest.mark.parametrize(
    ("admin", "plant"),
    [
        ("postgresql://a:b@h:1/x?sslmode=require", "postgresql://u:p%2F@h:1/db?sslmode=require"),
        ("postgresql://h1:1,h2:2/x", "postgresql://u:p%2F@h1:1,h2:2/db"),
        ("postgresql:///x?host=/tmp/s&user=a&password=b", "postgresql://u:p%2F@/db?host=/tmp/s"),
    ],
)
async def test_a_plants_dsn_keeps_the_way_to_the_server(admin: str, plant: str) -> None:
    """Only user, password and database are replaced."""
    assert for_plant(admin, "db", "u", "p/") == plant


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://central.example/x", True),
        ("postgresql://a:b@10.0.0.5:5432/x", True),
        ("postgresql://localhost,central.example/x", True),
        ("postgresql://h/x?sslrootcert=/ca.pem", "verify-full"),
        ("postgresql://h/x?sslmode=verify-full&sslrootcert=system", True),
        ("postgresql://h/x?sslmode=disable", "disable"),
        ("postgresql://localhost:5433/x", None),
        ("postgresql://[::1]:5433/x", None),
        ("postgresql:///x?host=/tmp/socket", None),
    ],
)
async def test_tls_is_verified_unless_the_host_is_local(dsn: str, expected: object) -> None:
    """Over a network, verification is the default; the DSN may say otherwise."""
    assert tls(dsn) == expected


async def test_hosts_are_read_from_either_place() -> None:
    """A DSN names its hosts before the path or in its query."""
    assert hosts("postgresql://u:p@h1:1,[::1]:2/x") == ["h1", "::1"]
    assert hosts("postgresql:///x?host=/tmp/s") == ["/tmp/s"]
