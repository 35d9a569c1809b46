"""What requests cost, counted: statements, commits, rows made, bytes. A clock would tell of the machine instead."""

import asyncio
import threading
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from structura_local import work
from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.jobs import JOBS
from structura_local.operations.rows import Rows
from structura_local.store.door import MAX_WAITING, Door, Write
from structura_local.store.lane import Lane, Lanes
from structura_local.store.read import CONNECTIONS
from structura_local.store.read import MAX_WAITING as MAX_READINGS
from structura_local.store.rows import Codec
from structura_local.store.transaction import Author, Transaction
from tests.plant import Api
from tests.statements import Statements

EVENT = {"machineId": "M-1", "type": "CLEANING", "description": "limpieza", "severity": "INFO"}
JOB = {"projectId": "P-1", "productName": "Perfil", "targetQuantity": 9, "unit": "m", "machineType": "CONFORMADORA"}
MANY = 32
PAGE = 4096 + 24  # bytes that a page takes in the write-ahead log


class Gate:
    """At the door: while it is closed, writes wait for each other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._open = threading.Event()
        self._open.set()
        self._door: Door | None = None
        commit = Door._commit

        def held(door: Door, group: list[Write]) -> None:
            if any(write.author.origin == "api" for write in group):  # not what the server does by itself
                self._door = door
                assert self._open.wait(30)
            commit(door, group)

        monkeypatch.setattr(Door, "_commit", held)

    async def close(self, first: Awaitable[Any]) -> "asyncio.Future[Any]":
        """Let one write be the last, and the others wait from now on."""
        self._open.clear()
        self._door = None
        task = asyncio.ensure_future(first)
        while self._door is None:
            await asyncio.sleep(0.001)
        return task

    def open(self) -> None:
        """Let those through who wait."""
        self._open.set()

    async def until_waiting(self, count: int) -> None:
        """Return when so many writes wait."""
        while self._door is None or self._door.waiting < count:
            await asyncio.sleep(0.001)

    async def together(self, *requests: Awaitable[Any]) -> list[Any]:
        """The answers to requests whose writes share one commit, in their order; the first has one of its own."""
        sent = [await self.close(requests[0])]
        for number, request in enumerate(requests[1:], 1):
            sent.append(asyncio.ensure_future(request))
            await self.until_waiting(number)
        self.open()
        return await asyncio.gather(*sent)


def log_size(api: Api) -> int:
    """Bytes of the write-ahead log."""
    return Path(f"{api.folder.database}-wal").stat().st_size


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """To be asked for before the plant is, which then does nothing by itself."""

    async def nothing(*what: Any, **how: Any) -> None:
        """In the place of what a server does daily, hourly and by the minute."""

    for own in ("_daily", "_keep_backups", "_every_minute"):
        monkeypatch.setattr(work, own, nothing)
    return Gate(monkeypatch)


async def test_a_poll_of_unchanged_lists_asks_nothing_and_makes_no_rows(
    statements: Statements, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten lists and the directory, whole and 304: ready bytes, whoever asks again."""
    await api.made("/api/jobs", {"id": "J-1", **JOB})
    paths = [*(f"/api/{collection.path}" for collection in COLLECTIONS), "/api/users/directory"]
    tags = {path: (await api.get(path)).headers["ETag"] for path in paths}
    made: list[str] = []
    monkeypatch.setattr(Codec, "decode", lambda self, values: made.append(self.collection.key))
    monkeypatch.setattr(Codec, "public", lambda self, values: made.append(self.collection.key))
    statements.clear()
    for path in paths:
        assert (await api.get(path)).status == 200
        answer = await api.get(path, If_None_Match=tags[path])
        assert (answer.status, answer.body) == (304, b"")
    assert (statements, made) == ([], [])


async def test_an_object_is_read_once(statements: Statements, api: Api) -> None:
    """And again when it has changed, and not because another has."""
    for row_id in ("J-1", "J-2"):
        await api.made("/api/jobs", {"id": row_id, **JOB})
    first = await api.get("/api/jobs/J-1")
    assert (await api.patch("/api/jobs/J-2", {"notes": "x"})).status == 200
    statements.clear()
    again = await api.get("/api/jobs/J-1", If_None_Match=first.headers["ETag"])
    assert (again.status, statements) == (304, [])
    assert (await api.patch("/api/jobs/J-1", {"notes": "x"})).status == 200
    changed = await api.get("/api/jobs/J-1", If_None_Match=first.headers["ETag"])
    assert (changed.status, changed.json["notes"]) == (200, "x")


