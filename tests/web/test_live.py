"""Live updates over the wire: who hears of what, what ends it, who was away, who reads too slowly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from structura_local.operations import live
from structura_local.web import live as web_live
from tests.plant import ID, PIN, Api, Clock, Serve
from tests.web.contract import minimal


@asynccontextmanager
async def socket(api: Api, who: str = "ADMIN", **more: Any) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A WebSocket whose first message was sent."""
    async with api.session.ws_connect(f"{api.url}/api/live") as ws:
        await ws.send_json({"token": api.tokens.get(who, who), **more})
        yield ws


async def heard(ws: aiohttp.ClientWebSocketResponse, what: str = "changes") -> dict[str, Any]:
    """The next message, which has to be of this type."""
    message: dict[str, Any] = await ws.receive_json(timeout=30)
    assert message["type"] == what, message
    return message


async def ids(ws: aiohttp.ClientWebSocketResponse) -> list[str]:
    return [change["id"] for change in (await heard(ws))["changes"]]


async def ended(ws: aiohttp.ClientWebSocketResponse) -> int | None:
    """The code with which the server closes; it has to be the next thing that comes."""
    message = await ws.receive(timeout=30)
    assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED), message
    return ws.close_code


async def test_changes_are_announced(api: Api) -> None:
    """Each committed change comes with collection, id, kind, number in the change log, and origin; no values."""
    async with socket(api) as ws:
        ready = await heard(ws, "ready")
        await api.made("/api/clients", {"id": "C-1", "name": "Sur"})
        await api.patch("/api/clients/C-1", {"phone": "1"})
        await api.delete("/api/clients/C-1")
        told: list[dict[str, Any]] = []
        while len(told) < 3:
            told += (await heard(ws))["changes"]
        logged = (await api.get("/api/system/changes?rowId=C-1&sort=seq")).json
        assert told == [
            {"seq": entry["seq"], "collection": "clients", "id": "C-1", "kind": kind, "origin": "api"}
            for entry, kind in zip(logged, ("create", "update", "delete"), strict=True)
        ]
        assert told[0]["seq"] > ready["seq"]


async def test_a_refused_write_is_not_announced(api: Api) -> None:
    """What was not committed is not told."""
    async with socket(api) as ws:
        await heard(ws, "ready")
        assert (await api.post("/api/clients", {"name": ""})).status == 422
        await api.made("/api/clients", {"id": "C-1", "name": "Sur"})
        assert (await api.post("/api/clients", {"id": "C-1", "name": "Norte"})).status == 409
        await api.made("/api/clients", {"id": "C-2", "name": "Norte"})
        assert [*await ids(ws), *await ids(ws)] == ["C-1", "C-2"]


async def test_rules_are_announced_too(api: Api) -> None:
    """What the server's rules make of a write comes with it."""
    async with socket(api) as ws:
        await heard(ws, "ready")
        await api.made("/api/inventory", minimal("inventory", id="I-1", quantity=1, minThreshold=5))
        changes = (await heard(ws))["changes"]
        assert [change["collection"] for change in changes] == ["inventory", "alerts"]


async def test_who_hears_of_what(api: Api) -> None:
    """Users are told to ADMIN alone, a message to its parties and to ADMIN: as with the lists."""
    async with socket(api) as boss, socket(api, "OPERATOR") as operator, socket(api, "OTHER") as other:
        for ws in (boss, operator, other):
            await heard(ws, "ready")
        await api.patch(f"/api/users/{ID['SUPERVISOR']}", {"name": "Saúl"})
        await api.made("/api/messages", {"id": "M-1", "to": ID["OPERATOR"], "content": "x"}, "SUPERVISOR")
        await api.made("/api/messages", {"id": "M-2", "to": "ALL", "content": "x"}, "SUPERVISOR")
        await api.made("/api/messages", {"id": "M-3", "to": ID["SUPERVISOR"], "content": "x"}, "OTHER")
        await api.made("/api/clients", {"id": "C-1", "name": "Sur"})
        expected = {
            boss: [ID["SUPERVISOR"], "M-1", "M-2", "M-3", "C-1"],
            operator: ["M-1", "M-2", "C-1"],
            other: ["M-2", "M-3", "C-1"],
        }
        for ws, those in expected.items():
            found: list[str] = []
            while len(found) < len(those):
                found += await ids(ws)
            assert found == those


