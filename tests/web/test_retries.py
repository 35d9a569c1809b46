"""Any POST can be sent again: with an Idempotency-Key it gets the first answer for 24 hours, and is not done again."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from structura_local.domain.clients import CLIENTS
from structura_local.domain.guessing import TERMINAL
from structura_local.settings import Settings
from structura_local.web.openapi.document import document
from structura_local.web.routes import routes
from sync.central.memory import Partition
from tests.pcs import refusing, two_pcs
from tests.plant import PIN, Api, Clock, Serve
from tests.web.contract import minimal
from tests.web.test_conflicts import CONFLICTS, listed, rename
from tests.web.test_roles import request_for
from tests.web.test_terminals import COOKIE, browser, owner

POSTS = sorted(path for path, item in document(routes(Settings(data_dir=Path())))["paths"].items() if "post" in item)
POSTS.remove("/api/system/backups/{id}/restore")  # puts another database in the place of the one with the answers
POSTS.remove("/api/system/enrolment")  # has the server begin anew: test_enrolment.py
POSTS = [path for path in POSTS if not path.startswith("/api/setup")]  # once in all, before there is a database
KEY = {"Idempotency_Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}


def stored(data_dir: Path, table: str = "answers") -> list[tuple[Any, ...]]:
    """The lines of a table."""
    with closing(sqlite3.connect(data_dir / "structura.db")) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()


@pytest.mark.parametrize("path", POSTS)
async def test_every_post_takes_a_key(api: Api, path: str) -> None:
    """A key that cannot be one is refused by each of them, and with a good one each answers as without."""
    address, body = await request_for(api, "POST", path)
    # What there is none of here has tests of its own.
    plain = (
        409
        if path.endswith(("/sync", "/carry", "/confirm"))
        else 404
        if path.endswith(("/{id}/restore", "/retry"))
        else 200
    )
    token = await api.token(PIN["ADMIN"]) if path == "/api/auth/logout" else "ADMIN"
    bad = await api.post(address, body, token, Idempotency_Key="k" * 256)
    assert (bad.status, bad.json["type"]) == (422, "/problems/bad-key")
    good = await api.post(address, body, token, **KEY)
    assert good.status == plain or good.status in (200, 201)


async def test_a_login(serve: Serve, data_dir: Path) -> None:
    """The same token again, also after a restart, and no second session; neither PIN nor token is in the database."""
    body = {"pin": PIN["OPERATOR"]}
    async with serve() as api:
        first = await api.post("/api/auth/login", body, None, **KEY)
        assert first.status == 200
        sessions = len(stored(data_dir, "sessions"))
    async with serve() as api:
        again = await api.post("/api/auth/login", body, None, **KEY)
        assert (again.status, again.body) == (200, first.body)
        assert len(stored(data_dir, "sessions")) == sessions
        token = first.json["token"]
        assert (await api.get("/api/auth/me", token)).json["id"] == "U-OPER"
        other = await api.post("/api/auth/login", {"pin": PIN["OTHER"]}, None, **KEY)
        assert other.json["user"]["id"] == "U-OTHER", "another user's key is another key"
        for part in (*token.split(".")[1:], PIN["OPERATOR"]):
            assert part not in str(stored(data_dir))
        await api.post("/api/auth/logout", None, token, **KEY)
        dead = await api.post("/api/auth/login", body, None, **KEY)
        assert dead.body == first.body
        assert (await api.get("/api/auth/me", token)).status == 401, "a retry revives nothing"


async def test_a_login_after_another_pin(api: Api) -> None:
    """A key lets nobody in whose PIN is no longer good, and is no key for the new one."""
    first = await api.post("/api/auth/login", {"pin": PIN["OPERATOR"]}, None, **KEY)
    await api.patch("/api/users/U-OPER", {"pin": "90817263"})
    assert (await api.post("/api/auth/login", {"pin": PIN["OPERATOR"]}, None, **KEY)).status == 401
    answer = await api.post("/api/auth/login", {"pin": "90817263"}, None, **KEY)
    assert (answer.status, answer.json["type"]) == (422, "/problems/key-reused")
    assert (await api.get("/api/auth/me", first.json["token"])).status == 401


async def test_a_key_saves_no_guesser_a_wait(api: Api) -> None:
    """Wrong PINs count under one key as under many or none."""
    assert (await api.post("/api/auth/login", {"pin": PIN["OPERATOR"]}, None, **KEY)).status == 200
    statuses = [(await api.post("/api/auth/login", {"pin": "0001"}, None, **KEY)).status for _ in range(12)]
    assert statuses == [401] * (TERMINAL.free + 1) + [429]
    assert (await api.post("/api/auth/login", {"pin": PIN["OPERATOR"]}, None, **KEY)).status == 429


async def test_a_pairing(serve: Serve, data_dir: Path, now: Clock) -> None:
    """The cookie of the first answer once more, for who has key and code at that address, and for nobody else."""
    async with serve(require_paired_terminals=True) as api, browser(api) as tablet:
        code = (await api.post("/api/system/terminals", {"name": "Tablet"}, owner(api))).json["code"]
        first = await tablet.post("/api/auth/pair", {"code": code}, None, **KEY)
        assert first.status == 200
    now.move(hours=1)
    async with serve(require_paired_terminals=True) as api:
        async with browser(api) as tablet:
            again = await tablet.post("/api/auth/pair", {"code": code}, None, **KEY)
            assert (again.status, again.body) == (200, first.body)
            assert again.headers["Set-Cookie"].split(";")[0] == first.headers["Set-Cookie"].split(";")[0]
            assert (await tablet.login(PIN["OPERATOR"])).status == 200
            cookie = again.headers["Set-Cookie"].split(";")[0].removeprefix(f"{COOKIE}=")
            assert cookie not in str((stored(data_dir), stored(data_dir, "terminals")))
        for address, key in (("127.0.0.1", {}), ("127.0.0.1", {"Idempotency_Key": "k"}), ("127.0.0.7", KEY)):
            async with browser(api, address) as other:
                assert (await other.post("/api/auth/pair", {"code": code}, None, **key)).status == 401
                assert (await other.login(PIN["OPERATOR"])).status == 403


async def test_codes_under_a_used_key_count(api: Api) -> None:
    """Who tries codes under the key of a pairing waits like who tries them without."""
    async with browser(api, "127.0.0.7") as other:
        code = (await api.post("/api/system/terminals", {"name": "Tablet"})).json["code"]
        assert (await other.post("/api/auth/pair", {"code": code}, None, **KEY)).status == 200
        tried = [(await other.post("/api/auth/pair", {"code": f"{n:08}"}, None, **KEY)).status for n in range(8)]
        assert tried == [422] * 6 + [429] * 2


async def test_a_terminals_code(serve: Serve, data_dir: Path) -> None:
    """The same code again after a restart, though nobody has kept it; another name under the key is 422."""
    async with serve() as api:
        first = await api.post("/api/system/terminals", {"name": "Tablet"}, **KEY)
        assert first.status == 201
    async with serve() as api:
        again = await api.post("/api/system/terminals", {"name": "Tablet"}, **KEY)
        assert (again.status, again.body) == (201, first.body)
        assert (await api.post("/api/system/terminals", {"name": "Otra"}, **KEY)).status == 422
        assert len((await api.get("/api/system/terminals")).json) == 1
        assert not any(
            code in str(stored(data_dir)) for code in (again.json["code"], again.json["code"].replace("-", ""))
        )
        assert (await api.post("/api/auth/pair", {"code": again.json["code"]}, None)).status == 200


async def test_what_is_brought_back(serve: Serve) -> None:
    """A restore that is sent again is answered as the first time, also when the object was deleted again since."""
    async with serve() as api:
        for number in (1, 2):
            await api.made("/api/machines", minimal("machines", id=f"M-{number}"))
            await api.delete(f"/api/machines/M-{number}")
        first = await api.post("/api/system/trash/machines/M-1/restore", **KEY)
        assert first.status == 200
        await api.delete("/api/machines/M-1")
    async with serve() as api:
        again = await api.post("/api/system/trash/machines/M-1/restore", **KEY)
        assert (again.status, again.body, again.headers["ETag"]) == (200, first.body, first.headers["ETag"])
        assert (await api.get("/api/machines/M-1")).status == 404
        assert (await api.post("/api/system/trash/machines/M-2/restore", **KEY)).status == 422


async def test_a_conflicts_loser(data_dir: Path, now: Clock, serve: Serve) -> None:
    """It is written again once, whatever has been written over it since."""
    async with two_pcs(data_dir, now) as (one, two):
        await rename(one, two, now)
    async with serve() as api:
        (entry,) = await listed(api)
        first = await api.post(f"{CONFLICTS}/{entry['id']}/restore", **KEY)
        assert (first.status, first.json["name"]) == (200, "De Ana")
        await api.patch("/api/machines/M-1", {"name": "Otro"})
        assert (await api.post(f"{CONFLICTS}/{entry['id']}/restore", **KEY)).body == first.body
        assert (await api.get("/api/machines/M-1")).json["name"] == "Otro"


async def test_a_row_set_aside(data_dir: Path, now: Clock, serve: Serve) -> None:
    """That it was tried again is answered once more after it has gone out."""
    partition = Partition("norte", now)
    async with two_pcs(data_dir, now, partition) as (one, _):
        partition.refuses = refusing("clients", "C-1")
        await one.create(CLIENTS, "C-1", {"name": "Sur"})
        await one.sync()
    async with serve() as api:
        (entry,) = (await api.get("/api/system/set-aside")).json
        first = await api.post(f"/api/system/set-aside/{entry['id']}/retry", **KEY)
        assert (first.status, first.json["state"]) == (200, "waiting")
    partition.refuses = lambda row: None
    async with two_pcs(data_dir, now, partition) as (one, _):
        await one.sync()
    async with serve() as api:
        assert (await api.get("/api/system/set-aside")).json == []
        assert (await api.post(f"/api/system/set-aside/{entry['id']}/retry", **KEY)).body == first.body
        assert (await api.post(f"/api/system/set-aside/{entry['id']}/retry")).status == 404


async def test_an_import(serve: Serve, data_dir: Path) -> None:
    """The first report again, PINs nowhere; another file, or the same for real instead of dry, is another request."""
    file = {"machines": [minimal("machines", id="M-1")], "users": [minimal("users", id="U-9", pin="60718293")]}
    async with serve() as api:
        first = await api.post("/api/system/import", file, **KEY)
        assert first.json["collections"]["machines"]["new"] == 1
    async with serve() as api:
        assert (await api.post("/api/system/import", file, **KEY)).body == first.body
        assert (await api.post("/api/system/import", file)).json["collections"]["machines"]["same"] == 1
        assert (await api.post("/api/system/import", {"machines": []}, **KEY)).status == 422
        assert (await api.post("/api/system/import?dryRun=true", file, **KEY)).status == 422
        other = {"machines": [minimal("machines", id="M-2")]}
        dry = await api.post("/api/system/import?dryRun=true", other, Idempotency_Key="d")
        assert dry.json["collections"]["machines"]["new"] == 1
        await api.post("/api/system/import", other)
        assert (await api.post("/api/system/import?dryRun=true", other, Idempotency_Key="d")).body == dry.body
        assert "60718293" not in str(stored(data_dir))


async def test_a_backup(api: Api) -> None:
    """It is made once."""
    first = await api.post("/api/system/backups", **KEY)
    assert first.status == 201
    assert (await api.post("/api/system/backups", **KEY)).body == first.body
    made = {backup["id"] for backup in (await api.get("/api/system/backups")).json}
    await api.post("/api/system/backups")
    assert len((await api.get("/api/system/backups")).json) == len(made) + 1


async def test_sent_twice_at_once(api: Api) -> None:
    """Both get the same answer, and it was done once."""
    sent = [api.post("/api/system/terminals", {"name": "Tablet"}, **KEY) for _ in range(5)]
    answers = await asyncio.gather(
        *sent, *(api.post("/api/auth/login", {"pin": PIN["ADMIN"]}, None, **KEY) for _ in "ab")
    )
    assert len({answer.body for answer in answers[:5]}) == 1
    assert answers[5].status == answers[6].status == 422, "a key belongs to one request"
    logins = await asyncio.gather(
        *(api.post("/api/auth/login", {"pin": PIN["ADMIN"]}, None, Idempotency_Key="l") for _ in range(5))
    )
    assert len({answer.body for answer in logins}) == 1
    assert len((await api.get("/api/system/terminals")).json) == 1
