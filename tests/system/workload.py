"""Seeded people at terminals and at head office, and the log of what was acknowledged to them.

Every value is written once only, and everybody looks before they write and writes only over what they saw (If-Match at
a plant, FOR UPDATE at head office). So the log knows of each write what its author had seen, which is what tells a
value that was overwritten knowingly from one that was lost.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg

from tests.system.plant import PlantServer

FIELDS = {  # of plain text; the API's names and the columns
    "clients": {"phone": "phone", "email": "email"},
    "jobs": {"notes": "notes", "operatorNotes": "operator_notes"},
    "inventory": {"location": "location"},
}
STOCK = 100_000


@dataclass(frozen=True, slots=True)
class Write:
    """An acknowledged write. `kind`: create, edit, count, put, take, delete, event or complete.

    `value` of an edit is found nowhere else; `seen` is what its author had before their eyes: the field's value, or
    for a delete all of them. `certain`: false if the server was killed before its answer, and it is gone now anyway.
    """

    kind: str
    place: str
    collection: str
    row_id: str
    field: str = ""
    value: Any = None
    seen: Any = None
    certain: bool = True


@dataclass
class Log:
    """What was acknowledged, in the order of the answers, and what there is to write to."""

    writes: list[Write] = field(default_factory=list)
    rows: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in FIELDS})
    unfinished: list[str] = field(default_factory=list)  # jobs of projects that nobody has completed yet
    _last: int = 0

    def new(self, prefix: str) -> str:
        """A text that occurs nowhere else."""
        self._last += 1
        return f"{prefix}-{self._last}"

    def add(self, *writes: Write) -> None:
        self.writes += writes


def body_of(collection: str, name: str) -> dict[str, Any]:
    """What a new object has to have."""
    match collection:
        case "clients":
            return {"name": name}
        case "jobs":
            return {
                "projectId": "P-none", "machineType": "CARGA", "productName": name, "targetQuantity": 1, "unit": "m",
            }  # fmt: skip
        case _:
            return {"name": name, "sku": name, "unit": "kg", "quantity": STOCK}


class Gate:
    """People pass it before each write; who closes it waits until nobody is in the middle of one."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @contextlib.asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        await self._open.wait()
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def close(self) -> None:
        self._open.clear()
        await self._empty.wait()

    def open(self) -> None:
        self._open.set()


class Pc:
    """A plant PC whose server may be away at any moment: who asked asks again, as a terminal does."""

    def __init__(self, name: str, server: PlantServer) -> None:
        self.name = name
        self.server = server
        self.up = asyncio.Event()
        self.opened = Gate()
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> None:
        await self._stack.enter_async_context(self.server)
        self.up.set()

    async def stop(self) -> None:
        """As the system stops a service."""
        self.up.clear()
        await self._stack.aclose()

    async def kill(self) -> None:
        """Kill -9."""
        self.server.kill()
        await self.stop()

    async def set_clock(self, error: int) -> None:
        """Set its clock wrong by so many milliseconds, between two things that people do: a login is of its time."""
        await self.opened.close()
        self.server.set_clock(error)
        await self.server.log_in()
        self.opened.open()

    async def ask(
        self, method: str, path: str, body: Any = None, etag: str = "", key: str = ""
    ) -> tuple[int, Any, str]:
        """Status, answer and entity tag; asked until there is an answer. A status of 0: done, or done by another."""
        headers = ({"If-Match": etag} if etag else {}) | ({"Idempotency-Key": key} if key else {})
        again = False
        while True:
            await self.up.wait()
            try:
                status, answer, tag = await self.server.send(method, path, body, headers)
            except (aiohttp.ClientError, ConnectionError, RuntimeError):  # RuntimeError: the client is being closed
                again = True
                await asyncio.sleep(0.01)
                continue
            if status == 503:
                await asyncio.sleep(0.05)
                continue
            return (0 if again and method == "DELETE" and status in (404, 412) else status), answer, tag


