"""Writes at head office with plain SQL, and what of them arrives at a plant."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from structura_local.domain import parts
from structura_local.domain.row import Row
from sync.central import office
from sync.protocol import Batch, Tagged
from tests.sync.central.factories import PLANT, at, enrolled, everything, greet, job

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def editor(central_dsn: str) -> AsyncIterator[Any]:
    """A connection of somebody at head office who may write the views and nothing else."""
    owner = await asyncpg.connect(central_dsn)
    connection = await asyncpg.connect(central_dsn)
    role = await owner.fetchval("SELECT 'erp_' || current_database()")  # roles belong to the cluster
    await owner.execute(f"CREATE ROLE {role} LOGIN IN ROLE structura_editor")
    await connection.execute(f"SET SESSION AUTHORIZATION {role}")
    yield connection
    await connection.close()
    await owner.execute(f"DROP ROLE {role}")
    await owner.close()


async def test_an_update_is_stamped_numbered_and_pulled(central_dsn: str, editor: Any) -> None:
    """Only the changed field gets a stamp, by the actor of whoever is logged in."""
    async with enrolled(central_dsn) as plant:
        head = (await plant.push(Batch([job("a", unit="m", notes="x")], 1))).head
        assert await editor.execute("UPDATE structura.jobs SET unit = 'kg' WHERE id = 'a'") == "UPDATE 1"
        standing = (await greet(plant)).standing
        page = await plant.pull(head, standing.head)
        actor, changed = (tagged.row for tagged in page.rows)
        assert changed.data["unit"] == "kg"
        assert set(changed.stamps) == {"unit"}
        assert changed.stamps["unit"].endswith(actor.id)
        assert (actor.data["node"], actor.data["user"]) == ("central", await editor.fetchval("SELECT session_user"))
        assert standing == await plant.recount()


async def test_stock_adds_up(central_dsn: str, editor: Any) -> None:
    """Head office books a delivery while the plant takes stock: both count, also in the view."""
    async with enrolled(central_dsn) as plant:
        base = parts.based({}, "quantity", at(1), 100)
        item = Row("i", at(1), 1, {}, base, {"name": "Viga", "sku": "V", "unit": "kg", "quantity": 100})
        await plant.push(Batch([Tagged("inventory", item)], 1))
        await editor.execute("UPDATE structura.inventory SET quantity = quantity + 50.5 WHERE id = 'i'")
        await editor.execute("UPDATE structura.inventory SET quantity = quantity + 1 WHERE id = 'i'")
        taken = parts.counted(base, "quantity", "actor001", 80)
        await plant.push(Batch([Tagged("inventory", Row("i", at(1), 1, {"quantity": at(9)}, taken, {}))], 2))
        assert (await everything(plant))["inventory", "i"].data["quantity"] == 131.5
        assert await editor.fetchval("SELECT quantity::text FROM structura.inventory") == "131.5"
        assert (await greet(plant)).standing == await plant.recount()


async def test_operators_are_added_and_removed(central_dsn: str, editor: Any) -> None:
    """The elements that stay keep their place."""
    async with enrolled(central_dsn) as plant:
        entries = parts.listed({}, "operatorIds", "actor001", "0" * 16, ["a", "b"])
        await plant.push(Batch([Tagged("jobs", Row("j", at(1), 1, {}, entries, {"operatorIds": ["a", "b"]}))], 1))
        await editor.execute("""UPDATE structura.jobs SET operator_ids = '["c", "b", "d"]'""")
        row = (await everything(plant))["jobs", "j"]
        assert row.data["operatorIds"] == parts.value(row.parts, "operatorIds", parts.SET, []) == ["b", "c", "d"]


async def test_insert_delete_and_insert_again(central_dsn: str, editor: Any) -> None:
    """A new object has its defaults; DELETE leaves a tombstone; INSERT of a deleted id brings it back."""
    insert = f"INSERT INTO structura.machines (plant_id, id, name, type) VALUES ('{PLANT}', 'm', $1, 'CARGA')"
    async with enrolled(central_dsn) as plant:
        assert await editor.execute(insert, "Grúa") == "INSERT 0 1"
        row = (await everything(plant))["machines", "m"]
        assert (row.data["status"], row.data["operatorIds"], row.data["totalMetersProduced"]) == ("IDLE", [], 0)
        assert row.parts == {"totalMetersProduced+": f"{row.born} 0"}
        assert await editor.execute("DELETE FROM structura.machines WHERE id = 'm'") == "DELETE 1"
        assert await editor.fetch("SELECT * FROM structura.machines") == []
        assert (await everything(plant))["machines", "m"].life == 2
        await editor.execute(insert, "Grúa 2")
        row = (await everything(plant))["machines", "m"]
        assert (row.life, row.data["name"]) == (3, "Grúa 2")
        with pytest.raises(asyncpg.UniqueViolationError):
            await editor.execute(insert, "Grúa 3")
        upsert = f"{insert} ON CONFLICT (plant_id, id) DO UPDATE SET name = excluded.name"
        await editor.execute(upsert, "Grúa 4")
        assert (await everything(plant))["machines", "m"].data["name"] == "Grúa 4"
        assert (await greet(plant)).standing == await plant.recount()


async def test_rows_of_one_transaction_arrive_together(central_dsn: str, editor: Any) -> None:
    """They share a number, and no page ends between them."""
    async with enrolled(central_dsn) as plant:
        head = (await plant.push(Batch([job(str(n)) for n in range(6)], 1))).head
        await editor.execute("UPDATE structura.jobs SET unit = 'm' WHERE id = '0'")
        async with editor.transaction():
            for n in range(1, 6):
                await editor.execute("UPDATE structura.jobs SET unit = 'm' WHERE id = $1", str(n))
        standing = (await greet(plant)).standing
        first = await plant.pull(head, standing.head, limit=1)
        second = await plant.pull(first.cursor, standing.head, limit=2)
        assert [t.row.id for t in first.rows][1:] == ["0"]
        assert sorted(t.row.id for t in second.rows) == ["1", "2", "3", "4", "5"]
        assert second.cursor == standing.head


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("status = 'Pending'", "status must be one of PENDING"),
        ("target_quantity = -1", "target_quantity must be at least 0"),
        ("target_quantity = 'NaN'", "target_quantity must be finite"),
        ("unit = ''", "unit must not be empty"),
        ("unit = NULL", "unit is required"),
        ("operator_ids = '[1]'", "operator_ids must be a list of texts"),
        ("start_date = 'tomorrow'", "start_date must be an ISO 8601 date or timestamp"),
        ("start_date = '2027-02-30'", "start_date must be an ISO 8601 date or timestamp"),
        ("start_date = ''", "start_date must be an ISO 8601 date or timestamp"),
        ("priority_index = 9007199254740993", "priority_index must be from"),
        ("workflow_stages = '\"CORTE\"'", "workflow_stages must be a list"),
        ("workflow_stages = 'null'", "workflow_stages must be a list"),
        ("workflow_stages = '[1]'", "workflow_stages must be a list of objects"),
        ('workflow_stages = \'[{"name": "CORTE"}]\'', "workflow_stages must be a list of objects"),
        ('workflow_stages = \'[{"name": "X", "isCompleted": true}]\'', "workflow_stages must be a list of objects"),
        (
            'workflow_stages = \'[{"name": "CORTE", "isCompleted": true, "completedAt": "now"}]\'',
            "workflow_stages must be a list of objects",
        ),
        ("id = 'other'", "permission denied|cannot be changed"),  # before Postgres 15 it is the trigger that refuses
    ],
)
async def test_what_the_api_would_refuse_is_refused(change: str, sentence: str, central_dsn: str, editor: Any) -> None:
    """With a sentence that names the column; nothing is numbered."""
    async with enrolled(central_dsn) as plant:
        head = (await plant.push(Batch([job("a", unit="m", targetQuantity=1)], 1))).head
        with pytest.raises(asyncpg.PostgresError, match=sentence):
            await editor.execute(f"UPDATE structura.jobs SET {change}")
        assert (await greet(plant)).standing.head == head


@pytest.mark.parametrize(
    "change",
    [
        *(
            f"start_date = '{moment}'"
            for moment in ("2027-03-14", "2027-03-14T02:30:00.123Z", "2027-03-14 02:30+05:30")
        ),
        "start_date = NULL, workflow_stages = NULL, priority_index = 9007199254740992",
        """workflow_stages = '[{"name": "CORTE", "isCompleted": true, "completedAt": "2027-03-14T02:30:00Z"},
            {"name": "PINTURA", "isCompleted": false}]'""",
    ],
)
async def test_what_the_api_would_take_is_taken(change: str, central_dsn: str, editor: Any) -> None:
    """Dates with and without a time, and the stages of a job."""
    async with enrolled(central_dsn) as plant:
        await plant.push(Batch([job("a", unit="m", targetQuantity=1)], 1))
        assert await editor.execute(f"UPDATE structura.jobs SET {change}") == "UPDATE 1"


