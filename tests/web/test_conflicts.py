"""The journal of conflicts over the wire, after real conflicts between two PCs of a plant."""

from pathlib import Path
from typing import Any

import pytest

from structura_local import clock
from structura_local.domain.events import EVENTS
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.domain.machines import MACHINES
from structura_local.domain.users import USERS
from tests.pcs import Pc, two_pcs
from tests.plant import ID, PIN, Api, Clock, Serve
from tests.web.contract import minimal

CONFLICTS = "/api/system/conflicts"


async def listed(api: Api, parameters: str = "", who: str = "SUPERVISOR") -> list[dict[str, Any]]:
    answer = await api.get(f"{CONFLICTS}{parameters}", who)
    assert answer.status == 200, answer.body
    entries: list[dict[str, Any]] = answer.json
    return entries


def data(path: str, **more: Any) -> dict[str, Any]:
    return {k: v for k, v in minimal(path, **more).items() if k != "id"}


async def in_step(one: Pc, two: Pc) -> None:
    for pc in (one, two, one):
        await pc.sync()


async def shared(one: Pc, two: Pc) -> None:
    """What both PCs know before they lose sight of each other."""
    await one.create(MACHINES, "M-1", {**data("machines"), "name": "Torno", "status": "IDLE"})
    await one.create(
        JOBS, "J-1", {**data("jobs"), "productName": "Perfil", "completedQuantity": 0, "status": "PENDING"}
    )
    await in_step(one, two)


async def rename(one: Pc, two: Pc, now: Clock) -> None:
    """The conflict of most tests: two people rename one machine, Saúl a minute after Ana."""
    await shared(one, two)
    now.move(seconds=60)
    await one.edit(MACHINES, "M-1", ID["ADMIN"], name="De Ana")
    now.move(seconds=60)
    await two.edit(MACHINES, "M-1", ID["SUPERVISOR"], name="De Saúl")
    await in_step(one, two)


async def test_an_entry(data_dir: Path, now: Clock, serve: Serve) -> None:
    """Both values with when, where and by whom; both PCs have the same entry."""
    async with two_pcs(data_dir, now) as (one, two):
        await rename(one, two, now)
        nodes = (one.store.door.run.node, two.store.door.run.node)
        assert one.differing == two.differing == [], "the journal is among what is compared"
    async with serve() as api:
        (entry,) = await listed(api)
        assert (entry["collection"], entry["rowId"], entry["field"], entry["seen"]) == (
            "machines",
            "M-1",
            "name",
            False,
        )
        winner, loser = entry["winner"], entry["loser"]
        assert (loser.pop("stamp") < winner.pop("stamp")) is True
        early, late = clock.iso(now.ms - 60_000), clock.iso(now.ms)
        assert winner == {"value": "De Saúl", "node": nodes[1], "userId": ID["SUPERVISOR"], "at": late}
        assert loser == {"value": "De Ana", "node": nodes[0], "userId": ID["ADMIN"], "at": early}
        assert entry["at"] == late
        assert (await api.get(f"{CONFLICTS}/{entry['id']}")).json == (await listed(api))[0]
        assert (await api.get(f"{CONFLICTS}/nope")).status == 404


async def test_seen_and_restored(data_dir: Path, now: Clock, serve: Serve) -> None:
    """Seen is kept over a restart; a restore writes the loser as the caller, once, and reaches the other PC."""
    async with two_pcs(data_dir, now) as (one, two):
        await rename(one, two, now)
        partition = one.partition
    now.move(seconds=60)
    async with serve() as api:
        (entry,) = await listed(api, "?seen=false")
        path = f"{CONFLICTS}/{entry['id']}"
        marked = await api.patch(path, {"seen": True}, "SUPERVISOR")
        assert (marked.status, marked.json) == (200, {**entry, "seen": True})
        assert await listed(api, "?seen=false") == []
        assert (await api.patch(path, {"seen": False})).json["seen"] is False
        for body in ({}, {"seen": 1}, {"seen": True, "at": "x"}, {"seen": None}):
            assert (await api.patch(path, body)).status == 422, body
        restored = await api.post(f"{path}/restore", who="SUPERVISOR")
        assert (restored.status, restored.json["name"]) == (200, "De Ana")
        assert restored.headers["ETag"] == (await api.get("/api/machines/M-1")).headers["ETag"]
        again = await api.post(f"{path}/restore", who="SUPERVISOR")
        assert (again.status, again.headers["ETag"]) == (200, restored.headers["ETag"]), "nothing was left to write"
    async with serve() as api:
        assert (await listed(api))[0]["seen"] is True
        changes = (await api.get("/api/system/changes?rowId=M-1&origin=api&userId=U-SUPER")).json
        assert changes[0]["fields"] == {"name": ["De Saúl", "De Ana"]}
        assert len(changes) == 1
    async with two_pcs(data_dir, now, partition) as (one, two):
        await in_step(one, two)
        row = await two.write(lambda tx: tx.get(MACHINES, "M-1"))
        assert row.data["name"] == "De Ana"
        assert one.differing == two.differing == []