async def test_a_list_is_counted_once(statements: Statements, api: Api) -> None:
    """However its rows change; who reads the next page is told the new total."""
    for number in range(5):
        await api.made("/api/jobs", {"id": f"J-{number}", **JOB})
    filters = ("status=PENDING&", "status=HALTED&productName=Panel&", "")
    statements.clear()

    async def totals() -> list[str]:
        pages = [await api.get(f"/api/jobs?{f}limit=2&offset={offset}") for f in filters for offset in (0, 2, 0)]
        return [page.headers["X-Total-Count"] for page in pages[::3]]

    assert await totals() == ["5", "0", "5"]
    assert (await api.patch("/api/jobs/J-1", {"status": "HALTED", "productName": "Panel"})).status == 200
    assert await totals() == ["4", "1", "5"]
    assert (await api.delete("/api/jobs/J-2")).status == 200
    assert (await api.patch("/api/jobs/J-1", {"notes": "x"})).status == 200
    await api.made("/api/jobs", {"id": "J-5", **JOB, "status": "HALTED"})
    assert await totals() == ["3", "1", "5"]
    assert sum("count(" in sql.lower() for sql in statements) == len(filters)


async def test_a_total_that_nobody_asks_for_is_let_go(
    statements: Statements, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its upkeep would cost every change more than a count costs who asks some time."""
    monkeypatch.setattr("structura_local.operations.totals.UNASKED", 2)
    await api.made("/api/jobs", {"id": "J-1", **JOB})
    await api.get("/api/jobs?status=PENDING&limit=2")
    for note in ("a", "b", "c"):
        assert (await api.patch("/api/jobs/J-1", {"notes": note})).status == 200
    statements.clear()
    assert (await api.get("/api/jobs?status=PENDING&limit=2")).headers["X-Total-Count"] == "1"
    assert sum("count(" in sql.lower() for sql in statements) == 1


async def test_events_at_the_same_time_share_statements_a_commit_and_pages(
    statements: Statements, gate: Gate, api: Api
) -> None:
    """32 cost one commit (one fsync) and five statements; each about two pages of the log instead of ten."""
    await api.post("/api/events", EVENT)
    before = log_size(api)
    await api.post("/api/events", EVENT)
    alone = log_size(api) - before
    statements.clear()
    before = log_size(api)
    answers = await gate.together(*(api.post("/api/events", EVENT) for _ in range(1 + MANY)))
    assert {answer.status for answer in answers} == {201}
    assert statements.commits == 2
    assert statements.changing("events") == statements.changing("change_log") == 2
    assert len(statements) <= 2 * 5
    together = log_size(api) - before - alone
    assert alone <= 12 * PAGE
    assert together <= MANY * 2 * PAGE
    assert all(len(answer.body) < 400 for answer in answers)


async def test_a_quantity_costs_a_share_of_what_is_written(statements: Statements, gate: Gate, api: Api) -> None:
    """A row written lately is known, and the rules look no further where a job means the same to its project."""
    for number in range(MANY):
        await api.made("/api/jobs", {"id": f"J-{number}", **JOB, "status": "IN_PROGRESS"})
    statements.clear()
    answers = await gate.together(
        *(api.patch(f"/api/jobs/J-{number}", {"completedQuantity": 3}) for number in range(MANY))
    )
    assert {answer.status for answer in answers} == {200}
    assert statements.commits == 2
    assert sum(sql.startswith("SELECT") for sql in statements) <= 1  # up to where head office has heard of everything
    assert len(statements) <= 2 * 6 + 10  # of a first batch, one power of two after the other


async def test_a_completion_reads_few_rows_of_its_project(
    gate: Gate, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the last one, which orders the panels: what there is besides is counted."""
    await api.made("/api/projects", {"id": "P-1", "name": "Casa", "clientId": "C-1", "deadline": "2027-02-01"})
    for number in range(MANY):
        await api.made("/api/jobs", {"id": f"J-{number}", **JOB, "status": "COMPLETED" if number > 1 else "PENDING"})
    read: list[str] = []
    decode = Codec.decode
    monkeypatch.setattr(Codec, "decode", lambda self, line: read.append(self.collection.key) or decode(self, line))
    for number in (0, 1):
        read.clear()
        assert (await api.patch(f"/api/jobs/J-{number}", {"status": "COMPLETED"})).status == 200
        assert read.count("jobs") <= 1
    assert "PANELIZADO" in [job["machineType"] for job in (await api.get("/api/jobs")).json]


async def test_who_fails_costs_the_others_nothing(statements: Statements, gate: Gate, api: Api) -> None:
    """A refusal among writes that share a commit; also of one that had to put rows into the database before."""
    await api.made("/api/projects", {"id": "P-1", "name": "Casa", "clientId": "C-1", "deadline": "2027-02-01"})
    await api.made("/api/inventory", {"id": "I-1", "name": "x", "sku": "S-1", "quantity": 5, "unit": "m"})
    statements.clear()
    answers = await gate.together(
        api.post("/api/events", EVENT),
        api.post("/api/events", {**EVENT, "id": "E-1"}),
        api.post("/api/events", {**EVENT, "id": "E-1", "severity": "CRITICAL"}),
        api.post("/api/inventory", {"id": "I-2", "name": "y", "sku": "S-1", "quantity": 5, "unit": "m"}),
        api.post("/api/jobs", {"id": "J-9", **JOB}),
        api.post("/api/inventory", {"id": "I-3", "name": "z", "sku": "S-3", "quantity": 5, "unit": "m"}),
    )
    assert [answer.status for answer in answers] == [201, 201, 409, 409, 201, 201]
    assert statements.commits == 2
    assert [row["id"] for row in (await api.get("/api/inventory")).json] == ["I-1", "I-3"]
    log = (await api.get("/api/system/changes?after=0")).json
    kept = [change["rowId"] for change in log if change["rowId"] in ("E-1", "I-2", "J-9", "I-3")]
    assert kept == ["I-3", "J-9", "E-1"], "newest first"


async def test_more_than_it_can_carry(gate: Gate, api: Api) -> None:
    """Who comes when too many wait is told so at once and when to come again; those who wait get their answers."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        crowd = Api(api.url, api.tokens, session, api.folder)
        last = await gate.close(crowd.post("/api/events", EVENT))
        waiting = [asyncio.ensure_future(crowd.post("/api/events", EVENT)) for _ in range(MAX_WAITING)]
        await gate.until_waiting(MAX_WAITING)
        for _ in range(2 * MAX_WAITING):
            refused = await api.post("/api/events", EVENT)
            assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert refused.json["type"] == "/problems/busy"
        assert (await api.get("/api/machines")).status == 200, "who only reads notices nothing"
        gate.open()
        assert {answer.status for answer in await asyncio.gather(last, *waiting)} == {201}
    assert (await api.post("/api/events", EVENT)).status == 201
    assert len((await api.get("/api/events?limit=1000")).json) == MAX_WAITING + 2


async def test_more_readings_than_it_can_carry(gate: Gate, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with writes: who comes when too many wait to read is told so at once, and ready lists go on."""
    lanes: list[Lanes] = []
    free, run, among = asyncio.Event(), Lane.run, Lanes.run

    async def held(self: Lane, work: Any) -> Any:
        await free.wait()
        return await run(self, work)

    monkeypatch.setattr(Lanes, "run", lambda self, work: lanes.append(self) or among(self, work))
    ready = await api.get("/api/machines")
    monkeypatch.setattr(Lane, "run", held)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        crowd = Api(api.url, api.tokens, session, api.folder)
        asked = [
            asyncio.ensure_future(crowd.get(f"/api/jobs?limit={number + 1}"))  # each another list
            for number in range(MAX_READINGS + CONNECTIONS)
        ]
        while not lanes or lanes[-1].waiting < MAX_READINGS:
            await asyncio.sleep(0.001)
        for path in ("/api/jobs", "/api/jobs?limit=1000", "/api/jobs/J-1"):
            refused = await api.get(path)
            assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
            assert refused.json["type"] == "/problems/busy"
        assert (await api.get("/api/machines", If_None_Match=ready.headers["ETag"])).status == 304
        free.set()
        assert {answer.status for answer in await asyncio.gather(*asked)} == {200}
    assert (await api.get("/api/jobs")).status == 200


async def test_a_poll_of_an_unchanged_list_is_a_few_hundred_bytes(api: Api) -> None:
    """On the wire, both ways; 200 terminals send 400 of these a second."""
    await api.post("/api/events", EVENT)
    etag = (await api.get("/api/events")).headers["ETag"]
    host, _, port = api.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    said = f"GET /api/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.tokens['ADMIN']}\r\n"
    writer.write(f"{said}If-None-Match: {etag}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 304 ")
    assert len(answer) < 500, answer


async def test_other_stamps_are_another_version(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object whose stamps were set right, and nothing else, has the tag that If-Match asks about from then on.

    In the list of its collection it has the place that its creation has now.
    """
    jobs: list[Rows] = []
    allowed = Rows.allowed
    monkeypatch.setattr(Rows, "allowed", lambda self, *asked: jobs.append(self) or allowed(self, *asked))
    await api.made("/api/jobs", {"id": "J-0", **JOB})
    await api.made("/api/jobs", {"id": "J-1", **JOB})
    store = jobs[-1].store
    assert [job["id"] for job in (await api.get("/api/jobs")).json] == ["J-0", "J-1"]
    old = (await api.get("/api/jobs/J-1")).headers["ETag"]

    def right(tx: Transaction) -> None:
        stored = tx.stored(JOBS, "J-1")
        assert stored
        tx.restamp(JOBS, stored, replace(stored.row, born="00" + stored.row.born[2:-1] + "x"))
        tx.after_commit(store.restamped)

    await store.door.write(right, Author("sync"))
    assert [job["id"] for job in (await api.get("/api/jobs")).json] == ["J-1", "J-0"]
    new = (await api.get("/api/jobs/J-1")).headers["ETag"]
    assert new != old
    assert (await api.patch("/api/jobs/J-1", {"notes": "x"}, If_Match=old)).status == 412
    assert (await api.patch("/api/jobs/J-1", {"notes": "x"}, If_Match=new)).status == 200