async def test_an_address_is_no_id(central_dsn: str, editor: Any) -> None:
    """As the API has it: /api/users/directory is no user."""
    async with enrolled(central_dsn):
        with pytest.raises(asyncpg.CheckViolationError, match="part of an address"):
            await editor.execute(
                f"INSERT INTO structura.users (plant_id, id, name, role) VALUES ('{PLANT}', 'directory', 'A', 'ADMIN')"
            )


async def test_two_sessions_of_one_login_write_for_the_first_time(central_dsn: str, editor: Any) -> None:
    """At once, as a program with several connections does: neither meets an error, and there is one actor."""
    other = await asyncpg.connect(central_dsn)
    login = await editor.fetchval("SELECT session_user")
    await other.execute(f"SET SESSION AUTHORIZATION {login}")
    async with enrolled(central_dsn) as plant:
        await plant.push(Batch([job("a"), job("b")], 1))
        await editor.execute("BEGIN")
        await editor.execute("UPDATE structura.jobs SET notes = 'x' WHERE id = 'a'")
        second = asyncio.create_task(other.execute("UPDATE structura.jobs SET notes = 'y' WHERE id = 'b'"))
        await waits(central_dsn, other.get_server_pid())
        await editor.execute("COMMIT")
        assert await second == "UPDATE 1"
        rows = await everything(plant)
        assert [row.data["user"] for (collection, _), row in rows.items() if collection == "actors"] == [login]
        assert (await greet(plant)).standing == await plant.recount()
    await other.close()


