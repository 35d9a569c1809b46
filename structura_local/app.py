"""The composition root: it makes the parts of a server and joins them. What each is for, its own module says.

A server stands at its addresses (front.py) for as long as the process runs. What answers there are its lives, one after
the other (lives.py): the first start where there is no plant yet; the plant; after a restore or a change of settings,
the plant anew; with a damaged database, the way to restore one.
"""

import logging
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from structura_local import __version__, clock, first_start, work
from structura_local.announcement import Announcement
from structura_local.errors import StartError
from structura_local.folder import Folder
from structura_local.front import Front
from structura_local.lives import Lives, answering
from structura_local.operations import enrolment, setup
from structura_local.operations.addresses import reachable
from structura_local.operations.backups import Backups
from structura_local.operations.first_start import FirstStart
from structura_local.operations.history import History
from structura_local.operations.settings import Administration
from structura_local.plant import Plant, opened, stand_in
from structura_local.settings import Settings, reread
from structura_local.space import Space
from structura_local.tls import Tls
from structura_local.trial import Trial, undone
from structura_local.web import context
from structura_local.web.connections import USUAL, Connection, Crowd, Limits, affordable
from structura_local.web.recovery import between_lives
from structura_local.wiring import application
from sync.status import Monitor

__all__ = ["Plant", "opened", "served"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Server:
    """What stays while lives come and go. `local_token` lets commands on this machine in as its owner."""

    folder: Folder
    now: clock.Now
    limits: Limits
    local_token: str
    front: Front
    trial: Trial


@asynccontextmanager
async def served(
    settings: Settings,
    folder: Folder,
    now: clock.Now = clock.now,
    limits: Limits = USUAL,
    told: first_start.Told = lambda links: None,
) -> AsyncIterator[str]:
    """The running server; yields its address. The sync worker runs beside it if the plant is enrolled.

    Where no plant was set up, it offers that first, and nothing else; `told` hears of the links.
    """
    first = None if folder.exists else FirstStart(folder, settings, lambda: opened(folder, now), clock.stopwatch())
    async with AsyncExitStack() as stack:
        stack.enter_context(folder.locked())
        _log.info("Structura Local %s starts on %s", __version__, folder.path)
        if (before := undone(settings.data_dir)) is not None:
            _log.warning("settings that nobody had confirmed are undone")
            settings = reread(settings, before)
        crowd = Crowd(affordable(limits))
        front = _front(folder, now, lambda: Connection(lives.server, crowd))
        trial = Trial(settings.data_dir, lambda text: lives.restart(reread(lives.settings, text)))
        server = Server(folder, now, limits, secrets.token_urlsafe(32), front, trial)
        stack.callback(trial.stop)

        @asynccontextmanager
        async def life(lives: Lives, damage: str | None) -> AsyncIterator[web.AppRunner]:
            if first and not first.finished:
                living = first_start.life(first, settings, limits, front, lambda: lives.restart(first.settings))
            else:
                living = _life(server, lives, damage)
            async with living as runner:
                await _move(front, lives.settings, trial)
                _announce(server)
                yield runner

        def tell(links: list[str]) -> None:
            _announce(server, links)
            told(links)

        lives = Lives(settings, life, between_lives)
        stack.push_async_callback(front.close)
        await lives.begin()
        stack.push_async_callback(lives.end)
        if first:
            port = front.port(secure=False) or 0
            work.beside(stack, "setup links", first_start.offer(first, settings.host, port, front.url, tell))
        stack.callback(folder.withdraw)
        work.beside(stack, "lives", lives.run())
        work.beside(stack, "address", front.run())
        _log.info("serving %s on %s", folder.path, front.url)
        yield front.url


@asynccontextmanager
async def _life(server: Server, lives: Lives, damage: str | None) -> AsyncIterator[web.AppRunner]:
    """All that lives as long as one database is open: the plant, or with `damage`, a copy to check PINs against."""
    settings, folder = lives.settings, server.folder
    backups = Backups(folder, server.now, settings.backup_copy)
    space = Space(folder.path, lambda wanted: work.give_up(folder, backups.shelf, wanted))
    space.look()
    async with AsyncExitStack() as stack:
        if damage is None:
            plant = await stack.enter_async_context(opened(folder, server.now))
            await setup.first_machine(plant.store)
            await enrolment.finish(plant.store, folder)
        else:
            plant = await stack.enter_async_context(stand_in(folder, server.now))
        stack.push_async_callback(backups.close)
        monitor, history = Monitor(), History(plant.store, settings.data_dir)
        if damage is None:
            work.begin(stack, settings, folder, plant.store, monitor, backups, lives.fail)
            work.keep_room(stack, space, plant.store.door)
            work.measure(stack, history, backups)
        over = await application(
            settings, folder, plant, monitor, backups, history, server.limits, server.local_token, damage
        )
        over[context.FRONT], over[context.RESTART] = server.front, lives.restart
        over[context.ADMINISTRATION] = Administration(settings, server.trial, server.front.check, lives.restart)
        yield await stack.enter_async_context(answering(over))


async def _move(front: Front, settings: Settings, trial: Trial) -> None:
    """Listen where the settings say; if that fails and they are on trial, they are undone at once."""
    try:
        await front.move(settings)
    except StartError as error:
        if not trial.left:
            raise
        _log.error("%s", error)
        trial.undo()


def _announce(server: Server, links: list[str] | None = None) -> None:
    try:
        server.folder.announce(server.front.url, server.local_token, links or [])
    except StartError as error:  # a full disk can be read all the same
        _log.error("commands on this machine cannot find the server: %s", error)


def _front(folder: Folder, now: clock.Now, connection: Callable[[], Connection]) -> Front:
    """What listens, with the names and addresses that this machine has."""
    machine = socket.gethostname()

    def on_lan(settings: Settings) -> list[str]:
        return [ip for ip, _ in reachable(settings.host)]

    announcement = Announcement(machine, on_lan)

    def named(settings: Settings) -> list[str]:
        return [*on_lan(settings), *([announcement.name] if announcement.name else [])]

    return Front(connection, Tls(folder.path, machine, now, named), announcement)
