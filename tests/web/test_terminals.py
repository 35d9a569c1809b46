"""Pairing terminals: codes that work once, cookies that can be taken back, and PINs that are good nowhere else."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from structura_local.domain.guessing import CODE, TERMINAL
from structura_local.errors import AppError
from structura_local.operations.guard import Guard
from structura_local.store.store import Store
from tests.plant import PIN, START_ISO, Answer, Api, Clock, Serve

COOKIE = "structura_terminal"


@asynccontextmanager
async def browser(api: Api, address: str = "127.0.0.1", jar: aiohttp.CookieJar | None = None) -> AsyncIterator[Api]:
    """A browser of its own, with its own cookies, at an address."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0), family=2)
    jar = aiohttp.CookieJar(unsafe=True) if jar is None else jar  # an empty one is false
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as session:
        yield Api(api.url, api.tokens, session, api.folder)


def owner(api: Api) -> str:
    """The token with which commands on this machine come in."""
    running = api.folder.running()
    assert running
    token: str = running["token"]
    return token


async def code_for(api: Api, name: str = "Tablet 1") -> Any:
    answer = await api.post("/api/system/terminals", {"name": name}, owner(api))
    assert answer.status == 201, answer.body
    return answer.json


async def pair(api: Api, code: str, **headers: str) -> Answer:
    return await api.post("/api/auth/pair", {"code": code}, None, **headers)


async def paired(api: Api, name: str = "Tablet 1") -> str:
    """Pair this browser; returns the terminal's id."""
    made = await code_for(api, name)
    answer = await pair(api, made["code"])
    assert (answer.status, answer.json) == (200, {"id": made["id"], "name": name})
    row_id: str = made["id"]
    return row_id


async def listed(api: Api) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await api.get("/api/system/terminals", owner(api))).json
    return rows


async def test_a_pin_is_good_at_a_paired_terminal_only(serve: Serve) -> None:
    """With the setting on a PIN is refused with 403 and what to do, in both languages; after the pairing it is good."""
    async with serve(require_paired_terminals=True) as api, browser(api) as tablet:
        refused = await tablet.login(PIN["ADMIN"])
        assert (refused.status, refused.json["type"]) == (403, "/problems/not-paired")
        assert "administrator" in refused.json["detail"]
        assert "/pair" in refused.json["detail"]
        body = {"pin": PIN["ADMIN"]}
        assert "vinculado" in (await tablet.post("/api/auth/login", body, None, Accept_Language="es")).json["detail"]
        await paired(tablet)
        assert (await tablet.get("/api/auth/me", await tablet.token(PIN["OPERATOR"]))).status == 200
        async with browser(api) as other:
            assert (await other.login(PIN["ADMIN"])).status == 403


async def test_without_a_pairing_nothing_tells_whose_pin_it_is(serve: Serve, now: Clock) -> None:
    """Right and wrong PINs get the same answer, however many; none is tried, none counts, nobody waits for it."""
    async with serve(require_paired_terminals=True) as api, browser(api, "127.0.0.77") as stranger:
        answers = {
            (a.status, a.body) for pin in (PIN["ADMIN"], "0000", "12345678") * 20 for a in [await stranger.login(pin)]
        }
        assert len(answers) == 1
        assert next(iter(answers))[0] == 403
        await paired(stranger)
        assert (await stranger.login(PIN["ADMIN"])).status == 200
    assert (await attempts(api))["*"] == 0


async def attempts(api: Api) -> dict[str, float]:
    """The failures that are remembered, by address."""
    connection = sqlite3.connect(api.folder.database)
    found = dict(connection.execute("SELECT address, failures FROM attempts").fetchall())
    connection.close()
    return {"*": 0, **found}


@pytest.mark.parametrize("cookie", ["", "x", "structura_terminal", "a=b; ;;=", "ñ", "x" * 4000, '"', "null", "%00"])
async def test_no_other_cookie_is_a_pairing(serve: Serve, cookie: str) -> None:
    """Whatever a browser sends in place of the cookie: 403 and nothing worse."""
    async with serve(require_paired_terminals=True) as api:
        await paired(api)
        async with browser(api) as other:
            for sent in (f"{COOKIE}={cookie}", cookie):
                answer = await other.post("/api/auth/login", {"pin": PIN["ADMIN"]}, None, Cookie=sent)
                assert answer.status == 403, sent


