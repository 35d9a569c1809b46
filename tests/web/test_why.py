"""Why a row is as it is: over the wire and as a command, after two PCs of a plant have written to it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from structura_local import clock
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.domain.row import Row
from structura_local.domain.users import USERS
from sync.central.memory import Partition
from tests.pcs import Pc, refusing, two_pcs
from tests.plant import ID, START_ISO, Api, Clock, Serve
from tests.test_commands import run
from tests.web.contract import minimal


def data(path: str, **more: Any) -> dict[str, Any]:
    return {k: v for k, v in minimal(path, **more).items() if k != "id"}


async def why(api: Api, path: str, who: str = "SUPERVISOR") -> dict[str, Any]:
    answer = await api.get(f"/api/system/why/{path}", who)
    assert answer.status == 200, answer.body
    story: dict[str, Any] = answer.json
    return story


def field(story: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in story["fields"] if one["field"] == name)
    return found


async def in_step(one: Pc, two: Pc) -> None:
    for pc in (one, two, one):
        await pc.sync()


async def test_a_fields_last_writer(data_dir: Path, now: Clock, serve: Serve) -> None:
    """Each field says who wrote it, on which PC, when, and by which rule; the people are named."""
    async with two_pcs(data_dir, now) as (one, two):
        await one.create(JOBS, "J-1", data("jobs", productName="Perfil"))
        await in_step(one, two)
        now.move(seconds=60)
        await two.edit(JOBS, "J-1", ID["SUPERVISOR"], notes="Urgente")
        await in_step(one, two)
        nodes = one.store.door.run.node, two.store.door.run.node
    async with serve() as api:
        story = await why(api, "jobs/J-1")
        assert (story["alive"], story["life"], story["waits"]) == (True, 1, False)
        made = story["created"]
        assert (made["at"], made["node"], made["userId"]) == (START_ISO, nodes[0], ID["ADMIN"])
        product, notes = field(story, "productName"), field(story, "notes")
        assert (product["rule"], product["value"], product["written"]) == ("last-writer", "Perfil", made)
        late = {"at": clock.iso(now.ms), "node": nodes[1], "userId": ID["SUPERVISOR"]}
        assert {k: v for k, v in notes["written"].items() if k != "stamp"} == late
        assert story["users"] == {ID["ADMIN"]: "Ana Jefa", ID["SUPERVISOR"]: "Saúl Turno"}


async def test_its_changes(data_dir: Path, now: Clock, serve: Serve) -> None:
    """Changes come newest first, with when each reached head office, that it came from there, or that it waits."""
    async with two_pcs(data_dir, now) as (one, two):
        await one.create(JOBS, "J-1", data("jobs"))
        now.move(seconds=60)
        await in_step(one, two)
        pushed = clock.iso(now.ms)
        await two.edit(JOBS, "J-1", ID["SUPERVISOR"], notes="Urgente")
        await two.sync()
        await one.sync()
    async with serve() as api:
        now.move(seconds=60)
        await api.patch("/api/jobs/J-1", {"notes": "No tanto"})
        story = await why(api, "jobs/J-1")
        last, brought, first = story["changes"]
        assert (first["kind"], first["userId"], first["at"]) == ("create", ID["ADMIN"], START_ISO)
        assert first["reachedCentral"] == pushed
        assert (brought["origin"], brought["written"]["userId"]) == ("sync", ID["SUPERVISOR"])
        assert not brought.keys() & {"reachedCentral", "waits", "refused", "userId"}
        assert (last["fields"], last["waits"]) == ({"notes": ["Urgente", "No tanto"]}, True)
        assert (story["waits"], story["changeCount"]) == (True, 3)


async def test_what_adds_up(data_dir: Path, now: Clock, serve: Serve) -> None:
    """A counter is its base and what was added where, here by whom; a set's elements say who added them."""
    async with two_pcs(data_dir, now) as (one, two):
        await one.create(INVENTORY, "I-1", data("inventory", quantity=100))
        await one.create(JOBS, "J-1", data("jobs", operatorIds=["U-1"]))
        await in_step(one, two)
        now.move(seconds=60)
        await one.edit(INVENTORY, "I-1", ID["OPERATOR"], quantity=90)
        await one.edit(INVENTORY, "I-1", ID["SUPERVISOR"], quantity=85.5)
        await two.edit(INVENTORY, "I-1", ID["ADMIN"], quantity=150)
        await two.edit(JOBS, "J-1", ID["OTHER"], operatorIds=["U-1", "U-2"])
        await in_step(one, two)
        nodes = one.store.door.run.node, two.store.door.run.node
    async with serve() as api:
        quantity = field(await why(api, "inventory/I-1"), "quantity")
        assert (quantity["rule"], quantity["value"], quantity["base"]["value"]) == ("counter", 135.5, 100)
        assert quantity["base"]["written"]["userId"] == ID["ADMIN"]
        by_node = {entry["node"]: entry for entry in quantity["entries"]}
        assert by_node[nodes[1]]["added"] == 50
        assert by_node[nodes[0]]["added"] == -14.5
        assert sorted((share["userId"], share["added"]) for share in by_node[nodes[0]]["by"]) == [
            (ID["OPERATOR"], -10), (ID["SUPERVISOR"], -4.5),
        ]  # fmt: skip
        assert by_node[nodes[1]]["by"] == [], "the other PC's log is there"
        operators = field(await why(api, "jobs/J-1"), "operatorIds")
        assert (operators["rule"], operators["value"]) == ("set", ["U-1", "U-2"])
        assert operators["elements"] == [
            {"element": "U-1", "at": START_ISO, "node": nodes[0], "userId": ID["ADMIN"]},
            {"element": "U-2", "at": clock.iso(now.ms), "node": nodes[1], "userId": ID["OTHER"]},
        ]


