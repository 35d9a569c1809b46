"""What the roles of plants and readers can and cannot do, tried with real connections."""

from collections.abc import AsyncIterator, Iterable
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from structura_local.domain.catalog import COLLECTIONS, SYNCED
from structura_local.domain.fields import Collection
from structura_local.domain.row import Row
from sync.central import office
from sync.central.tables import TABLES
from sync.protocol import Batch, Hello, SyncError, Tagged
from tests.sync.central.factories import PLANT, at, enrolled, greet, job

pytestmark = pytest.mark.asyncio

OTHER = "south"
KEYED = (*TABLES, "partition", "node", "pin_key", "bundle")


@pytest_asyncio.fixture
async def intruder(central_dsn: str) -> AsyncIterator[Any]:
    """A raw connection with the bundle of one plant; the other plant has rows in every table."""
    bundle = await office.enroll(central_dsn, PLANT)
    async with enrolled(central_dsn, "victim01", OTHER) as victim:
        rows = [Tagged(c.table, Row("v", at(1), 1, {}, {}, {})) for c in SYNCED]
        await victim.push(Batch(rows, 5))
        await victim.exchange_keys({"k": "secret"})
    connection = await asyncpg.connect(bundle["dsn"])
    yield connection
    await connection.close()


async def _denied_or_untouched(connection: Any, statement: str) -> bool:
    """Whether a statement fails for lack of rights, or finds no row."""
    try:
        return str(await connection.execute(statement)).endswith(" 0")
    except asyncpg.InsufficientPrivilegeError:
        return True


async def _columns(dsn: str, table: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return [
            record["attname"]
            for record in await connection.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 ORDER BY attnum",
                f'structura_sync."{table}"',
            )
        ]
    finally:
        await connection.close()


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@pytest.mark.parametrize("table", KEYED)
async def test_a_plant_reaches_no_row_of_another(table: str, intruder: Any, central_dsn: str) -> None:
    """Neither reading nor writing, table by table; and no row of one's own can be moved to the other plant."""
    name = f'structura_sync."{table}"'
    owner = await asyncpg.connect(central_dsn)
    columns = await _columns(central_dsn, table)
    rows = f"SELECT * FROM {name} WHERE plant_id = '{OTHER}'"
    before = await owner.fetch(rows)
    assert before
    # A row that would be valid for the owner: a copy of the victim's under another id.
    await owner.execute(f"CREATE TABLE public.loot AS {rows}; GRANT SELECT ON public.loot TO PUBLIC")
    assert await _denied_or_untouched(intruder, rows)
    changed = "head" if table == "partition" else columns[-1]
    assert await _denied_or_untouched(intruder, f"UPDATE {name} SET \"{changed}\" = NULL WHERE plant_id = '{OTHER}'")
    assert await _denied_or_untouched(intruder, f"DELETE FROM {name}")
    id_column = {"node": "node_id", "pin_key": "key_id", "bundle": "role", "partition": "name"}.get(table, "id")
    copied = ", ".join("'new'" if column == id_column else f'"{column}"' for column in columns)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await intruder.execute(f"INSERT INTO {name} ({_quoted(columns)}) SELECT {copied} FROM public.loot")
    assert await owner.fetch(rows) == before
    await owner.close()


async def _outsiders(intruder: Any, dsn: str) -> AsyncIterator[Any]:
    """Who may write nothing of the other plant: a plant's bundle, and a reader. Each may make tables of its own."""
    yield intruder
    reader = await asyncpg.connect(dsn)
    await reader.execute("SET ROLE structura_reader")
    yield reader
    await reader.close()