async def test_sessions_from_before_the_setting_end(serve: Serve) -> None:
    """Tokens that were made at no paired terminal are dead once it is required; those made at one live on."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with serve() as api, browser(api, jar=jar) as tablet:
        unpaired = await tablet.token(PIN["ADMIN"])
        await paired(tablet)
        good = await tablet.token(PIN["ADMIN"])
        assert (await api.get("/api/auth/me", unpaired)).status == 200
    async with serve(require_paired_terminals=True) as api, browser(api, jar=jar) as tablet:
        assert (await api.get("/api/auth/me", unpaired)).status == 401
        assert (await api.get("/api/auth/me", good)).status == 200
        assert (await tablet.login(PIN["ADMIN"])).status == 200, "and the terminal is paired after a restart"


async def test_the_cookie(serve: Serve) -> None:
    """Out of reach of scripts and other sites, for logging in only, long-lived and begun anew with each login."""
    async with serve() as api, browser(api) as tablet:
        answer = await pair(tablet, (await code_for(api))["code"])
        again = await tablet.login(PIN["ADMIN"])
        for one in (answer, again):
            said = one.headers["Set-Cookie"]
            assert said.startswith(f"{COOKIE}=")
            parts = {part.strip() for part in said.split(";")[1:]}
            assert parts == {"HttpOnly", "SameSite=Strict", "Path=/api/auth", f"Max-Age={400 * 86_400}"}
        assert again.headers["Set-Cookie"] == answer.headers["Set-Cookie"]
        assert "Set-Cookie" not in (await api.login(PIN["ADMIN"])).headers


async def test_a_code_works_once(serve: Serve) -> None:
    """The second who types it in is refused, also when both do at the same instant, also after a restart."""
    async with serve() as api, browser(api) as one, browser(api) as two:
        code = (await code_for(api))["code"]
        answers = await asyncio.gather(pair(one, code), pair(two, code))
        assert sorted(a.status for a in answers) == [200, 401]
        assert (await pair(two, code)).json["type"] == "/problems/wrong-code"
    async with serve() as api:
        assert (await pair(api, code)).status == 401


@pytest.mark.parametrize(("seconds", "status"), [(599, 200), (600, 401), (-1, 401)])
async def test_a_code_lasts_ten_minutes(api: Api, now: Clock, seconds: int, status: int) -> None:
    """It says until when, and is worth nothing then; a clock that is turned back does not make it last longer."""
    made = await code_for(api)
    assert made["expiresAt"] == "2027-01-15T08:10:00.000Z"
    now.move(seconds=seconds)
    assert (await pair(api, made["code"])).status == status


async def test_a_code_outlives_a_restart(serve: Serve) -> None:
    """A code that was made before a restart pairs after it."""
    async with serve() as api:
        code = (await code_for(api))["code"]
    async with serve() as api:
        assert (await pair(api, code)).status == 200


async def test_codes_as_people_type_them(api: Api) -> None:
    """With a hyphen, a space or nothing between; anything else is 422 with the field's name."""
    for between in ("-", " ", ""):
        assert (await pair(api, (await code_for(api))["code"].replace("-", between))).status == 200
    for wrong in ("", "1234", "1234-56789", "abcd-efgh", "１２３４5678", 12345678, None):
        answer = await api.post("/api/auth/pair", {"code": wrong}, None)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "code")
    for body in ({}, {"name": ""}, {"name": 5}, {"name": "x", "id": "y"}):
        assert (await api.post("/api/system/terminals", body)).status == 422


async def test_the_list(serve: Serve, now: Clock) -> None:
    """Who is paired since when, seen when and from where; who waits until when; an expired code is not listed."""
    async with serve() as api, browser(api, "127.0.0.77") as tablet:
        row_id = await paired(tablet)
        waiting = await code_for(api, "Tablet 2")
        now.move(seconds=60)
        await tablet.token(PIN["OPERATOR"])
        first, second = await listed(api)
        assert first == {
            "id": row_id, "name": "Tablet 1", "address": "127.0.0.77", "createdAt": START_ISO, "pairedAt": START_ISO,
            "lastSeenAt": "2027-01-15T08:01:00.000Z",
        }  # fmt: skip
        assert second == {
            "id": waiting["id"], "name": "Tablet 2", "createdAt": START_ISO, "expiresAt": "2027-01-15T08:10:00.000Z",
        }  # fmt: skip
        now.move(seconds=600)
        assert [one["name"] for one in await listed(api)] == ["Tablet 1"]
        assert (await api.delete(f"/api/system/terminals/{waiting['id']}", owner(api))).status == 404