async def test_a_deleted_object_comes_back(data_dir: Path, now: Clock, serve: Serve) -> None:
    """A delete that won is told as such; restoring what it buried brings the object back with that value."""
    async with two_pcs(data_dir, now) as (one, two):
        await shared(one, two)
        now.move(seconds=60)
        await one.edit(JOBS, "J-1", ID["OPERATOR"], notes="Cortar a 6 m.")
        await two.remove(JOBS, "J-1", ID["SUPERVISOR"])
        await in_step(one, two)
    async with serve() as api:
        (entry,) = await listed(api)
        assert entry["field"] == "notes"
        assert entry["winner"]["deleted"] is True
        assert "value" not in entry["winner"]
        assert (await api.get("/api/jobs/J-1")).status == 404
        restored = await api.post(f"{CONFLICTS}/{entry['id']}/restore")
        assert (restored.status, restored.json["notes"]) == (200, "Cortar a 6 m.")
        assert (await api.get("/api/jobs/J-1")).json == restored.json
        assert (await listed(api))[0]["winner"]["deleted"] is True, "it was, though it is back"
        assert (await listed(api, "?seen=true"))[0]["id"] == entry["id"]


async def test_a_finished_job_comes_back(data_dir: Path, now: Clock, serve: Serve) -> None:
    """Also one of an import, which runs no rules: it has what was restored, and nobody has finished it just now."""
    async with two_pcs(data_dir, now) as (one, two):
        await one.create(JOBS, "J-1", {**data("jobs"), "status": "COMPLETED"})
        await in_step(one, two)
        now.move(seconds=60)
        await one.edit(JOBS, "J-1", ID["OPERATOR"], notes="Cortar a 6 m.")
        now.move(seconds=60)
        await two.edit(JOBS, "J-1", ID["SUPERVISOR"], notes="Cortar a 5 m.")
        await two.remove(JOBS, "J-1", ID["SUPERVISOR"])
        await in_step(one, two)
    async with serve() as api:
        (entry,) = await listed(api)
        assert entry["loser"]["value"] == "Cortar a 6 m."
        restored = await api.post(f"{CONFLICTS}/{entry['id']}/restore")
        assert (restored.status, restored.json["notes"]) == (200, "Cortar a 6 m.")
        assert (await api.get("/api/jobs/J-1")).json == restored.json
        assert "completedAt" not in restored.json
        assert (await api.get("/api/events")).json == []


async def test_a_restore_is_a_change_like_any_other(data_dir: Path, now: Clock, serve: Serve) -> None:
    """Rules run on what is restored; what must be unique stays so; who may not change the field may not restore it."""
    async with two_pcs(data_dir, now) as (one, two):
        await shared(one, two)
        await one.create(INVENTORY, "I-1", {**data("inventory"), "sku": "A"})
        await in_step(one, two)
        now.move(seconds=60)
        await one.edit(MACHINES, "M-1", status="ERROR")
        await one.edit(INVENTORY, "I-1", sku="B")
        await one.edit(USERS, ID["OTHER"], name="Óscar Uno")
        now.move(seconds=60)
        await two.edit(MACHINES, "M-1", status="RUNNING")
        await two.edit(INVENTORY, "I-1", sku="C")
        await two.edit(USERS, ID["OTHER"], name="Óscar Dos")
        await in_step(one, two)
    async with serve() as api:
        by_field = {entry["field"]: f"{CONFLICTS}/{entry['id']}/restore" for entry in await listed(api)}
        await api.made("/api/inventory", minimal("inventory", id="I-2", sku="B"))
        refused = await api.post(by_field["sku"])
        assert (refused.status, "I-2" in refused.json["detail"]) == (409, True)
        assert (await api.get("/api/inventory/I-1")).json["sku"] == "C"
        assert (await api.post(by_field["name"], who="SUPERVISOR")).status == 403
        assert len(await listed(api, "?seen=false")) == 3, "what was refused changed nothing"
        assert (await api.post(by_field["name"])).json["name"] == "Óscar Uno"
        assert not [a for a in (await api.get("/api/alerts")).json if a["type"] == "MACHINE_STOPPED"]
        assert (await api.post(by_field["status"])).json["status"] == "ERROR"
        assert [a["relatedId"] for a in (await api.get("/api/alerts")).json if a["type"] == "MACHINE_STOPPED"] == [
            "M-1"
        ]


async def test_a_counters_base(data_dir: Path, now: Clock, serve: Serve) -> None:
    """Of two counts of one new stock, made at two places, the losing one is restored as the new value."""
    async with two_pcs(data_dir, now) as (one, two):
        await one.create(INVENTORY, "I-1", {**data("inventory"), "quantity": 100})
        now.move(seconds=60)
        await two.create(INVENTORY, "I-1", {**data("inventory"), "quantity": 80})
        await two.edit(INVENTORY, "I-1", quantity=70)
        await in_step(one, two)
    async with serve() as api:
        (entry,) = await listed(api, "?field=quantity")
        assert (entry["winner"]["value"], entry["loser"]["value"]) == (80, 100)
        assert (await api.get("/api/inventory/I-1")).json["quantity"] == 70
        assert (await api.post(f"{CONFLICTS}/{entry['id']}/restore")).json["quantity"] == 100


