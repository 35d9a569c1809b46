"""The first start: a link that is good once, what it lets one do, and that nothing else is open before."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from structura_local import app
from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.operations import first_start
from structura_local.settings import Settings, load
from tests.plant import Api, Serve

PLANT = {"plant": "Planta Norte", "timeZone": "America/Montevideo", "admin": {"name": "Ana", "pin": "482915"}}
BUNDLE = {"plantId": "norte", "plantName": "Planta Norte", "dsn": "postgresql://x@127.0.0.1:1/x"}
MACHINES = {"machines": [{"id": "M-9", "name": "Conf. 9", "type": "CONFORMADORA"}]}


class Fresh(Api):
    """A server without a plant; `links` are those it has offered."""

    links: list[str]

    async def claimed(self) -> str:
        answer = await self.post("/api/setup/claim", {"link": self.links[-1].partition("#")[2]}, None)
        assert answer.status == 200, answer.body
        session: str = answer.json["session"]
        return session

    async def until_served(self) -> None:
        async with asyncio.timeout(60):
            while (await self.get("/readyz", None)).status != 200:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def fresh(folder: Path, **configured: Any) -> AsyncIterator[Fresh]:
    links: list[str] = []
    settings = Settings(data_dir=folder, host="127.0.0.1", port=0, **configured)
    async with (
        app.served(settings, Folder(folder), told=links.extend) as url,
        aiohttp.ClientSession() as session,
    ):
        while not links:
            await asyncio.sleep(0)
        api = Fresh(url, {}, session, Folder(folder))
        api.links = links
        yield api


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Fresh]:
    async with fresh(tmp_path / "data") as api:
        yield api


async def test_nothing_else_is_open(server: Fresh) -> None:
    """Whatever is asked for, the answer is that the server waits; a browser is led to the page that says where."""
    for method, path in (("GET", "/api/machines"), ("POST", "/api/auth/login"), ("GET", "/console"), ("GET", "/docs"),
                         ("GET", "/api/live"), ("POST", "/api/system/import")):  # fmt: skip
        answer = await server.ask(method, path, None, None)
        assert (answer.status, answer.json["type"]) == (503, "/problems/not-set-up"), path
    led = await server.get("/", None, Accept="text/html")
    assert (led.status, led.headers["Location"]) == (302, "/setup")
    assert (await server.get("/setup", None)).status == 200
    assert (await server.get("/console/client.js", None)).status == 200
    assert (await server.get("/healthz", None)).status == 200
    assert not Folder(server.folder.path).exists


async def test_a_link_is_good_once(server: Fresh) -> None:
    """Whoever opens it first has it; guesses and its former holders have nothing, whatever they ask for."""
    link = server.links[0].partition("#")[2]
    assert len(link) >= 43, "256 bits"
    assert (await server.post("/api/setup/claim", {"link": link[:-1] + "_"}, None)).status == 401
    session = await server.claimed()
    assert (await server.post("/api/setup/claim", {"link": link}, None)).status == 401
    for who in (None, "nobody", link):
        for path in ("/api/setup", "/api/setup/import", "/api/setup/finish"):
            assert (await server.post(path, PLANT, who)).status == 401, (path, who)
    assert (await server.post("/api/setup/finish", None, session)).status == 503, "there is no plant yet"


async def test_a_link_expires_and_another_is_said(tmp_path: Path) -> None:
    """A link that nobody opens, and a session in which nothing happens, end after an hour; then there is a new link."""
    time = 0
    first = first_start.FirstStart(Folder(tmp_path), Settings(data_dir=tmp_path), lambda: None, lambda: time)  # type: ignore[arg-type,return-value]
    link = first.new_link()
    time += first_start.LASTS
    with pytest.raises(AppError, match="expired"):
        first.claim(link)
    await asyncio.wait_for(first.gone_stale(), 30)
    session = first.claim(first.new_link())
    time += first_start.LASTS - 1
    first.let_in(session)
    time += first_start.LASTS - 1
    first.let_in(session)
    waiting = asyncio.create_task(first.gone_stale())
    await asyncio.sleep(0.01)
    assert not waiting.done(), "somebody is at it"
    time += first_start.LASTS
    with pytest.raises(AppError, match="expired"):
        first.let_in(session)
    waiting.cancel()
    again = first.new_link()
    assert again != link
    with pytest.raises(AppError):
        first.let_in(session)


async def test_from_nothing_to_a_plant(server: Fresh) -> None:
    """Name, zone, administrator, old data after a look at it; then the same address serves the plant."""
    session = await server.claimed()
    for wrong, code in (
        ({**PLANT, "admin": {"name": "Ana", "pin": "1234"}}, "easy-pin"),
        ({**PLANT, "timeZone": "Mars/Olympus"}, "invalid"),
        ({**PLANT, "plant": ""}, "invalid"),
        ({**PLANT, "bundle": {"x": 1}}, "bad-bundle"),
    ):
        answer = await server.post("/api/setup", wrong, session)
        assert (answer.status, answer.json["type"]) == (422, f"/problems/{code}")
        assert not server.folder.exists
        assert not server.folder.database.exists()
    assert (await server.post("/api/setup/import", MACHINES, session)).json["type"] == "/problems/not-set-up"
    assert (await server.post("/api/setup", PLANT, session)).status == 200
    assert (await server.post("/api/setup", PLANT, session)).json["type"] == "/problems/set-up-already"
    looked = await server.post("/api/setup/import?dryRun=true", MACHINES, session)
    assert (looked.json["dryRun"], looked.json["collections"]["machines"]["new"]) == (True, 1)
    assert (await server.post("/api/setup/import", MACHINES, session)).json["collections"]["machines"]["new"] == 1
    assert (await server.get("/api/machines", None)).status == 503, "it is not served before the end"
    assert (await server.post("/api/setup/finish", None, session)).status == 200
    await server.until_served()
    token = await server.token("482915")
    assert [machine["id"] for machine in (await server.get("/api/machines", token)).json] == ["M-9"], "no made-up one"
    status = (await server.get("/api/system/status", token)).json
    assert status["plant"]["name"] == "Planta Norte"
    (zone,) = [s for s in (await server.get("/api/system/settings", token)).json if s["name"] == "time_zone"]
    assert (zone["value"], zone["origin"]) == ("America/Montevideo", "file")
    assert load({"data_dir": str(server.folder.path)}, {}).time_zone == "America/Montevideo"
    for path in ("/api/setup", "/api/setup/claim", "/api/setup/import", "/api/setup/finish"):
        assert (await server.post(path, PLANT, session)).json["type"] == "/problems/set-up-already", path


async def test_a_bundle_of_another_name_is_asked_about(server: Fresh) -> None:
    """The bundle's plant is named when it is not the one that was typed; said again it is taken, with its name."""
    session = await server.claimed()
    asked = await server.post("/api/setup", {**PLANT, "plant": "Planta Sur", "bundle": BUNDLE}, session)
    assert (asked.status, asked.json["type"]) == (409, "/problems/other-plant")
    assert "'Planta Norte', not for 'Planta Sur'" in asked.json["detail"]
    assert not server.folder.exists
    meant = {**PLANT, "plant": "Planta Sur", "bundle": BUNDLE, "anotherName": True}
    assert (await server.post("/api/setup", meant, session)).status == 200
    await server.post("/api/setup/finish", None, session)
    await server.until_served()
    status = (await server.get("/api/system/status", await server.token("482915"))).json
    assert status["plant"] == {"id": "norte", "name": "Planta Norte"}
    assert status["sync"]["state"] in ("connecting", "offline"), "the sync has begun"
    assert json.loads((server.folder.path / "bundle.json").read_text())["dsn"] == BUNDLE["dsn"]