@pytest.mark.parametrize("first", ['{"token": "no.such.token"}', '{"token": ""}', "{}", "[", '{"token": "x", "y": 1}'])
async def test_no_session_no_news(api: Api, first: str) -> None:
    """A first message without a good token ends it, in words."""
    async with api.session.ws_connect(f"{api.url}/api/live", headers={"Accept-Language": "es"}) as ws:
        await ws.send_str(first)
        message = await ws.receive(timeout=30)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert ws.close_code == (4401 if "no.such" in first else 4400)
        assert "sesión" in message.extra or "JSON" in message.extra


async def test_the_address_takes_no_token(api: Api) -> None:
    """A token in the address, which would end up in logs, is refused before anything else; so is plain HTTP."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await api.session.ws_connect(f"{api.url}/api/live?token={api.tokens['ADMIN']}")
    assert refused.value.status == 422
    plain = await api.get("/api/live")
    assert (plain.status, plain.headers["Upgrade"]) == (426, "websocket")


async def test_silence_ends_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not say who they are is sent away; so is who talks on."""
    monkeypatch.setattr(web_live, "FIRST", 0.05)
    async with api.session.ws_connect(f"{api.url}/api/live") as ws:
        assert await ended(ws) == 4408
    monkeypatch.undo()
    async with socket(api) as ws:
        await heard(ws, "ready")
        await ws.send_str("more")
        await ended(ws)


