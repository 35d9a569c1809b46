"""Head office's commands on central. They return data; the command line prints it."""

import asyncio
import contextlib
import re
import secrets
from typing import Any

import asyncpg

from sync.central import access, edits
from sync.central.dsn import connect, for_plant
from sync.central.errors import explained
from sync.central.functions import functions, promotions
from sync.central.migrate import migrate
from sync.central.reports import PRESENT
from sync.protocol import SyncError

BUNDLE_VERSION = 1
PLANT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
ROLE = re.compile(r"plant_[a-z0-9][a-z0-9-]{0,30}_[0-9a-f]{6}")
OLDEST = 140_000  # server_version_num of the oldest Postgres supported
INIT_ATTEMPTS = 20

# Behind a pooler a plant's transaction takes several round trips. If its PC dies or its line breaks between two, nobody
# must wait for what it has locked until the operating system finds out, hours later.
ALONE = "idle_in_transaction_session_timeout = '1min'"


async def init(dsn: str) -> None:
    """Set up central, or bring it to this program's version. Harmless to repeat. Raises SyncError."""
    with explained():
        await (await connect(dsn)).close()  # what is wrong with the connection is said before a migration wraps it
        await migrate(dsn)
        connection = await connect(dsn)
        try:
            await _install(connection)
        finally:
            await connection.close()


async def enroll(dsn: str, plant: str, name: str | None = None) -> dict[str, Any]:
    """Make the plant if it is new, and a role for one PC of it.

    Returns the bundle for that PC: {version, plantId, plantName, dsn, database, role, carry}; treat it as the secret
    it is. `carry` signs files carried by hand. `name` is what people call the plant (at first its id). ValueError if
    `plant` is no plant id; SyncError.
    """
    _check_plant(plant)
    with explained():
        connection = await connect(dsn)
        try:
            password, carry = secrets.token_urlsafe(24), secrets.token_hex(32)
            async with connection.transaction():
                plant_name = await connection.fetchval(ENSURE_PARTITION, plant, name)
                role = await _new_role(connection, plant, password)
                await connection.execute(ADD_BUNDLE, plant, role, carry)
            database = await connection.fetchval("SELECT current_database()")
            identity = await connection.fetchval(IDENTITY)
        finally:
            await connection.close()
    return {
        "version": BUNDLE_VERSION,
        "plantId": plant,
        "plantName": plant_name,
        "dsn": for_plant(dsn, database, role, password),
        "database": identity,
        "role": role,
        "carry": carry,
    }


async def _new_role(connection: Any, plant: str, password: str) -> str:
    """A role that the server, which may have other databases, does not have yet."""
    while True:
        role = f"plant_{plant}_{secrets.token_hex(3)}"
        with contextlib.suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            async with connection.transaction():
                await connection.execute(
                    f'CREATE ROLE "{role}" LOGIN PASSWORD {_literal(password)} IN ROLE structura_plant'
                )
                await connection.execute(f'ALTER ROLE "{role}" SET {ALONE}')
            return role


async def revoke(dsn: str, role: str) -> None:
    """Cut off the PC that holds this role's bundle, at once. ValueError if it is no such role; SyncError."""
    if not ROLE.fullmatch(role):
        raise ValueError(f"{role!r} is not the role of a bundle; `structura-local central status` lists them.")
    with explained():
        connection = await connect(dsn)
        try:
            known = await connection.fetchval(REVOKE_BUNDLE, role)
            if known is None:
                raise SyncError(f"Head office has not handed out a bundle with the role {role}.")
            await connection.execute(f'ALTER ROLE "{role}" NOLOGIN')
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1", role
            )
        finally:
            await connection.close()


async def status(dsn: str) -> list[dict[str, Any]]:
    """Where each plant stands, by plant id; raises SyncError.

    {plantId, name, head, nodes, bundles, lastContact, lag, version}: `lag` is how many changes the plant's slowest
    PC has yet to pull (None: it has none), `lastContact` a datetime of its latest session, `version` its programs'.
    `nodes` are all that ever were; a PC is the one that came last with a bundle that is not revoked.
    """
    with explained():
        connection = await connect(dsn)
        try:
            return [dict(record) for record in await connection.fetch(STATUS)]
        finally:
            await connection.close()


async def holders(dsn: str) -> list[dict[str, Any]]:
    """Transactions at head office that are open and hold rows of plants, which wait for them; raises SyncError.

    {pid, role, program, address, since, state}, the oldest first.
    """
    with explained():
        connection = await connect(dsn)
        try:
            return [dict(record) for record in await connection.fetch("SELECT * FROM structura_sync.holders()")]
        finally:
            await connection.close()


async def _install(connection: Any) -> None:
    """Functions, rights and views, in one transaction.

    Roles are shared by all databases of the cluster: another database's init at the same moment makes Postgres give
    up on one of the two, which then tries again.
    """
    version = connection.get_server_version()
    number = version.major * 10_000 + version.minor
    if number < OLDEST:
        raise SyncError(f"Head office's Postgres is version {version.major}; this program needs 14 or later.")
    script = ";\n".join(
        [
            *functions(),
            *edits.functions(),
            *edits.dropped(),
            *promotions(),
            *access.statements(number),
            *edits.triggers(),
        ]
    )
    for left in reversed(range(INIT_ATTEMPTS)):
        try:
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock(hashtext('structura_sync init'))")
                await connection.execute(script)
            return
        except (asyncpg.InternalServerError, asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError) as error:
            concurrent = "concurrently" in str(error) or not isinstance(error, asyncpg.InternalServerError)
            if not concurrent or not left:
                raise
            await asyncio.sleep(0.05)


def _check_plant(plant: str) -> None:
    if not PLANT_ID.fullmatch(plant):
        raise ValueError(
            f"{plant!r} cannot be a plant's id: up to 31 lower-case letters, digits and hyphens, no hyphen first."
        )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


ENSURE_PARTITION = """
INSERT INTO structura_sync.partition AS p (plant_id, name, created_at) VALUES ($1, coalesce($2, $1), now())
ON CONFLICT (plant_id) DO UPDATE SET name = coalesce($2, p.name) RETURNING name"""

ADD_BUNDLE = "INSERT INTO structura_sync.bundle (plant_id, role, created_at, carry) VALUES ($1, $2, now(), $3)"

REVOKE_BUNDLE = """
UPDATE structura_sync.bundle SET revoked_at = coalesce(revoked_at, now()) WHERE role = $1 RETURNING role"""

# A database restored from a file-level backup keeps this; another database never has it.
IDENTITY = """
SELECT system_identifier || '-' || oid
FROM pg_control_system(), pg_database WHERE datname = current_database()"""

STATUS = f"""
SELECT p.plant_id AS "plantId", p.name, p.head,
    (SELECT count(*) FROM structura_sync.node AS o WHERE o.plant_id = p.plant_id) AS nodes,
    (SELECT coalesce(array_agg(b.role ORDER BY b.created_at), '{{}}')
     FROM structura_sync.bundle AS b WHERE b.plant_id = p.plant_id AND b.revoked_at IS NULL) AS bundles,
    (SELECT max(o.last_contact) FROM structura_sync.node AS o WHERE o.plant_id = p.plant_id) AS "lastContact",
    p.head - min(n.pulled) AS lag,
    string_agg(DISTINCT n.version, ', ') AS version
FROM structura_sync.partition AS p LEFT JOIN {PRESENT} AS n USING (plant_id)
GROUP BY p.plant_id, p.name, p.head ORDER BY p.plant_id"""
