"""Settings changed over HTTP while the server runs, on trial where they could lock the administrator out."""

import asyncio
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from structura_local import app, trial
from structura_local.folder import Folder
from structura_local.settings import load
from tests.plant import Api, Clock, Template

PATH = "/api/system/settings"
CONFIRM = f"{PATH}/confirm"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@asynccontextmanager
async def by_file(data_dir: Path, template: Template, now: Clock, text: str, **flags: Any) -> AsyncIterator[Api]:
    """The plant, served as its settings file says."""
    (data_dir / "settings.toml").write_text(text, encoding="utf-8")
    settings = load({"data_dir": str(data_dir), "host": "127.0.0.1", **flags}, {})
    async with app.served(settings, Folder(data_dir), now) as url, aiohttp.ClientSession() as session:
        yield Api(url, template.tokens, session, Folder(data_dir))


def read(data_dir: Path) -> str:
    return (data_dir / "settings.toml").read_text(encoding="utf-8")


async def value(api: Api, name: str) -> Any:
    return {one["name"]: one.get("value") for one in (await settled(api, PATH)).json}[name]


async def settled(api: Api, path: str) -> Any:
    """The answer of a server that may be about to begin anew."""
    async with asyncio.timeout(60):
        while True:
            try:
                answer = await api.get(path)
                if answer.status != 503:
                    return answer
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.02)


async def until(api: Api, name: str, wanted: Any) -> None:
    async with asyncio.timeout(60):
        while await value(api, name) != wanted:
            await asyncio.sleep(0.05)


def at(api: Api, port: int, scheme: str = "http") -> Api:
    return Api(f"{scheme}://127.0.0.1:{port}", api.tokens, api.session, api.folder)


async def test_changed_at_once_and_the_file_stays_what_it_was(data_dir: Path, template: Template, now: Clock) -> None:
    """Comments and order stay; what needs a start, and what a flag overrides, says so; null brings the default back."""
    text = '# the plant\nport = 0 # any\n\n# shifts\ntoken_hours = 8\nlog_level = "INFO"\n'
    async with by_file(data_dir, template, now, text, log_level="WARNING") as api:
        answer = await api.patch(PATH, {"cors_origins": ["http://a"], "token_hours": None, "log_level": "ERROR"})
        assert answer.status == 200, answer.body
        assert answer.json == {
            "changed": [
                {"name": "cors_origins", "takesEffect": "now"},
                {"name": "token_hours", "takesEffect": "now"},
                {"name": "log_level", "takesEffect": "overridden", "where": "--log-level"},
            ],
            "beginsAnew": True,
        }
        assert (
            read(data_dir)
            == '# the plant\nport = 0 # any\n\n# shifts\nlog_level = "ERROR"\ncors_origins = ["http://a"]\n'
        )
        await until(api, "cors_origins", ["http://a"])
        assert await value(api, "token_hours") == 12.0
        assert await value(api, "log_level") == "WARNING"
        allowed = await api.get("/api/machines", Origin="http://a")
        assert allowed.headers["Access-Control-Allow-Origin"] == "http://a"
        assert not (data_dir / "settings-before.json").exists()
        assert (await api.post(CONFIRM)).json["type"] == "/problems/nothing-unconfirmed"


async def test_each_says_what_it_is(data_dir: Path, template: Template, now: Clock) -> None:
    """In both languages, and what can be put there; what is not changed over HTTP has no kind."""
    async with by_file(data_dir, template, now, "port = 0\n") as api:
        english, spanish = [(await api.get(PATH, Accept_Language=language)).json for language in ("en", "es")]
        assert all(one["description"] != other["description"] for one, other in zip(english, spanish, strict=True))
        said = {one["name"]: one for one in english}
        assert {name for name, one in said.items() if "kind" not in one} == {"data_dir", "jwt_secret"}
        assert said["tls"]["choices"] == ["off", "own", "files"]
        port, hours, lists = said["port"], said["token_hours"], said["kiosk_collections"]
        assert (port["kind"], port["whole"], port["least"], port["greatest"]) == ("number", True, 0, 65_535)
        assert (hours["whole"], hours["greatest"]) == (False, 8760)
        assert lists["kind"] == "list"
        assert "machines" in lists["choices"]
        assert "users" not in lists["choices"]


