"""Coroutines driven by hand: they stop where another could come between, and go on when the scenario says so."""

import asyncio
import random
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar, cast

T = TypeVar("T")


@types.coroutine
def pause(where: str) -> Generator[str, None, None]:
    """Hand control back; `where` says what is next, or was last."""
    yield where


@types.coroutine
def by_turns(
    rng: random.Random, first: Coroutine[Any, Any, T], then: Callable[[], Coroutine[Any, Any, Any]]
) -> Generator[str, None, tuple[T, Any]]:
    """Two things at the same time (session.Together). If one fails, the other ends where it stands."""
    beside = then()
    places: dict[Coroutine[Any, Any, Any], str] = {first: "", beside: ""}
    results: dict[Coroutine[Any, Any, Any], Any] = {}
    try:
        while places:
            one = rng.choice(list(places))
            try:
                places[one] = one.send(None)
            except StopIteration as done:
                results[one] = done.value
                del places[one]
            else:
                yield ", ".join(filter(None, places.values()))
    finally:
        first.close()
        beside.close()
    return results[first], results[beside]


class Inline:
    """The loop that `asyncio.to_thread` finds: the work is done at once."""

    @staticmethod
    async def run_in_executor(executor: None, work: Callable[[], T]) -> T:
        """See asyncio.AbstractEventLoop."""
        return work()


_LOOP = cast("asyncio.AbstractEventLoop", Inline())


def step(coroutine: Coroutine[Any, Any, Any], error: BaseException | None = None) -> str:
    """Let a coroutine go on (or fail) until it pauses; returns where. StopIteration when it is done."""
    asyncio._set_running_loop(_LOOP)
    try:
        return str(coroutine.throw(error) if error else coroutine.send(None))
    finally:
        asyncio._set_running_loop(None)


def outside(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run what needs sockets on a real loop, to its end; for whoever is stepped it is done at once."""
    stepped = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return loop.run_until_complete(coroutine)
    finally:
        asyncio._set_running_loop(stepped)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, past all pauses."""
    while True:
        try:
            step(coroutine)
        except StopIteration as done:
            result: T = done.value
            return result
