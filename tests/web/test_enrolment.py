"""A plant that is served is connected to a real head office with a bundle, and anew with another."""

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from structura_local import clock
from structura_local.folder import Folder
from sync.central import office
from tests.plant import PIN, Api, serving
from tests.test_commands import run
from tests.web.contract import minimal
from tests.web.test_hostile import JSON, head, import_begun, wire
from tests.web.test_settings_change import settled

PATH = "/api/system/enrolment"
STATUS = "/api/system/status"
NOWHERE = {"plantId": "norte", "plantName": "Planta Norte", "dsn": "postgresql://x@127.0.0.1:1/x"}


@pytest.fixture
async def plant(data_dir: Path) -> AsyncIterator[Api]:
    """A plant by the real clock, which head office looks at."""
    async with serving(data_dir, {}, clock.now, mdns=False) as api:
        api.tokens = {"ADMIN": await api.token(PIN["ADMIN"])}
        yield api


async def status_when(api: Api, **wanted: Any) -> dict[str, Any]:
    """The status once it says this, and its sync that both sides are equal."""
    async with asyncio.timeout(120):
        while True:
            found: dict[str, Any] = (await settled(api, STATUS)).json
            if wanted.items() <= found.items() and found["sync"]["step"] == "in step" and not found["sync"]["pending"]:
                return found
            await asyncio.sleep(0.05)