async def test_deleted_with_a_conflict(data_dir: Path, now: Clock, serve: Serve) -> None:
    """Also a deleted row is explained: by whom it was deleted, and what that buried."""
    async with two_pcs(data_dir, now) as (one, two):
        await one.create(JOBS, "J-1", data("jobs"))
        await in_step(one, two)
        now.move(seconds=60)
        await one.edit(JOBS, "J-1", ID["OPERATOR"], notes="Cortar a 6 m.")
        await two.remove(JOBS, "J-1", ID["SUPERVISOR"])
        await in_step(one, two)
    async with serve() as api:
        story = await why(api, "jobs/J-1")
        assert (story["alive"], story["life"], story["turned"]["userId"]) == (False, 2, ID["SUPERVISOR"])
        (conflict,) = story["conflicts"]
        assert conflict == (await api.get("/api/system/conflicts")).json[0]
        assert field(story, "notes")["value"] == "Cortar a 6 m."


async def test_refused_by_head_office(data_dir: Path, now: Clock, serve: Serve) -> None:
    """A change that head office refused is told from those that it has, also while it is tried again."""
    partition = Partition("norte", now)
    async with two_pcs(data_dir, now, partition) as (one, _):
        await one.create(JOBS, "J-1", data("jobs"))
        await one.sync()
        partition.refuses = refusing("jobs", "J-1", "J-2")
        now.move(seconds=60)
        await one.edit(JOBS, "J-1", notes="x")
        await one.create(JOBS, "J-2", data("jobs"))
        await one.sync()
    async with serve() as api:
        story = await why(api, "jobs/J-1")
        last, first = story["changes"]
        assert (last.get("refused"), last.get("reachedCentral")) == (True, None)
        assert first["reachedCentral"] == START_ISO
        (made,) = (await why(api, "jobs/J-2"))["changes"]
        assert (made.get("refused"), made.get("reachedCentral")) == (True, None), "of a new row all was refused"
        (line,) = story["setAside"]
        assert line == (await api.get("/api/system/set-aside?rowId=J-1")).json[0]
        await api.post(f"/api/system/set-aside/{line['id']}/retry")
        last, first = (await why(api, "jobs/J-1"))["changes"]
        assert (last.get("waits"), last.get("refused"), first["reachedCentral"]) == (True, None, START_ISO)


async def test_not_storable_here(data_dir: Path, now: Clock, serve: Serve) -> None:
    """A row that head office has and this PC cannot store is explained from what was set aside."""
    partition = Partition("norte", now)
    async with two_pcs(data_dir, now, partition) as (one, _):
        born = f"{now():012x}0000central0"
        partition.put("clients", Row("C-9", born, 1, {}, {}, {"name": "Este", "phone": {"a": 1}}), None)
        await one.sync()
    async with serve() as api:
        story = await why(api, "clients/C-9")
        assert (story["changes"], [line["direction"] for line in story["setAside"]]) == ([], ["pull"])
        assert field(story, "name")["value"] == "Este"
        assert story["created"].keys() == {"stamp", "at"}, "nobody has told whose the stamp is"


