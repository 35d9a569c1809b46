"""What answers, one after the other, while the address stays."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from aiohttp import web

from structura_local.errors import Damaged, StartError
from structura_local.settings import Settings, carried_on

AGAIN = 30.0  # seconds until it is tried again, when not even the way to a restore can be served

_log = logging.getLogger(__name__)


class Lives:
    """What answers behind the one address: the plant, or when its database is damaged, the way to restore a backup.

    A restore, or other settings, end one life and begin the next; what is `between` them answers 503. `life` makes a
    runner by the `settings` that are in force, given what is wrong with the database, if anything is.
    """

    def __init__(
        self,
        settings: Settings,
        life: Callable[["Lives", str | None], AbstractAsyncContextManager[web.AppRunner]],
        between: Callable[[Settings], web.Application],
    ) -> None:
        self.settings = settings
        self._life = life
        self._between_lives = between
        self._again = asyncio.Event()
        self._damage: str | None = None
        self._stack = AsyncExitStack()
        self._between: web.AppRunner
        self._runner: web.AppRunner

    @property
    def server(self) -> web.Server:
        """What answers now."""
        server = self._runner.server
        assert server is not None  # noqa: S101 - it was set up
        return server

    def restart(self, settings: Settings | None = None) -> None:
        """End this life; the next has the database that is there then, and other settings if there are any."""
        self.settings = carried_on(self.settings, settings or self.settings)
        self._again.set()

    def fail(self, damage: str) -> None:
        """End this life, since its database is damaged."""
        self._damage = damage
        self._again.set()

    async def begin(self) -> None:
        """Begin the first life. StartError if there can be none."""
        self._between = web.AppRunner(self._between_lives(self.settings), handle_signals=False, shutdown_timeout=1)
        await self._between.setup()
        self._runner = self._between
        await self._next()

    async def run(self) -> None:
        """Begin another life whenever that is asked for; if none can, as with a full disk, try again in a while."""
        while True:
            await self._again.wait()
            self._again.clear()
            self._runner = self._between
            try:
                await self._change()
            except Exception:
                _log.exception("Nothing can be served; it is tried again in %.0f seconds.", AGAIN)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN):
                        await self._again.wait()
                self._again.set()

    async def end(self) -> None:
        """End the present life."""
        await self._stack.aclose()
        await self._between.cleanup()

    async def _change(self) -> None:
        await self._stack.aclose()
        try:
            await (self._next() if self._damage is None else self._recovery(self._damage))
        except (StartError, OSError) as error:
            await self._recovery(str(error))
        self._damage = None

    async def _next(self) -> None:
        try:
            self._runner = await self._stack.enter_async_context(self._life(self, None))
        except Damaged as error:
            await self._recovery(str(error))

    async def _recovery(self, damage: str) -> None:
        _log.critical("%s. Nothing is served but the way to restore a backup, at /recover.", damage)
        self._runner = await self._stack.enter_async_context(self._life(self, damage))


@asynccontextmanager
async def answering(application: web.Application) -> AsyncIterator[web.AppRunner]:
    """An application that answers what comes in at the address, until what it was asked is answered or time is up."""
    runner = web.AppRunner(application, handle_signals=False, shutdown_timeout=5)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()