async def clients(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return [row["id"] for row in await connection.fetch("SELECT id FROM structura.clients ORDER BY id")]
    finally:
        await connection.close()


async def test_connected_while_it_is_served(plant: Api, central_dsn: str) -> None:
    """What was written before reaches head office; with another bundle for the same plant all is there once more."""
    assert (await plant.get(STATUS)).json["sync"]["state"] == "local-only"
    await plant.made("/api/clients", minimal("clients", id="C-1"))
    bundle = await office.enroll(central_dsn, "norte", "Planta Norte")
    answer = await plant.post(PATH, {"bundle": bundle})
    assert (answer.status, answer.json) == (202, {"plantId": "norte", "plantName": "Planta Norte", "before": "none"})
    first = await status_when(plant, plant={"id": "norte", "name": "Planta Norte"})
    assert await clients(central_dsn) == ["C-1"]
    assert not (plant.folder.path / "bundle-ready.json").exists()

    again = await plant.post(PATH, {"bundle": bundle})
    assert (again.status, again.json["before"]) == (202, "same")
    assert (await status_when(plant, node=first["node"]))["node"] == first["node"]

    await plant.made("/api/clients", minimal("clients", id="C-2"))
    second = await office.enroll(central_dsn, "norte")
    replaced = await plant.post(PATH, {"bundle": second})
    assert (replaced.status, replaced.json["before"]) == (202, "another")
    async with asyncio.timeout(60):
        while (await settled(plant, STATUS)).json["node"] == first["node"]:
            await asyncio.sleep(0.05)
    await status_when(plant)
    assert await clients(central_dsn) == ["C-1", "C-2"]


async def test_what_is_wrong_is_said_and_nothing_changed(plant: Api, central_dsn: str) -> None:
    """No bundle, a plant of another name, another plant's, an import at the same time."""
    for wrong in ({}, {"plantId": "norte"}, {"plantId": 1, "dsn": "x"}):
        answer = await plant.post(PATH, {"bundle": wrong})
        assert (answer.status, answer.json["type"]) == (422, "/problems/bad-bundle")
    asked = await plant.post(PATH, {"bundle": {**NOWHERE, "plantName": "Sur"}}, Accept_Language="es")
    assert (asked.status, asked.json["type"]) == (409, "/problems/other-plant")
    assert asked.json["detail"] == "El paquete es de la planta 'Sur', no de 'Planta Norte'."
    body = orjson.dumps({"machines": []})
    async with wire(plant) as slow:
        await slow.say(head(plant, "POST /api/system/import", JSON, f"Content-Length: {len(body)}"))
        await import_begun(plant)
        busy = await plant.post(PATH, {"bundle": NOWHERE})
        assert (busy.status, busy.json["type"]) == (503, "/problems/import-running")
        assert int(busy.headers["Retry-After"]) > 0
    assert (await plant.get(STATUS)).json["sync"]["state"] == "local-only"
    assert plant.folder.bundle() is plant.folder.bundle_ready() is None

    bundle = await office.enroll(central_dsn, "norte", "Sur")
    assert (await plant.post(PATH, {"bundle": bundle, "anotherName": True})).status == 202
    await status_when(plant, plant={"id": "norte", "name": "Sur"})
    refused = await plant.post(PATH, {"bundle": {**NOWHERE, "plantId": "oeste"}, "anotherName": True})
    assert (refused.status, refused.json["type"]) == (409, "/problems/database-of-another")
    assert "'norte'" in refused.json["detail"]
    assert plant.folder.bundle() == bundle


async def test_sent_again(plant: Api, central_dsn: str) -> None:
    """Under a key it is answered as the first time, and the server does not begin anew; a bad key changes nothing."""
    bundle = await office.enroll(central_dsn, "norte", "Planta Norte")
    bad = await plant.post(PATH, {"bundle": bundle}, Idempotency_Key="k" * 256)
    assert (bad.status, bad.json["type"]) == (422, "/problems/bad-key")
    assert plant.folder.bundle() is plant.folder.bundle_ready() is None
    first = await plant.post(PATH, {"bundle": bundle}, Idempotency_Key="once")
    assert (first.status, first.json["before"]) == (202, "none")
    began = (await status_when(plant))["startedAt"]
    again = await plant.post(PATH, {"bundle": bundle}, Idempotency_Key="once")
    assert (again.status, again.body) == (202, first.body)
    other = await plant.post(PATH, {"bundle": {**bundle, "dsn": NOWHERE["dsn"]}}, Idempotency_Key="once")
    assert (other.status, other.json["type"]) == (422, "/problems/key-reused")
    assert (await plant.get(STATUS)).json["startedAt"] == began
    assert plant.folder.bundle() == bundle


async def test_the_command_beside_the_server(plant: Api, central_dsn: str, data_dir: Path, tmp_path: Path) -> None:
    """`enroll` hands the bundle to the server that runs; one for a plant of another name has to be meant, here too."""
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(await office.enroll(central_dsn, "norte", "Sur")))
    command = partial(asyncio.to_thread, run, "enroll", file, "--data-dir", data_dir)
    refused = await command()
    assert (refused.returncode, "for the plant 'Sur', not for 'Planta Norte'" in refused.stderr) == (1, True)
    assert plant.folder.bundle() is plant.folder.bundle_ready() is None
    done = await command("--yes")
    said = "This PC belongs to 'Sur' (norte) now. It connects to head office in a moment.\n"
    assert (done.returncode, done.stdout) == (0, said), done.stderr
    await status_when(plant, plant={"id": "norte", "name": "Sur"})


@pytest.mark.parametrize("has_joined", [False, True])
async def test_the_power_fails_before_it_has_joined(data_dir: Path, central_dsn: str, *, has_joined: bool) -> None:
    """A bundle that lies ready is taken at the next start, also if that was cut off in the middle."""
    folder, bundle = Folder(data_dir), await office.enroll(central_dsn, "norte", "Planta Norte")
    folder.lay_bundle_ready(bundle)
    if has_joined:
        folder.keep_bundle(bundle)
    async with serving(data_dir, {}, clock.now, mdns=False) as api:
        api.tokens = {"ADMIN": await api.token(PIN["ADMIN"])}
        await status_when(api, plant={"id": "norte", "name": "Planta Norte"})
    assert folder.bundle_ready() is None
    assert json.loads((data_dir / "bundle.json").read_text())["dsn"] == bundle["dsn"]