async def test_stopped_on_the_way(tmp_path: Path) -> None:
    """A setup that broke off in the middle leaves no plant that nobody can log in to; one that was made is served."""
    folder = Folder(tmp_path / "data")
    folder.begin_setup()
    async with app.opened(folder):
        pass  # the power fails before there is an administrator
    assert not folder.exists
    async with fresh(tmp_path / "data") as server:
        assert (await server.post("/api/setup", PLANT, await server.claimed())).status == 200
    settings = Settings(data_dir=folder.path, host="127.0.0.1", port=0)
    async with app.served(settings, folder) as url, aiohttp.ClientSession() as session:
        assert (await Api(url, {}, session, folder).login("482915")).status == 200


async def test_settings_that_were_given_stay(tmp_path: Path) -> None:
    """A time zone from the command line or the environment is not overruled by a file."""
    origins = {"time_zone": ("environment", "STRUCTURA_TIME_ZONE")}
    async with fresh(tmp_path / "data", time_zone="UTC", origins=origins) as server:
        assert (await server.post("/api/setup", PLANT, await server.claimed())).status == 200
        assert not (server.folder.path / "settings.toml").exists()


async def test_a_plant_offers_no_link(serve: Serve) -> None:
    """Where there is a plant, the steps say so."""
    async with serve() as api:
        assert (await api.post("/api/setup/claim", {"link": "x"}, None)).status == 409
