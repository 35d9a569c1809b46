"""A server's life before there is a plant: what answers then, and the links that lead to it."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from structura_local.front import Front
from structura_local.lives import answering
from structura_local.operations import addresses
from structura_local.operations.first_start import FirstStart
from structura_local.settings import Settings
from structura_local.web.connections import Limits
from structura_local.web.first_start import waiting

_log = logging.getLogger(__name__)

Told = Callable[[list[str]], None]  # who hears of the links


@asynccontextmanager
async def life(
    first: FirstStart, settings: Settings, limits: Limits, front: Front, restart: Callable[[], None]
) -> AsyncIterator[web.AppRunner]:
    """What answers until the plant is set up; `restart` begins the next life."""
    try:
        async with answering(waiting(settings, first, limits, front, restart)) as runner:
            yield runner
    finally:
        await first.close()


async def offer(first: FirstStart, host: str, port: int, url: str, told: Told) -> None:
    """Make a link and say it, and make another when it is good no more, until the plant is set up."""
    while not first.finished:
        path = f"/setup#{first.new_link()}"
        links = [one["url"] for one in addresses.describe("http", host, port, path)] or [url + path]
        _log.warning("this server waits to be set up; open %s within an hour", " or ".join(links))
        told(links)
        await first.gone_stale()
