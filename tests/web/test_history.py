"""What charts are made of, and the addresses that terminals open."""

import base64
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import ifaddr
import pytest

from structura_local import clock
from structura_local.operations import addresses
from structura_local.operations.history import History
from structura_local.store import samples
from structura_local.store.samples import DAY, HOUR, MINUTE, Sample
from structura_local.store.store import Store
from structura_local.store.transaction import Author
from tests.plant import START, Api, Clock


async def test_measured_once_a_minute(api: Api, now: Clock) -> None:
    """The server measures by itself: what waits, requests since the last time, the database and the disk."""
    first: list[dict[str, Any]] = []
    while not first:  # it is begun when the server is, which does not wait for it
        first = (await api.get("/api/system/history", "SUPERVISOR")).json
    assert [one["at"] for one in first] == [clock.iso(START)], "at the start"
    assert first[0]["databaseBytes"] > 10_000
    assert first[0]["freeBytes"] > 0
    assert (await api.get(f"/api/system/history?since={clock.iso(START + 1)}")).json == []
    assert (await api.get("/api/system/history?since=yesterday")).status == 422


async def test_requests_are_counted(data_dir: Path, now: Clock) -> None:
    """A measurement says how many requests came since the one before."""
    store = await Store.open(data_dir / "structura.db", now)
    history = History(store, data_dir)
    history.requests = 7
    await history.measure()
    now.move(seconds=60)
    await history.measure()
    assert [s.requests for s in await samples.since(store.reader, 0)] == [7, 0]
    await store.close()


async def test_what_is_kept_is_bounded(data_dir: Path, now: Clock) -> None:
    """A day minute by minute, three months hour by hour, and no more; a clock that was set back leaves no future."""
    store = await Store.open(data_dir / "structura.db", now)
    begin = START // HOUR * HOUR

    async def keep(at: int) -> None:
        await store.door.write(lambda tx: samples.keep(tx, Sample(at, 1, 2, 3, 4)), Author("rules"))

    for minute in range(0, 3 * DAY, 10 * MINUTE):
        await keep(begin + minute)
    kept = [sample.at for sample in await samples.since(store.reader, 0)]
    end = begin + 3 * DAY - 10 * MINUTE
    assert len([at for at in kept if at >= end - DAY]) == 24 * 6 + 1
    assert all(at % HOUR == 0 for at in kept if at < end - DAY)
    assert len(kept) < 24 * 6 + 1 + 2 * 24 + 2
    await keep(end + 90 * DAY)
    assert len(await samples.since(store.reader, 0)) < 3 * 24 + 2
    await keep(begin)
    assert [sample.at for sample in await samples.since(store.reader, 0)] == [begin]
    await store.close()


async def test_addresses(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on this machine alone has none; one on the whole LAN has each card's, with a QR code of it."""
    assert (await api.get("/api/system/addresses")).json == []

    class Card:
        nice_name = "eth0"
        ips: ClassVar = [ifaddr.IP(ip, 24, "eth0") for ip in ("192.168.7.9", "127.0.0.1", "169.254.1.1")]

    monkeypatch.setattr(ifaddr, "get_adapters", lambda: [Card()])
    (found,) = addresses.describe("http", "0.0.0.0", 8000)
    assert (found["url"], found["name"]) == ("http://192.168.7.9:8000", "eth0")
    assert found["qr"].startswith("data:image/svg+xml")
    said = unquote(found["qr"].partition(",")[2])
    assert "<svg" in (said if "<svg" in said else base64.b64decode(said).decode())
    assert addresses.describe("http", "192.168.7.9", 80)[0]["url"] == "http://192.168.7.9"
    assert addresses.describe("http", "127.0.0.1", 80) == []