class Terminal:
    """One person at a PC."""

    def __init__(self, pc: Pc, log: Log, seed: str) -> None:
        self.pc = pc
        self.log = log
        self._random = random.Random(seed)
        self._number = 0
        self._seed = seed

    async def write(self) -> None:
        """One thing that people do."""
        await self._random.choices(
            (self._create, self._edit, self._count, self._put_or_take, self._delete, self._event, self._complete),
            (3, 8, 5, 3, 0.5, 3, 1),
        )[0]()

    def _key(self) -> str:
        self._number += 1
        return f"{self._seed} {self._number}"

    def _write(self, kind: str, collection: str, row_id: str, *what: Any, certain: bool = True) -> None:
        self.log.add(Write(kind, self.pc.name, collection, row_id, *what, certain=certain))

    async def _create(self) -> None:
        collection = self._random.choice(list(FIELDS))
        row_id = self.log.new(self.pc.name)
        written = {name: self.log.new("v") for name in FIELDS[collection] if self._random.random() < 0.5}
        body = body_of(collection, row_id) | written
        status, answer, _ = await self.pc.ask("POST", f"/api/{collection}", {"id": row_id, **body}, key=self._key())
        assert status in (200, 201), answer
        self._write("create", collection, row_id)
        for name, value in written.items():
            self._write("edit", collection, row_id, name, value)
        self.log.rows[collection].append(row_id)

    async def _look(self, collection: str) -> tuple[str, Any, str] | None:
        known = self.log.rows[collection]
        if not known:
            return None
        # Mostly what others are busy with, too.
        row_id = self._random.choice(known[-12:] if self._random.random() < 0.7 else known)
        status, row, etag = await self.pc.ask("GET", f"/api/{collection}/{row_id}")
        return (row_id, row, etag) if status == 200 else None  # it has not come here yet, or is deleted

    async def _edit(self) -> None:
        collection = self._random.choice(list(FIELDS))
        if not (found := await self._look(collection)):
            return
        row_id, row, etag = found
        name, value = self._random.choice(list(FIELDS[collection])), self.log.new("v")
        path = f"/api/{collection}/{row_id}"
        status, answer, _ = await self.pc.ask("PATCH", path, {name: value}, etag, self._key())
        assert status in (200, 404, 412), answer
        if status == 200:
            self._write("edit", collection, row_id, name, value, row.get(name))

    async def _count(self) -> None:
        if not (found := await self._look("inventory")):
            return
        difference = self._random.choice((-20, -0.1, 7, 0.000001, -3.25))
        path = f"/api/inventory/{found[0]}"
        status, answer, _ = await self.pc.ask("PATCH", path, {"quantity": {"add": difference}}, key=self._key())
        assert status in (200, 404), answer
        if status == 200:
            self._write("count", "inventory", found[0], "quantity", difference)

    async def _put_or_take(self) -> None:
        if not (found := await self._look("jobs")):
            return
        row_id, row, _ = found
        there = row.get("operatorIds") or []
        take = bool(there) and self._random.random() < 0.4
        who = self._random.choice(there) if take else self.log.new("U")
        change = {"operatorIds": {"remove" if take else "add": [who]}}
        status, answer, _ = await self.pc.ask("PATCH", f"/api/jobs/{row_id}", change, key=self._key())
        assert status in (200, 404), answer
        if status == 200:
            self._write("take" if take else "put", "jobs", row_id, "operatorIds", who)

    async def _delete(self) -> None:
        collection = self._random.choice(list(FIELDS))
        if not (found := await self._look(collection)):
            return
        row_id, row, etag = found
        status, answer, _ = await self.pc.ask("DELETE", f"/api/{collection}/{row_id}", etag=etag)
        assert status in (0, 200, 404, 412), answer
        if status in (0, 200):
            seen = {name: row.get(name) for name in FIELDS[collection]}
            self._write("delete", collection, row_id, "", None, seen, certain=status == 200)

    async def _event(self) -> None:
        row_id = self.log.new("E")
        event = {"id": row_id, "machineId": "TALLER", "type": "CLEANING", "description": "limpieza", "severity": "INFO"}
        status, answer, _ = await self.pc.ask("POST", "/api/events", event, key=self._key())
        assert status in (200, 201), answer
        self._write("event", "events", row_id)

    async def _complete(self) -> None:
        if not self.log.unfinished:
            return
        row_id = self._random.choice(self.log.unfinished[:3])
        status, answer, _ = await self.pc.ask("PATCH", f"/api/jobs/{row_id}", {"status": "COMPLETED"}, key=self._key())
        assert status in (200, 404), answer
        if status == 200:
            self._write("complete", "jobs", row_id, "status", "COMPLETED")
            if self._random.random() < 0.5 and row_id in self.log.unfinished:  # else somebody elsewhere does it, too
                self.log.unfinished.remove(row_id)