async def test_revoking(serve: Serve) -> None:
    """From then on its logins are refused and its tokens are dead, also after a restart; other terminals' are not."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with serve(require_paired_terminals=True) as api, browser(api, jar=jar) as lost, browser(api) as kept:
        lost_id = await paired(lost)
        await paired(kept, "Tablet 2")
        lost_token, kept_token = await lost.token(PIN["ADMIN"]), await kept.token(PIN["ADMIN"])
        assert (await kept.delete(f"/api/system/terminals/{lost_id}", kept_token)).json == {"ok": True}
        assert (await kept.delete(f"/api/system/terminals/{lost_id}", kept_token)).status == 404
        assert [(await lost.login(pin)).status for pin in (PIN["ADMIN"], "0000")] == [403, 403], "no PIN is tried"
        assert (await api.get("/api/auth/me", lost_token)).status == 401
        assert (await api.get("/api/auth/me", kept_token)).status == 200
        assert [one["name"] for one in await listed(api)] == ["Tablet 2"]
    async with serve(require_paired_terminals=True) as api, browser(api, jar=jar) as lost:
        assert (await lost.login(PIN["ADMIN"])).status == 403
        assert (await api.get("/api/auth/me", lost_token)).status == 401
        assert (await api.get("/api/auth/me", kept_token)).status == 200


async def test_a_code_can_be_taken_back(api: Api) -> None:
    """A code whose terminal is revoked before anybody typed it in pairs nothing."""
    made = await code_for(api)
    assert (await api.delete(f"/api/system/terminals/{made['id']}")).status == 200
    assert (await pair(api, made["code"])).status == 401


async def test_logins_while_it_is_revoked(serve: Serve) -> None:
    """However a login and the revoking of its terminal meet, no token of it is good afterwards."""
    async with serve(require_paired_terminals=True) as api:
        for _ in range(10):
            async with browser(api) as tablet:
                row_id = await paired(tablet)
                revoked, *logins = await asyncio.gather(
                    api.delete(f"/api/system/terminals/{row_id}", owner(api)),
                    *(tablet.login(PIN["OPERATOR"]) for _ in range(3)),
                )
                assert revoked.status == 200
                for answer in logins:
                    assert answer.status in (200, 403)
                    if answer.status == 200:
                        assert (await api.get("/api/auth/me", answer.json["token"])).status == 401


async def test_guessing_codes_is_slowed_down(serve: Serve, now: Clock) -> None:
    """After a few wrong codes an address waits, across a restart; a guesser of codes keeps nobody from logging in."""
    async with serve() as api, browser(api, "127.0.0.77") as stranger:
        code = (await code_for(api))["code"]
        wrong = "0000-0000" if code != "0000-0000" else "1111-1111"
        statuses = [(await pair(stranger, wrong)).status for _ in range(CODE.free + 4)]
        assert statuses == [401] * (CODE.free + 1) + [429] * 3
        assert (await pair(stranger, code)).status == 429, "also for the right one"
        assert (await stranger.login(PIN["ADMIN"])).status == 200, "PINs are counted for themselves"
        alerts = (await api.get("/api/alerts")).json
        assert [(a["type"], a["severity"]) for a in alerts] == [("OPERATOR_ALERT", "HIGH")]
    async with serve() as api, browser(api, "127.0.0.77") as stranger, browser(api, "127.0.0.78") as other:
        assert (await pair(stranger, code)).status == 429
        assert (await pair(other, code)).status == 200


async def test_few_codes_can_be_tried_in_the_life_of_one(tmp_path: Path, now: Clock) -> None:
    """From thousands of addresses at once: some 300, then one a second, of 100,000,000 codes (docs/security.md)."""
    store = await Store.open(tmp_path / "plant.db", now)
    guard, tried, address = Guard(store), 0, 0
    for _ in range(61):
        refused = False
        while not refused:
            address += 1
            try:
                async with guard.code_turn(f"10.1.{address // 250}.{address % 250}"):
                    raise AppError("wrong-code")
            except AppError as error:
                refused = error.code == "too-many"
                tried += not refused
        now.move(seconds=1)
    await store.close()
    assert 300 <= tried <= 300 + 60 + 10


async def test_a_paired_terminal_is_judged_alone(serve: Serve) -> None:
    """Strangers who guess PINs lock it out nowhere, not even from their own address; its own guesses are counted."""
    async with serve() as api, browser(api, "127.0.0.77") as stranger, browser(api, "127.0.0.77") as tablet:
        await paired(tablet)
        statuses = [(await stranger.login("0000")).status for _ in range(8)]
        assert statuses == [401] * 4 + [429] * 4
        assert (await tablet.login(PIN["OPERATOR"])).status == 200
        statuses = [(await tablet.login("0000")).status for _ in range(TERMINAL.free + 3)]
        assert statuses == [401] * (TERMINAL.free + 1) + [429] * 2


async def test_nothing_secret_is_stored(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the code nor the cookie stands in the database or in the log."""
    caplog.set_level("DEBUG")
    async with serve() as api, browser(api) as tablet:
        codes = [(await code_for(api, f"T{n}"))["code"] for n in range(2)]
        answer = await pair(tablet, codes[0])
        await tablet.token(PIN["ADMIN"])
        cookie = answer.headers["Set-Cookie"].split("=")[1].split(";")[0]
        listed_now = (await api.get("/api/system/terminals")).body.decode()
    connection = sqlite3.connect(api.folder.database)
    stored = "\n".join(connection.iterdump())
    connection.close()
    for secret in (*codes, *(code.replace("-", "") for code in codes), cookie):
        assert secret not in stored
        assert secret not in caplog.text
        assert secret not in listed_now


async def test_a_frontend_on_another_origin(serve: Serve) -> None:
    """A named origin may have its requests carry the cookie; with * none may."""
    for origins, allowed in ((("http://10.0.0.1:5173",), "true"), (("*",), None)):
        async with serve(cors_origins=origins) as api:
            answer = await api.get("/healthz", None, Origin="http://10.0.0.1:5173")
            assert answer.headers["Access-Control-Allow-Origin"] == "http://10.0.0.1:5173"
            assert answer.headers.get("Access-Control-Allow-Credentials") == allowed