async def test_what_triggers_do_nobody_else_can_have_done(intruder: Any, central_dsn: str) -> None:
    """Neither by a call nor by a trigger on a table of one's own, which names rows of another plant."""
    owner = await asyncpg.connect(central_dsn)
    written = [f'structura_sync."{table}"' for table in (*TABLES, "partition")]
    before = [await owner.fetch(f"SELECT * FROM {table} WHERE plant_id = '{OTHER}'") for table in written]
    runs_as_owner = [
        record["f"]
        for record in await owner.fetch(
            "SELECT oid::regprocedure::text AS f FROM pg_proc"
            " WHERE pronamespace = 'structura_sync'::regnamespace AND prosecdef AND proname <> 'holders'"
        )
    ]
    assert {f"structura_sync.edited_{c.table}()" for c in COLLECTIONS} < set(runs_as_owner)
    async for outsider in _outsiders(intruder, central_dsn):
        for function in runs_as_owner:
            assert not await outsider.fetchval("SELECT has_function_privilege($1, 'EXECUTE')", function), function
        for call in (f"numbered('{OTHER}', 'jobs', 1)", f"central_actor('{OTHER}')"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await outsider.execute(f"SELECT structura_sync.{call}")
        await outsider.execute("CREATE TEMP TABLE jobs (plant_id text, id text)")
        for function in ("buried", "edited_jobs", "counted"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await outsider.execute(
                    "CREATE TRIGGER own BEFORE DELETE ON pg_temp.jobs FOR EACH ROW"
                    f" EXECUTE FUNCTION structura_sync.{function}()"
                )
    assert [await owner.fetch(f"SELECT * FROM {table} WHERE plant_id = '{OTHER}'") for table in written] == before
    await owner.close()


async def test_the_same_statements_reach_ones_own_rows(central_dsn: str) -> None:
    """Without this, the test above might pass because nobody can do anything."""
    bundle = await office.enroll(central_dsn, PLANT)
    async with enrolled(central_dsn) as central:
        await central.push(Batch([job("a")], 1))
    connection = await asyncpg.connect(bundle["dsn"])
    assert await connection.execute("UPDATE structura_sync.jobs SET _by = NULL") == "UPDATE 1"
    with pytest.raises(asyncpg.FeatureNotSupportedError):
        await connection.execute(f"UPDATE structura_sync.jobs SET plant_id = '{OTHER}'")
    for statement in ("DELETE FROM structura_sync.jobs", "UPDATE structura_sync.partition SET name = 'mine'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


async def test_a_bundle_cannot_forge_anothers_mark(central_dsn: str) -> None:
    """Not even that of another PC of the same plant; it may read it."""
    async with enrolled(central_dsn, "node0001") as one:
        await one.push(Batch([job("a")], 5))
        bundle = await office.enroll(central_dsn, PLANT)
        forger = await asyncpg.connect(bundle["dsn"])
        assert await forger.fetchval("SELECT mark FROM structura_sync.node WHERE node_id = 'node0001'") == 5
        assert await forger.execute("UPDATE structura_sync.node SET mark = 99, bundle = current_user") == "UPDATE 0"
        owner = urlsplit(bundle["dsn"]).username
        taken = f"VALUES ('{PLANT}', 'x', '{owner}x', 'w', '1', '1.0', 9, 0, now())"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await forger.execute(f"INSERT INTO structura_sync.node {taken}")
        await forger.close()
        assert (await greet(one)).mark == 5


async def test_a_node_belongs_to_the_bundle_it_came_with(central_dsn: str) -> None:
    """The same node id under another bundle is not recognized, so that node takes another id."""
    async with enrolled(central_dsn, "node0001") as one, enrolled(central_dsn, "node0002") as two:
        assert (await greet(one)).known
        assert not (await greet(two, "node0001")).known


async def test_another_plants_name_opens_nothing(central_dsn: str) -> None:
    """A node that presents itself as another plant gets a sentence, not data."""
    await office.enroll(central_dsn, OTHER)
    async with enrolled(central_dsn) as central:
        central.plant = OTHER
        with pytest.raises(SyncError, match="this bundle is not for it"):
            await central.hello(Hello(OTHER, "node0001", "1", "", "first word"))


async def test_the_reader_sees_all_plants_but_no_secret(central_dsn: str) -> None:
    """Views without tombstones or merge state; PIN hashes, PIN keys and bundles stay out of sight."""
    async with enrolled(central_dsn) as north, enrolled(central_dsn, plant=OTHER) as south:
        user = {"name": "Ada", "role": "ADMIN", "pinHash": "$2b$", "pinLookup": "abc"}
        await north.push(Batch([Tagged("users", Row("u", at(1), 1, {}, {}, user)), job("a")], 1))
        await south.push(Batch([job("b"), job("gone", life=2)], 1))
    reader = await asyncpg.connect(central_dsn)
    await reader.execute("SET ROLE structura_reader")
    assert [dict(r) for r in await reader.fetch("SELECT * FROM structura.users")] == [
        {"plant_id": PLANT, "id": "u", "name": "Ada", "role": "ADMIN", "avatar": None}
    ]
    assert {r["id"] for r in await reader.fetch("SELECT * FROM structura.jobs")} == {"a", "b"}
    for collection in COLLECTIONS:
        await reader.fetch(f'SELECT * FROM structura."{collection.table}"')
    for secret in ("pin_hash FROM structura_sync.users", "pin_lookup FROM structura_sync.users",
                   "* FROM structura_sync.pin_key", "* FROM structura_sync.bundle"):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch(f"SELECT {secret}")
    for write in ("UPDATE structura.jobs SET notes = 'x'", "DELETE FROM structura_sync.jobs"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(write)
    await reader.close()


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda c: c.table)
async def test_the_views_are_not_for_plants(collection: Collection, intruder: Any) -> None:
    """Before Postgres 15, which has no security_invoker, they read past row-level security."""
    for statement in (f'SELECT * FROM structura."{collection.table}"', f'DELETE FROM structura."{collection.table}"'):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await intruder.execute(statement)


async def test_every_table_is_under_row_level_security(central_dsn: str) -> None:
    """Also those of tomorrow; only Alembic's own needs none, as nobody has rights on it."""
    connection = await asyncpg.connect(central_dsn)
    open_tables = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'structura_sync'::regnamespace AND relkind = 'r' "
        "AND NOT relrowsecurity"
    )
    await connection.close()
    assert [record["relname"] for record in open_tables] == ["alembic_version"]


@pytest.mark.parametrize(
    ("role", "plant"),
    [
        ("plant_north-1_0a1b2c", "north-1"),
        (f"plant_{'a' * 31}_0a1b2c", "a" * 31),
        ("postgres", None),
        ("plant_north", None),
        ("plant__0a1b2", None),
        ("aplant_north_0a1b2c", None),
    ],
)
async def test_a_roles_name_says_its_plant(role: str, plant: str | None, central_dsn: str) -> None:
    """And a role that was not made by enrolling belongs to none."""
    connection = await asyncpg.connect(central_dsn)
    assert await connection.fetchval("SELECT structura_sync.plant_of($1::text::name)", role) == plant
    await connection.close()
