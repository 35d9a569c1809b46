"""The worker does two things at once: the network's and its own."""

import asyncio

import pytest

from sync.worker import at_once


async def test_both_are_under_way_together() -> None:
    """Each waits for the other here: one after the other they would never end."""
    first, second = asyncio.Event(), asyncio.Event()

    async def one() -> int:
        first.set()
        await second.wait()
        return 1

    async def two() -> int:
        await first.wait()
        second.set()
        return 2

    async with asyncio.timeout(30):
        assert await at_once(one(), two) == (1, 2)


async def test_what_was_begun_for_nothing_is_ended() -> None:
    """If the first fails, or the worker is stopped, nothing goes on behind it."""
    ended: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("second")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ConnectionResetError("the link")

    with pytest.raises(ConnectionResetError):
        await at_once(fails(), endless)
    assert ended == ["second"]
    stopped = asyncio.ensure_future(at_once(asyncio.Event().wait(), endless))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    assert ended == ["second", "second"]
