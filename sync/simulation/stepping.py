"""Coroutines driven by hand: they stop where another could come between, and go on when the scenario says so."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar, cast

T = TypeVar("T")


@types.coroutine
def pause(where: str) -> Generator[str, None, None]:
    """Hand control back; `where` says what is next, or was last."""
    yield where


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


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, past all pauses."""
    while True:
        try:
            step(coroutine)
        except StopIteration as done:
            result: T = done.value
            return result
