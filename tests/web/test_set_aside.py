"""Rows that one side could not take, over the wire: refused by a head office, or not storable here."""

from pathlib import Path
from typing import Any

import pytest

from structura_local.domain.clients import CLIENTS
from structura_local.domain.row import Row
from structura_local.store import aside
from sync.central.memory import Partition
from sync.protocol import Tagged
from tests.pcs import refusing, two_pcs
from tests.plant import START_ISO, Api, Clock, Serve

ASIDE = "/api/system/set-aside"


async def listed(api: Api, parameters: str = "") -> list[dict[str, Any]]:
    answer = await api.get(f"{ASIDE}{parameters}", "SUPERVISOR")
    assert answer.status == 200, answer.body
    entries: list[dict[str, Any]] = answer.json
    return entries


async def test_refused_by_head_office(data_dir: Path, now: Clock, serve: Serve) -> None:
    """A refused row is shown with the reason; asked for again it waits, goes out, and is set aside no more."""
    partition = Partition("norte", now)
    async with two_pcs(data_dir, now, partition) as (one, _):
        partition.refuses = refusing("clients", "C-1")
        await one.create(CLIENTS, "C-1", {"name": "Sur"})
        await one.create(CLIENTS, "C-2", {"name": "Norte"})
        await one.sync()
        assert ("clients", "C-2") in partition.rows, "it held up nobody"
    async with serve() as api:
        (entry,) = await listed(api)
        number = entry.pop("id")
        version = (await api.get("/api/system/status")).json["version"]
        assert entry == {
            "direction": "push", "collection": "clients", "rowId": "C-1", "reason": "The value is out of range.",
            "at": START_ISO, "version": version, "state": "aside",
        }  # fmt: skip
        before = (await api.get("/api/system/status")).json["sync"]["pending"]
        retried = await api.post(f"{ASIDE}/{number}/retry", who="SUPERVISOR")
        assert (retried.status, retried.json["state"]) == (200, "waiting")
        assert (await api.post(f"{ASIDE}/{number}/retry")).json == retried.json, "twice is once"
        assert (await listed(api))[0]["state"] == "waiting"
        assert (await api.get("/api/system/status")).json["sync"]["pending"] == before + 1
        for nothing in (number + 1, "x", "-1", "9" * 30):
            assert (await api.post(f"{ASIDE}/{nothing}/retry")).status == 404
    async with two_pcs(data_dir, now, partition) as (one, _):
        assert ("clients", "C-1") not in partition.rows, "head office still refuses"
        assert one.differing == []
    async with serve() as api:
        assert [entry["state"] for entry in await listed(api)] == ["aside"]
        await api.post(f"{ASIDE}/{number}/retry")
    partition.refuses = lambda row: None
    async with two_pcs(data_dir, now, partition) as (one, two):
        assert partition.rows["clients", "C-1"].row.data["name"] == "Sur"
        assert one.differing == two.differing == []
    async with serve() as api:
        assert await listed(api) == []


async def test_not_storable_here(data_dir: Path, now: Clock, serve: Serve) -> None:
    """A row of head office that this PC cannot store is kept; tried again it is taken once it can be stored."""
    partition = Partition("norte", now)
    async with two_pcs(data_dir, now, partition) as (one, _):
        born = f"{now():012x}0000central0"
        partition.put("clients", Row("C-9", born, 1, {}, {}, {"name": "Este", "phone": {"a": 1}}), None)
        await one.sync()
        assert one.differing == []
    async with serve() as api:
        (entry,) = await listed(api, "?direction=pull")
        assert (entry["rowId"], "cannot store" in entry["reason"]) == ("C-9", True)
        still = (await api.post(f"{ASIDE}/{entry['id']}/retry")).json
        assert (still["state"], still["id"]) == ("aside", entry["id"])
        assert (await api.get("/api/clients/C-9")).status == 404
    async with two_pcs(data_dir, now, partition) as (one, _):
        kept = 'UPDATE set_aside SET "row" = replace("row", \'{"a":1}\', \'"555"\')'
        await one.write(lambda tx: tx.connection.execute(kept))  # what an upgrade that knows the form comes to
    async with serve() as api:
        taken = (await api.post(f"{ASIDE}/{entry['id']}/retry")).json
        assert (taken["state"], taken["rowId"]) == ("taken", "C-9")
        assert (await api.get("/api/clients/C-9")).json["phone"] == "555"
        assert await listed(api) == []