async def test_pins(data_dir: Path, now: Clock, serve: Serve) -> None:
    """Two new PINs for one person are one entry, masked; none of them can be brought back, and the answer says so."""
    async with two_pcs(data_dir, now) as (one, two):
        await one.edit(USERS, ID["OTHER"], pinHash="$2b$uno", pinLookup="uno")
        now.move(seconds=60)
        await two.edit(USERS, ID["OTHER"], pinHash="$2b$dos", pinLookup="dos")
        await in_step(one, two)
    async with serve() as api:
        (entry,) = await listed(api, "?limit=10")
        assert (await api.get(f"{CONFLICTS}?limit=10")).headers["X-Total-Count"] == "1"
        assert entry["field"] == "pin"
        assert (entry["winner"]["value"], entry["loser"]["value"]) == ("••••", "••••")
        assert await listed(api, "?field=pin") == [entry]
        refused = await api.post(f"{CONFLICTS}/{entry['id']}/restore", Accept_Language="es")
        assert (refused.status, "PIN" in refused.json["detail"], "nuevo" in refused.json["detail"]) == (409, True, True)
        assert (await listed(api))[0]["seen"] is False
        assert (await api.patch(f"{CONFLICTS}/{entry['id']}", {"seen": True})).status == 200
        assert await listed(api, "?seen=false") == []
        body = (await api.get(CONFLICTS)).body
        assert not any(word in body for word in (b"$2b$", b"uno", b"dos", b"pinHash", b"pinLookup"))


async def test_what_nobody_can_change(data_dir: Path, now: Clock, serve: Serve) -> None:
    """A log entry made differently at two places cannot be rewritten: 409 with the reason."""
    async with two_pcs(data_dir, now) as (one, two):
        await one.create(EVENTS, "E-1", {**data("events"), "description": "uno"})
        now.move(seconds=60)
        await two.create(EVENTS, "E-1", {**data("events"), "description": "dos"})
        await in_step(one, two)
    async with serve() as api:
        (entry,) = await listed(api, "?field=description")
        refused = await api.post(f"{CONFLICTS}/{entry['id']}/restore")
        assert (refused.status, "description of E-1" in refused.json["detail"]) == (409, True)


async def test_filters_and_pages(data_dir: Path, now: Clock, serve: Serve) -> None:
    """By collection, row, field, seen and time; newest first, each once over the pages; what is unknown is 422."""
    async with two_pcs(data_dir, now) as (one, two):
        for number in range(5):
            await one.create(MACHINES, f"M-{number}", {**data("machines"), "name": "x"})
        await in_step(one, two)
        for number in range(5):
            now.move(seconds=60)
            await one.edit(MACHINES, f"M-{number}", name="uno")
            now.move(seconds=60)
            await two.edit(MACHINES, f"M-{number}", name="dos")
        await in_step(one, two)
    async with serve() as api:
        url, seen = f"{CONFLICTS}?limit=2", []
        while url:
            page = await api.get(url)
            assert page.headers["X-Total-Count"] == "5"
            seen += [entry["rowId"] for entry in page.json]
            url = page.headers.get("Link", "").partition(">")[0].removeprefix(f"<{api.url}")
        assert seen == [f"M-{number}" for number in reversed(range(5))]
        assert len(await listed(api, "?rowId=M-1&rowId=M-2")) == 2
        assert len(await listed(api, "?collection=jobs")) == 0
        assert len(await listed(api, "?collection=machines&field=name")) == 5
        assert len(await listed(api, f"?since={clock.iso(now.ms - 130_000)}")) == 2
        tag = (await api.get(CONFLICTS)).headers["ETag"]
        assert (await api.get(CONFLICTS, If_None_Match=tag)).status == 304
        for wrong in ("nope=1", "seen=x", "collection=x", "limit=0", "cursor=x", "cursor=WzFd"):
            answer = await api.get(f"{CONFLICTS}?{wrong}")
            assert answer.status == 422, wrong
            assert answer.json["errors"][0]["field"] == wrong.partition("=")[0]


@pytest.mark.parametrize(("who", "status"), [("ADMIN", 200), ("SUPERVISOR", 200), ("OPERATOR", 403), (None, 401)])
async def test_roles(data_dir: Path, now: Clock, serve: Serve, who: str | None, status: int) -> None:
    """The office looks, marks and restores; an operator and a stranger do nothing of it."""
    async with two_pcs(data_dir, now) as (one, two):
        await rename(one, two, now)
    async with serve() as api:
        (entry,) = await listed(api)
        path = f"{CONFLICTS}/{entry['id']}"
        answers = [
            await api.get(CONFLICTS, who),
            await api.get(path, who),
            await api.patch(path, {"seen": True}, who),
            await api.post(f"{path}/restore", who=who),
        ]
        assert [answer.status for answer in answers] == [status] * 4
        assert (await listed(api))[0]["seen"] is (status == 200)
        assert (await api.login(PIN["ADMIN"])).status == 200