async def test_the_end_of_a_session_ends_it(api: Api, now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A logout, another PIN, another role, a deletion and the end of its time each end it, before the next news."""
    monkeypatch.setattr(web_live, "LOOK", 0.05)

    async def log_out(token: str) -> None:
        await api.post("/api/auth/logout", None, token)

    async def other_pin(token: str) -> None:
        await api.patch(f"/api/users/{ID['OPERATOR']}", {"pin": "90129012"})

    async def other_role(token: str) -> None:
        await api.patch(f"/api/users/{ID['OPERATOR']}", {"role": "SUPERVISOR"})

    async def too_late(token: str) -> None:
        now.move(hours=13)

    async def delete(token: str) -> None:
        await api.delete(f"/api/users/{ID['OPERATOR']}")

    pin = PIN["OPERATOR"]
    for end in (log_out, other_pin, other_role, delete, too_late):
        token = await api.token(PIN["SUPERVISOR"] if end is too_late else pin)
        async with socket(api, token) as ws:
            await heard(ws, "ready")
            await end(token)
            boss = await api.token(PIN["ADMIN"])
            await api.made("/api/clients", {"name": "Sur"}, boss)
            assert await ended(ws) == 4401, end.__name__
        pin = "90129012" if end is other_pin else pin


async def test_back_after_an_outage(api: Api) -> None:
    """Who was away hears what they missed, once, and nothing twice."""
    async with socket(api) as ws:
        ready = await heard(ws, "ready")
        await api.made("/api/clients", {"id": "C-1", "name": "a"})
        last = (await heard(ws))["seq"]
    await api.made("/api/clients", {"id": "C-2", "name": "b"})
    await api.made("/api/clients", {"id": "C-3", "name": "c"})
    async with socket(api, run=ready["run"], seq=last) as ws:
        assert (await heard(ws, "ready"))["seq"] == last
        assert await ids(ws) == ["C-2", "C-3"]
        await api.made("/api/clients", {"id": "C-4", "name": "d"})
        assert await ids(ws) == ["C-4"]


async def test_away_for_too_long(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who missed more than is kept, or comes from before a restart, is told to load everything anew."""
    monkeypatch.setattr(live, "KEPT", 5)
    async with serve() as api:
        async with socket(api) as ws:
            ready = await heard(ws, "ready")
        for number in range(20):
            await api.made("/api/clients", {"id": f"C-{number}", "name": "x"})
        async with socket(api, run=ready["run"], seq=ready["seq"]) as ws:
            again = await heard(ws, "reload")
            assert again["run"] == ready["run"]
            await api.made("/api/clients", {"id": "C-NEW", "name": "x"})
            assert await ids(ws) == ["C-NEW"]
            last = again["seq"]
        async with socket(api, run=ready["run"], seq=last) as ws:
            await heard(ws, "ready")
            assert await ids(ws) == ["C-NEW"]
    async with serve() as api, socket(api, run=ready["run"], seq=last) as ws:
        assert (await heard(ws, "reload"))["run"] != ready["run"]


async def test_very_much_at_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit of more changes than are kept, as an import makes, is told as one: load everything anew."""
    monkeypatch.setattr(live, "KEPT", 5)
    async with serve() as api, socket(api) as ws:
        ready = await heard(ws, "ready")
        await api.post("/api/system/import", {"clients": [{"id": f"C-{n}", "name": "x"} for n in range(6)]})
        again = await heard(ws, "reload")
        assert again["seq"] > ready["seq"]
        await api.made("/api/clients", {"id": "C-NEW", "name": "x"})
        assert await ids(ws) == ["C-NEW"]
        async with socket(api, run=ready["run"], seq=again["seq"]) as other:
            await heard(other, "ready")
            assert await ids(other) == ["C-NEW"]
        async with socket(api, run=ready["run"], seq=ready["seq"]) as other:
            await heard(other, "reload")


async def count(ws: aiohttp.ClientWebSocketResponse, enough: int = 9_000) -> int:
    """How many changes come, until there are enough."""
    told = 0
    while told < enough:
        told += len((await heard(ws))["changes"])
    return told


async def test_slow_readers_are_cut_off(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes nothing is closed, and is no burden meanwhile: it has no queue of its own."""
    gone: list[live.Listener] = []
    monkeypatch.setattr(live.Live, "leave", lambda _, listener: gone.append(listener))
    monkeypatch.setattr(web_live, "HEARTBEAT", 1.0)
    async with serve() as api:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2]))
        writer.write(
            b"GET /api/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        hello = b'{"token": "%b"}' % api.tokens["ADMIN"].encode()
        frame = bytes([0x81, 0x80 | 126, *len(hello).to_bytes(2, "big"), 0, 0, 0, 0]) + hello  # a mask of zeros
        writer.write(frame)
        await writer.drain()
        assert b'"ready"' in await reader.readuntil(b"}")
        rows = [{"id": f"C-{number}-{'x' * 100}", "name": "x"} for number in range(3_000)]
        async with socket(api) as quick:
            await heard(quick, "ready")
            counting = asyncio.create_task(count(quick))
            for start in range(3):
                clients = [{**row, "id": f"{start}{row['id']}"} for row in rows]
                assert (await api.post("/api/system/import", {"clients": clients})).status == 200
            assert await counting == 3 * 3_000
        async with asyncio.timeout(60):
            while len(gone) < 2:  # the quick one left by itself
                await asyncio.sleep(0.05)
        writer.close()


async def test_a_stop_sends_everybody_away(serve: Serve) -> None:
    """A server that stops says so, and does not wait for who listens."""
    async with aiohttp.ClientSession() as session:
        async with serve() as api:
            ws = await session.ws_connect(f"{api.url}/api/live")
            await ws.send_json({"token": api.tokens["ADMIN"]})
            await heard(ws, "ready")
            told = asyncio.create_task(ended(ws))
        assert await told == 1001