async def test_filters_and_pages(data_dir: Path, now: Clock, serve: Serve) -> None:
    """By direction, collection and row; the latest first, each once over the pages; what is unknown is 422."""
    partition = Partition("norte", now)
    async with two_pcs(data_dir, now, partition) as (one, _):
        ids = [f"C-{number}" for number in range(5)]
        partition.refuses = refusing("clients", *ids)
        for row_id in ids:
            await one.create(CLIENTS, row_id, {"name": "x"})
        await one.sync()
    async with serve() as api:
        url, seen = f"{ASIDE}?limit=2", []
        while url:
            page = await api.get(url)
            assert page.headers["X-Total-Count"] == "5"
            seen += [entry["rowId"] for entry in page.json]
            url = page.headers.get("Link", "").partition(">")[0].removeprefix(f"<{api.url}")
        assert sorted(seen) == ids
        assert len(await listed(api, "?rowId=C-1&direction=push&collection=clients")) == 1
        assert await listed(api, "?collection=project-accessories") == []
        for wrong in ("nope=1", "direction=x", "limit=0", "cursor=x", "cursor=WyJ4Il0", "id=x"):
            assert (await api.get(f"{ASIDE}?{wrong}")).status == 422, wrong


@pytest.mark.parametrize(("who", "status"), [("ADMIN", 200), ("SUPERVISOR", 200), ("OPERATOR", 403), (None, 401)])
async def test_roles(data_dir: Path, now: Clock, serve: Serve, who: str | None, status: int) -> None:
    """The office looks and tries again; others do not."""
    partition = Partition("norte", now)
    async with two_pcs(data_dir, now, partition) as (one, _):
        partition.refuses = refusing("clients", "C-1")
        await one.create(CLIENTS, "C-1", {"name": "x"})
        await one.sync()
    async with serve() as api:
        (entry,) = await listed(api)
        assert (await api.get(ASIDE, who)).status == status
        assert (await api.post(f"{ASIDE}/{entry['id']}/retry", who=who)).status == status
        assert (await listed(api))[0]["state"] == ("waiting" if status == 200 else "aside")


@pytest.mark.parametrize("whose", ["sync.central.memory.__version__", "sync.local.__version__"])
async def test_a_new_version_tries_again(
    data_dir: Path, now: Clock, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """When the program on either side is another one, everything set aside is tried again by itself, once."""
    partition = Partition("norte", now)
    tried: list[str] = []

    def refuses(row: Tagged) -> str | None:
        if row.row.id == "C-1":
            tried.append(row.row.id)
        return refusing("clients", "C-1")(row)

    async with two_pcs(data_dir, now, partition) as (one, _):
        partition.refuses = refuses
        await one.create(CLIENTS, "C-1", {"name": "Sur"})
        born = f"{now():012x}0000central0"
        partition.put("clients", Row("C-9", born, 1, {}, {}, {"name": "Este", "phone": {"a": 1}}), None)
        await one.sync()
        kept = 'UPDATE set_aside SET "row" = replace("row", \'{"a":1}\', \'"555"\')'
        await one.write(lambda tx: tx.connection.execute(kept))  # what an upgrade that knows the form comes to
        tried.clear()
        await one.sync()
        assert tried == []
        monkeypatch.setattr(whose, "99.0.0")
        await one.sync()
        assert tried == ["C-1"]
        await one.sync()
        assert tried == ["C-1"]
        (line,) = await aside.read(one.store.reader, aside.PUSH)
        assert line.row_id == "C-1"
        assert await aside.read(one.store.reader, aside.PULL) == []
        row = await one.store.reader.get(CLIENTS, "C-9")
        assert row is not None
        assert row.data["phone"] == "555"
        partition.refuses = lambda row: None
        monkeypatch.setattr(whose, "100.0.0")
        await one.sync()
        assert ("clients", "C-1") in partition.rows
        assert await aside.read(one.store.reader, aside.PUSH) == []
        assert one.differing == []