class HeadOffice:
    """People with plain SQL over the views. A line of their own says whether a transaction was committed after all."""

    def __init__(self, plant: str, log: Log, seed: str) -> None:
        self.dsn = ""
        self.log = log
        self.opened = Gate()
        self._plant = plant
        self._random = random.Random(seed)
        self._connection: Any = None
        self._unsure: tuple[str, list[Write]] | None = None

    async def write(self) -> None:
        """One transaction; one that fails was none."""
        try:
            await self._decide()
            await self._transact()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError):
            await self.leave()
            await asyncio.sleep(0.05)

    async def settle(self) -> None:
        """Find out what became of a transaction whose answer was lost."""
        while self._unsure:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._decide()

    async def leave(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.terminate()
            self._connection = None

    async def _decide(self) -> None:
        if self._connection is None:
            self._connection = await asyncpg.connect(self.dsn, timeout=5, command_timeout=20)
        if self._unsure:
            name, writes = self._unsure
            if await self._connection.fetchval("SELECT true FROM witness WHERE name = $1", name):
                self._done(writes)
            self._unsure = None

    async def _transact(self) -> None:
        name, c = self.log.new("T"), self._connection
        transaction = c.transaction()
        await transaction.start()
        await c.execute("SET LOCAL lock_timeout = '2s'")
        writes = []
        for _ in range(self._random.choice((1, 1, 3))):
            writes += await self._random.choices(
                (self._create, self._edit, self._count, self._put, self._delete), (2, 6, 4, 2, 0.3)
            )[0]()
        await c.execute("INSERT INTO witness VALUES ($1)", name)
        self._unsure = name, writes
        await transaction.commit()
        self._unsure = None
        self._done(writes)

    def _done(self, writes: list[Write]) -> None:
        self.log.add(*writes)
        for write in writes:
            if write.kind == "create":
                self.log.rows[write.collection].append(write.row_id)

    def _written(self, kind: str, collection: str, row_id: str, *what: Any) -> Write:
        return Write(kind, "head office", collection, row_id, *what)

    async def _create(self) -> list[Write]:
        row_id, phone = self.log.new("H"), self.log.new("v")
        await self._connection.execute(
            "INSERT INTO structura.clients (plant_id, id, name, phone) VALUES ($1, $2, $2, $3)",
            self._plant, row_id, phone,
        )  # fmt: skip
        return [
            self._written("create", "clients", row_id),
            self._written("edit", "clients", row_id, "phone", phone),
        ]

    async def _look(self, collection: str, columns: str) -> Any:
        known = self.log.rows[collection]
        row_id = self._random.choice((known or ["none"])[-12:])
        return await self._connection.fetchrow(
            f"SELECT id, {columns} FROM structura.{collection} WHERE plant_id = $1 AND id = $2 FOR UPDATE",
            self._plant, row_id,
        )  # fmt: skip

    async def _set(self, collection: str, column: str, value: Any, row_id: str) -> None:
        await self._connection.execute(
            f"UPDATE structura.{collection} SET {column} = $1 WHERE plant_id = $2 AND id = $3",
            value, self._plant, row_id,
        )  # fmt: skip

    async def _edit(self) -> list[Write]:
        collection = self._random.choice(list(FIELDS))
        name, column = self._random.choice(list(FIELDS[collection].items()))
        if not (row := await self._look(collection, column)):
            return []
        value = self.log.new("v")
        await self._set(collection, column, value, row["id"])
        return [self._written("edit", collection, row["id"], name, value, row[column])]

    async def _count(self) -> list[Write]:
        if not (row := await self._look("inventory", "quantity")):
            return []
        difference = self._random.choice((500, -1.5, 0.25))
        await self._connection.execute(
            "UPDATE structura.inventory SET quantity = quantity + $1 WHERE plant_id = $2 AND id = $3",
            difference, self._plant, row["id"],
        )  # fmt: skip
        return [self._written("count", "inventory", row["id"], "quantity", difference)]

    async def _put(self) -> list[Write]:
        if not (row := await self._look("jobs", "operator_ids")):
            return []
        who = self.log.new("U")
        await self._connection.execute(
            "UPDATE structura.jobs SET operator_ids = coalesce(operator_ids, '[]') || jsonb_build_array($1::text)"
            " WHERE plant_id = $2 AND id = $3",
            who, self._plant, row["id"],
        )  # fmt: skip
        return [self._written("put", "jobs", row["id"], "operatorIds", who)]

    async def _delete(self) -> list[Write]:
        collection = self._random.choice(list(FIELDS))
        fields: Mapping[str, str] = FIELDS[collection]
        if not (row := await self._look(collection, ", ".join(fields.values()))):
            return []
        await self._connection.execute(
            f"DELETE FROM structura.{collection} WHERE plant_id = $1 AND id = $2", self._plant, row["id"]
        )
        return [self._written("delete", collection, row["id"], "", None, {n: row[c] for n, c in fields.items()})]
