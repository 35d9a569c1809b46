"""Guessing PINs for days on end, through HTTP, with the clock moved: as many tries as docs/security.md says."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from structura_local.domain.guessing import DAY
from tests.plant import PIN, Api, Clock, Serve

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
USERS, PINS = 50, 10_000


def documented(who: str) -> tuple[int, int, str, str]:
    """A line of the table: tries on the first day and on a later one, and the chances of a hit."""
    (line,) = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {who} |")]
    first, later, *chances = [cell.strip() for cell in line.strip("|").split("|")][1:]
    return int(first), int(later), chances[0], chances[1]


def chance(tries: int) -> str:
    """That of so many PINs one is somebody's, in per cent with two digits."""
    percent = 100 * (1 - (1 - USERS / PINS) ** tries)
    return f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"


@asynccontextmanager
async def strangers(api: Api, number: int) -> AsyncIterator[list[Api]]:
    """Clients at so many addresses that nobody has logged in from."""
    async with AsyncExitStack() as stack:
        clients = []
        for host in range(number):
            connector = aiohttp.TCPConnector(local_addr=(f"127.9.{host // 100}.{host % 100 + 1}", 0))
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            clients.append(Api(api.url, {}, session, api.folder))
        yield clients


@pytest.mark.parametrize(("who", "addresses"), [("a stranger, one address", 1), ("a stranger, 200 addresses", 200)])
async def test_days_of_guessing(serve: Serve, now: Clock, who: str, addresses: int) -> None:
    """Who takes every chance from all their addresses has the tries of the table; a good terminal is let in all along.

    On the second day the server is another one: what it knows of them it has from the disk.
    """
    tries, start, pins = [0, 0], now.ms, count(2000)
    for day in (0, 1):
        async with serve() as api, strangers(api, addresses) as guessers:
            while now.ms - start < (day + 1) * DAY:
                waits = []
                for guesser in guessers:
                    answer = await guesser.login(f"{next(pins) % PINS:04}")
                    assert answer.status in (401, 429)
                    if answer.status == 429:
                        waits.append(int(answer.headers["Retry-After"]))
                    else:
                        tries[day] += 1
                assert (await api.login(PIN["OPERATOR"])).status == 200
                if len(waits) == len(guessers):
                    now.move(seconds=min(waits))
    first, later, on_the_first_day, on_a_later_day = documented(who)
    assert (tries[0], tries[1]) == (first, later)
    assert (chance(first), chance(later)) == (on_the_first_day, on_a_later_day)


async def test_the_right_pin_is_no_help_to_a_stranger_who_must_wait(api: Api, now: Clock) -> None:
    """While they wait even a hit is answered like a miss, so that waiting tells nothing; after it, it lets them in."""
    async with strangers(api, 1) as (stranger,):
        while (missed := await stranger.login("0000")).status != 429:
            pass
        hit = await stranger.login(PIN["ADMIN"])
        assert (hit.status, hit.body) == (429, missed.body)
        now.move(seconds=int(missed.headers["Retry-After"]))
        assert (await stranger.login(PIN["ADMIN"])).status == 200