async def test_what_waits_for_a_start_is_not_in_force(data_dir: Path, template: Template, now: Clock) -> None:
    """Neither at once, nor when another change makes the server begin anew; both values are told."""
    async with by_file(data_dir, template, now, "port = 0\n") as api:
        for change, hours in (({"log_level": "ERROR"}, 12.0), ({"token_hours": 3}, 3.0)):
            assert (await api.patch(PATH, change)).status == 200
            await until(api, "token_hours", hours)
            (level,) = [one for one in (await api.get(PATH)).json if one["name"] == "log_level"]
            assert (level["value"], level["origin"], level["atNextStart"]) == ("INFO", "default", "ERROR")
        assert (await api.patch(PATH, {"log_level": None})).status == 200
        (level,) = [one for one in (await api.get(PATH)).json if one["name"] == "log_level"]
        assert "atNextStart" not in level


@pytest.mark.parametrize(
    ("body", "field", "english", "spanish"),
    [
        (
            {"port": 70_000}, "port",
            "70000 is not a whole number between 0 and 65535", "70000 no es un número entero entre 0 y 65535",
        ),
        ({"port": "80"}, "port", "must be a whole number", "debe ser un número entero"),
        ({"prot": 80}, "prot", "is not known", "no se conoce"),
        ({"jwt_secret": "x"}, "jwt_secret", "is not known", "no se conoce"),
        ({"data_dir": "/x"}, "data_dir", "is not known", "no se conoce"),
        ({"frontend": "/no/such"}, "frontend", "/no/such has no index.html", "/no/such no tiene index.html"),
        ({"kiosk_collections": ["users"]}, "kiosk_collections", "users can never be read without a token", None),
        ({"http": False}, "http", "without HTTPS there has to be HTTP", "sin HTTPS tiene que haber HTTP"),
        ({"tls": "files"}, "tls_certificate", "files for HTTPS are a certificate and its key", None),
        ({"tls": "on"}, "tls", "must be one of off, own, files", None),
        ({"host": "192.0.2.1"}, "host", None, None),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_nothing_written(
    data_dir: Path, template: Template, now: Clock, body: Any, field: str, english: str | None, spanish: str | None
) -> None:
    """Each with its reason, in both languages; a good one beside it is not written either."""
    (data_dir / "settings.toml").write_text("port = 0\n")
    settings = load({"data_dir": str(data_dir)}, {"STRUCTURA_HOST": "127.0.0.1"} if field != "host" else {})
    async with app.served(settings, Folder(data_dir), now) as url, aiohttp.ClientSession() as session:
        api = Api(url, template.tokens, session, Folder(data_dir))
        for language, sentence in (("en", english), ("es", spanish)):
            answer = await api.patch(PATH, {"token_hours": 3, **body}, Accept_Language=language)
            assert answer.status == 422, answer.body
            (fault,) = answer.json["errors"]
            assert fault["field"] == field
            assert sentence is None or fault["msg"] == sentence
        assert read(data_dir) == "port = 0\n"
        assert (await api.get(PATH)).status == 200


async def test_another_port_confirmed(data_dir: Path, template: Template, now: Clock) -> None:
    """The old address is gone, the new one takes the confirmation; a port that is taken is refused at once."""
    old, new = free_port(), free_port()
    async with by_file(data_dir, template, now, f"port = {old}\n") as api:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            answer = await api.patch(PATH, {"port": taken.getsockname()[1]})
            assert (answer.status, answer.json["errors"][0]["field"]) == (422, "port")
            assert "in use" in answer.json["errors"][0]["msg"]
        answer = await api.patch(PATH, {"port": new})
        assert answer.json["confirmWithin"] == 300
        moved = at(api, new)
        await until(moved, "port", new)
        said = {one["name"]: one for one in (await moved.get(PATH)).json}
        assert 0 < said["port"]["confirmWithin"] <= 300
        assert "confirmWithin" not in said["host"]
        with pytest.raises(aiohttp.ClientConnectorError):
            await api.get("/healthz")
        assert moved.folder.running()["url"] == f"http://localhost:{new}"  # type: ignore[index]
        assert (await moved.patch(PATH, {"token_hours": 3})).json["type"] == "/problems/unconfirmed"
        assert (await moved.patch(PATH, {"port": new})).json["confirmWithin"] > 0, "sent again: nothing new"
        first = await moved.post(CONFIRM, Idempotency_Key="c")
        assert first.status == 200
        assert (await moved.post(CONFIRM, Idempotency_Key="c")).body == first.body
        assert (await moved.post(CONFIRM)).status == 409
        assert not (data_dir / "settings-before.json").exists()
    assert read(data_dir) == f"port = {new}\n"


async def test_a_port_that_nobody_confirms(
    data_dir: Path, template: Template, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the wait, whatever the clock says, the old address answers again with the old settings."""
    monkeypatch.setattr(trial, "PATIENCE", 1.0)
    old, new = free_port(), free_port()
    text = f"# ours\nport = {old}\n"
    async with by_file(data_dir, template, now, text) as api:
        now.move(hours=-100_000)
        assert (await api.patch(PATH, {"port": new})).status == 200
        async with asyncio.timeout(60):
            while read(data_dir) != text:
                await asyncio.sleep(0.02)
        now.move(hours=100_000)
        await until(api, "port", old)
        with pytest.raises(aiohttp.ClientConnectorError):
            await at(api, new).get("/healthz")
        assert not (data_dir / "settings-before.json").exists()


async def test_the_same_port_on_another_host(data_dir: Path, template: Template, now: Clock) -> None:
    """One socket has to go before the other can come."""
    port = free_port()
    (data_dir / "settings.toml").write_text(f'port = {port}\nhost = "127.0.0.1"\nmdns = false\n')
    async with (
        app.served(load({"data_dir": str(data_dir)}, {}), Folder(data_dir), now) as url,
        aiohttp.ClientSession() as session,
    ):
        api = Api(url, template.tokens, session, Folder(data_dir))
        assert (await api.patch(PATH, {"host": "0.0.0.0"})).status == 200
        await until(at(api, port), "host", "0.0.0.0")
        assert (await Api(f"http://127.0.0.2:{port}", api.tokens, session, api.folder).get("/healthz")).status == 200
        assert (await at(api, port).post(CONFIRM)).status == 200


async def test_https_is_confirmed_over_https(data_dir: Path, template: Template, now: Clock) -> None:
    """Over HTTP it proves nothing; then HTTP can be turned off."""
    secure = free_port()
    async with by_file(data_dir, template, Clock(time.time_ns() // 10**6), f"port = 0\ntls_port = {secure}\n") as api:
        assert (await api.patch(PATH, {"tls": "own"})).status == 200
        await until(api, "tls", "own")
        assert (await api.post(CONFIRM)).json["type"] == "/problems/confirm-over-https"
        trusted = ssl.create_default_context(
            cadata=(await api.get("/trust/structura-authority.crt", None)).body.decode()
        )
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as session:
            over = Api(f"https://localhost:{secure}", api.tokens, session, api.folder)
            assert (await over.post(CONFIRM)).status == 200


def test_killed_meanwhile(data_dir: Path, template: Template) -> None:
    """Settings that nobody had confirmed are undone at the next start, whatever killed the server."""
    old, new = free_port(), free_port()
    text = f'# ours\nhost = "127.0.0.1"\nport = {old}\nmdns = false\n'
    (data_dir / "settings.toml").write_text(text)
    command = [sys.executable, "-m", "structura_local", "serve", "--data-dir", str(data_dir)]

    first = subprocess.Popen(command)
    try:
        asyncio.run(_change_and_see(old, new, data_dir))
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert f"port = {new}" in read(data_dir)
    second = subprocess.Popen(command)
    try:
        asyncio.run(_answers(old, data_dir))
    finally:
        second.terminate()
        second.wait()
    assert read(data_dir) == text
    assert not (data_dir / "settings-before.json").exists()


async def _answers(port: int, data_dir: Path) -> None:
    async with aiohttp.ClientSession() as session:
        assert (await settled(Api(f"http://127.0.0.1:{port}", {}, session, Folder(data_dir)), "/healthz")).status == 200


async def _change_and_see(old: int, new: int, data_dir: Path) -> None:
    await _answers(old, data_dir)
    owner = Folder(data_dir).running()
    assert owner
    async with aiohttp.ClientSession() as session:
        api = Api(f"http://127.0.0.1:{old}", {}, session, Folder(data_dir))
        assert (await api.patch(PATH, {"port": new}, owner["token"])).status == 200
    await _answers(new, data_dir)
