"""Guessing PINs: how many tries a day has, who waits and who does not, and what outlives a restart."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from structura_local.domain.alerts import ALERTS
from structura_local.domain.guessing import DAY, TERMINAL
from structura_local.errors import AppError
from structura_local.operations.guard import Guard
from structura_local.store import attempts
from structura_local.store.store import Store
from tests.plant import PIN, Api, Clock, Serve
from tests.web.test_guessing import chance, documented

WEEK = 7


@pytest.fixture
async def store(tmp_path: Path, now: Clock) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "plant.db", now)
    yield store
    await store.close()


async def guess(guard: Guard, address: str, *, right: bool = False) -> int:
    """One try; returns how many seconds to wait if it came too early, else 0."""
    try:
        async with guard.turn(address):
            if not right:
                raise AppError("wrong-pin")
    except AppError as error:
        return int(error.values.get("seconds", 0))
    return 0


async def tries(guard: Guard, now: Clock, addresses: list[str], days: int) -> list[int]:
    """How many tries each day had, of one who takes every chance from all these addresses."""
    counted, start = [0] * days, now.ms
    while (day := (now.ms - start) // DAY) < days:
        waits = []
        for address in addresses:
            if wait := await guess(guard, address):
                waits.append(wait)
            else:
                counted[day] += 1
        if len(waits) == len(addresses):
            now.move(seconds=min(waits))
    return counted


@pytest.mark.parametrize("addresses", [1, 200])
async def test_a_stranger_has_few_tries_a_day(store: Store, now: Clock, addresses: int) -> None:
    """From one address or from 200: at most 14 on the first day and 4 on any later one (docs/security.md)."""
    found = await tries(Guard(store), now, [f"10.0.0.{n}" for n in range(addresses)], WEEK)
    assert found[0] <= 14
    assert max(found[1:]) <= 4
    assert min(found) >= 1


async def test_a_terminal_in_the_wrong_hands_has_few_tries_too(store: Store, now: Clock) -> None:
    """At an address with good logins: as many as docs/security.md says, on the first day and on each later one."""
    guard = Guard(store)
    await guess(guard, "10.0.0.1", right=True)
    found = await tries(guard, now, ["10.0.0.1"], 3)
    first, later, *chances = documented("somebody at a terminal that people log in from")
    assert found == [first, later, later]
    assert [chance(first), chance(later)] == chances


async def test_a_good_terminal_logs_in_throughout_an_attack(store: Store, now: Clock) -> None:
    """Whatever strangers do, somebody at a known terminal types the right PIN and is in; a typo costs nothing."""
    guard = Guard(store)
    await guess(guard, "10.0.0.1", right=True)
    for hour in range(48):
        for number in range(30):
            await guess(guard, f"10.0.1.{number}")
        if hour % 5 == 0:
            assert await guess(guard, "10.0.0.1") == 0
        assert await guess(guard, "10.0.0.1", right=True) == 0
        now.move(hours=1)


async def test_many_at_once_count_as_many(store: Store) -> None:
    """Tries sent at the same instant wait for each other, so that no more get through than one by one."""
    guard = Guard(store)
    waits = await asyncio.gather(*(guess(guard, f"10.0.0.{n}") for n in range(100)))
    assert sum(wait == 0 for wait in waits) <= 7


async def test_a_restart_forgets_nothing(tmp_path: Path, now: Clock) -> None:
    """Waits, and which addresses are terminals, are kept on disk."""
    for turn in range(2):
        store = await Store.open(tmp_path / "plant.db", now)
        guard = Guard(store)
        await guard.load()
        if turn == 0:
            await guess(guard, "10.0.0.1", right=True)
            while not await guess(guard, "10.0.0.2"):
                pass
        else:
            assert await guess(guard, "10.0.0.2") > 0
            assert [await guess(guard, "10.0.0.1") for _ in range(TERMINAL.free)] == [0] * TERMINAL.free
        await store.close()


async def test_what_has_faded_is_not_kept(store: Store, now: Clock) -> None:
    """Addresses that failed once do not pile up in memory or on disk; terminals stay known, each for its time."""
    guard = Guard(store)
    await guess(guard, "10.0.0.1", right=True)
    for number in range(20):
        now.move(hours=24)
        assert await guess(guard, f"10.0.1.{number}") == 0
    kept = await attempts.load(store.reader)
    assert guard._records.keys() == kept.keys()
    assert "10.0.0.1" in kept
    assert len(kept) <= 10
    assert not guard._turns


async def test_a_clock_turned_back_locks_nobody_out_for_long(store: Store, now: Clock) -> None:
    """After a jump of years backwards a wait is no longer than the longest there is."""
    guard = Guard(store)
    while not await guess(guard, "10.0.0.2"):
        pass
    now.move(hours=-24 * 365 * 3)
    assert 0 < await guess(guard, "10.0.0.2") <= 6 * 3600


async def test_the_administrators_hear_of_it_once(store: Store) -> None:
    """One open HIGH alert, however long it goes on."""
    guard = Guard(store)
    for number in range(40):
        await guess(guard, f"10.0.0.{number % 8}")
    (alert,) = await store.reader.find(ALERTS)
    assert (alert.data["type"], alert.data["severity"], alert.data["relatedId"]) == ("OPERATOR_ALERT", "HIGH", "login")


async def test_over_the_wire_a_stranger_is_told_to_wait(serve: Serve) -> None:
    """429 with Retry-After and a sentence, also for the right PIN; the known terminal is let in at the same time."""
    async with serve() as api:
        connector = aiohttp.TCPConnector(local_addr=("127.0.0.77", 0))
        async with aiohttp.ClientSession(connector=connector) as session:
            stranger = Api(api.url, {}, session, api.folder)
            answers = [await stranger.login("0000") for _ in range(8)]
            assert [a.status for a in answers] == [401] * 4 + [429] * 4
            assert int(answers[-1].headers["Retry-After"]) > 0
            assert (await stranger.login(PIN["ADMIN"])).status == 429
        assert (await api.login(PIN["ADMIN"])).status == 200


async def test_ones_own_pin_is_no_way_to_try_others(api: Api) -> None:
    """A wrong current PIN and a PIN that is taken count as failed logins."""
    statuses = []
    for number in range(TERMINAL.free + 3):
        body = {"pin": PIN["ADMIN"] if number % 2 else "12121212", "currentPin": PIN["OPERATOR"] if number % 2 else "1"}
        statuses.append((await api.patch("/api/users/U-OPER", body, "OPERATOR")).status)
    assert set(statuses[:10]) == {403, 409}
    assert statuses[-1] == 429


async def test_other_peoples_users_tell_nothing_about_pins(api: Api) -> None:
    """Who may not change somebody's PIN is told just that, whether the PIN is anybody's or not."""
    for pin in (PIN["ADMIN"], "12121212"):
        for user in ("U-OTHER", "U-ADMIN", "nobody"):
            assert (await api.patch(f"/api/users/{user}", {"pin": pin}, "OPERATOR")).status == 403