async def test_secrets_are_masked(data_dir: Path, now: Clock, serve: Serve) -> None:
    """Of a PIN it is told that and by whom it was set; hash and lookup are nowhere."""
    async with two_pcs(data_dir, now) as (one, two):
        await one.edit(USERS, ID["OTHER"], pinHash="$2b$uno", pinLookup="uno")
        now.move(seconds=60)
        await two.edit(USERS, ID["OTHER"], pinHash="$2b$dos", pinLookup="dos")
        await in_step(one, two)
    async with serve() as api:
        answer = await api.get(f"/api/system/why/users/{ID['OTHER']}")
        pin = field(answer.json, "pin")
        assert (pin["value"], pin["written"]["userId"]) == ("••••", ID["ADMIN"])
        assert answer.json["changes"][0]["fields"] == {"pin": ["••••", "••••"]}
        assert len(answer.json["conflicts"]) == 1
        assert not any(word in answer.body for word in (b"$2b$", b"uno", b"dos", b"pinHash", b"pinLookup"))


async def test_what_is_not_there(api: Api) -> None:
    """No such row, no such collection: 404. What only the sync uses is explained to nobody."""
    for path in ("jobs/nope", "nope/J-1", "actors/x", "conflicts/x", "project_accessories/x"):
        assert (await api.get(f"/api/system/why/{path}")).status == 404, path


async def test_other_peoples_post(api: Api) -> None:
    """Why a message is as it is tells what it says: only to those who may read it, also when it is deleted."""
    await api.made("/api/messages", {"id": "M", "to": ID["OTHER"], "content": "entre nosotros"}, "OPERATOR")
    await api.made("/api/messages", {"id": "A", "to": "ALL", "content": "a todos"}, "OPERATOR")
    for _ in range(2):
        for who, status in (("SUPERVISOR", 404), ("ADMIN", 200)):
            answer = await api.get("/api/system/why/messages/M", who)
            assert (answer.status, b"entre nosotros" in answer.body) == (status, status == 200)
        await api.delete("/api/messages/M")
    assert (await api.get("/api/system/why/messages/A", "SUPERVISOR")).status == 200


@pytest.mark.parametrize(("who", "status"), [("ADMIN", 200), ("SUPERVISOR", 200), ("OPERATOR", 403), (None, 401)])
async def test_roles(api: Api, who: str | None, status: int) -> None:
    """The office asks why; others do not."""
    assert (await api.get(f"/api/system/why/users/{ID['ADMIN']}", who)).status == status


async def test_as_a_command(data_dir: Path, now: Clock, serve: Serve) -> None:
    """`why` prints the story for people, or as JSON; beside a running server and without one, in two languages."""
    async with two_pcs(data_dir, now) as (one, two):
        await one.create(INVENTORY, "I-1", data("inventory", name="Bobina", quantity=100))
        await one.create(JOBS, "J-1", data("jobs", operatorIds=[ID["OTHER"]]))
        await in_step(one, two)
        now.move(seconds=60)
        await one.edit(INVENTORY, "I-1", ID["OPERATOR"], quantity=90, name="Bobina uno")
        now.move(seconds=60)
        await two.edit(INVENTORY, "I-1", ID["SUPERVISOR"], quantity=70, name="Bobina dos")
        await two.remove(JOBS, "J-1", ID["SUPERVISOR"])
        await in_step(one, two)
        here, there = one.store.door.run.node, two.store.door.run.node
    common = ["--data-dir", data_dir]
    async with serve() as api:
        beside = await asyncio.to_thread(run, "why", "inventory", "I-1", *common)
        as_json = await asyncio.to_thread(run, "why", "inventory", "I-1", "--json", *common)
        assert json.loads(as_json.stdout) == await why(api, "inventory/I-1")
        unknown = await asyncio.to_thread(run, "why", "jobs", "no such / job", *common)
        assert (unknown.returncode, unknown.stderr) == (
            1, "structura-local: no such / job does not exist (any more).\n",
        )  # fmt: skip
    alone = run("why", "inventory", "I-1", *common)
    assert (alone.returncode, alone.stderr, alone.stdout) == (0, "", beside.stdout)
    text = alone.stdout
    assert text.startswith("inventory I-1: exists; created ")
    assert f"Saúl Turno (U-SUPER) on PC {there}]" in text
    assert "quantity = 60" in text
    assert f"-10 on PC {here} (-10 by Olga Taller (U-OPER))" in text
    assert f"-30 on PC {there}\n" in text
    assert "name: Bobina → Bobina uno" in text
    assert "name: Bobina dos (" in text
    assert "won over Bobina uno (" in text
    assert "head office had it " in text
    assert "came from head office" in text
    gone = run("why", "jobs", "J-1", *common, LC_ALL="es_UY.UTF-8", PYTHONUTF8="1")
    assert gone.stdout.startswith("jobs J-1: está eliminado; creado ")
    assert "Óscar Taller: agregado " in gone.stdout
    assert f"Saúl Turno (U-SUPER) en la PC {there}" in gone.stdout