async def waits(dsn: str, pid: int) -> None:
    """Return once a session waits for another's transaction."""
    owner = await asyncpg.connect(dsn)
    async with asyncio.timeout(60):
        while not await owner.fetchval("SELECT cardinality(pg_blocking_pids($1))", pid):
            await asyncio.sleep(0.02)
    await owner.close()


async def test_who_has_locked_a_row_is_named(central_dsn: str, editor: Any) -> None:
    """Also if nothing has been written yet: a plant waits for it all the same."""
    async with enrolled(central_dsn) as plant:
        await plant.push(Batch([job("a")], 1))
        async with editor.transaction():
            await editor.fetch("SELECT * FROM structura.jobs WHERE id = 'a'")
            assert await office.holders(central_dsn) == []
            await editor.fetch("SELECT * FROM structura.jobs WHERE id = 'a' FOR UPDATE")
            (holder,) = await office.holders(central_dsn)
            assert holder["pid"] == editor.get_server_pid()


async def test_truncate_is_refused(central_dsn: str) -> None:
    """Also for the owner: no plant would hear of it. What is emptied with its eyes open goes past all triggers."""
    owner = await asyncpg.connect(central_dsn)
    async with enrolled(central_dsn) as plant:
        await plant.push(Batch([job("a")], 1))
        for table in ("jobs", "actors", "conflicts"):
            with pytest.raises(asyncpg.FeatureNotSupportedError, match="DELETE them"):
                await owner.execute(f"TRUNCATE structura_sync.{table}")
        assert ("jobs", "a") in await everything(plant)
    await owner.close()


async def test_a_log_is_only_added_to(central_dsn: str, editor: Any) -> None:
    """Events may be inserted, not changed."""
    columns = "plant_id, id, machine_id, type, description, severity"
    async with enrolled(central_dsn):
        await editor.execute(
            f"INSERT INTO structura.events ({columns}) VALUES ('{PLANT}', 'e', 'M', 'CLEANING', 'x', 'INFO')"
        )
        with pytest.raises(asyncpg.FeatureNotSupportedError, match="never changed"):
            await editor.execute("UPDATE structura.events SET description = 'y'")


async def test_who_leaves_a_transaction_open_is_not_waited_for_without_end(central_dsn: str, editor: Any) -> None:
    """From the first edit on it may idle for minutes, not for hours; what the role says itself counts more."""
    timeout = "SHOW idle_in_transaction_session_timeout"
    async with enrolled(central_dsn) as plant:
        await plant.push(Batch([job("a")], 1))
        async with editor.transaction():
            assert await editor.fetchval(timeout) == "0"
            await editor.execute("UPDATE structura.jobs SET notes = 'x'")
            assert await editor.fetchval(timeout) == "5min"
        assert await editor.fetchval(timeout) == "0"
        await editor.execute("SET idle_in_transaction_session_timeout = '200ms'")
        await editor.execute("BEGIN")
        await editor.execute("UPDATE structura.jobs SET notes = 'never'")
        await plant.push(Batch([job("b")], 2))  # waits for the partition until Postgres ends the editor's session
        assert (await everything(plant))["jobs", "a"].data["notes"] == "x"
