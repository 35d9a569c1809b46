"""What the server does without being asked: it exchanges, follows the rules, makes backups, makes room, measures."""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.operations.backups import Backups
from structura_local.operations.history import History
from structura_local.operations.rules import Rules
from structura_local.settings import Settings
from structura_local.space import Space, old_logs
from structura_local.store import graves, growth
from structura_local.store.backups import Shelf
from structura_local.store.door import Door
from structura_local.store.store import Store
from structura_local.store.transaction import Author
from sync.status import Monitor
from sync.worker import Worker

MINUTE = 60.0  # seconds between measurements
QUIET = 30.0  # seconds between looks at what is due, the first after as many

_log = logging.getLogger(__name__)


def beside(stack: AsyncExitStack, name: str, work: Coroutine[Any, Any, None]) -> None:
    """Do this until the stack ends. An error that ends it before is logged at once; the stack goes on."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell)
    stack.push_async_callback(_stop, task)


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.critical(
            "'%s' has ended with an error, and is not done until the server is started again: %s: %s",
            task.get_name(), type(error).__name__, error, exc_info=error,
        )  # fmt: skip


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


class Trouble:
    """What goes wrong with a work that is tried again: said once, however long it lasts.

    Without a traceback where the sentence says all, as of a disk that is full or read-only.
    """

    def __init__(self, about: str) -> None:
        self._about = about
        self._said: object = None

    def say(self, error: Exception) -> None:
        """It has failed. What names another file or backup each time is the same."""
        said = (type(error), getattr(error, "code", None) or getattr(error, "errno", None) or str(error))
        if self._said == said:
            return
        self._said = said
        told = isinstance(error, AppError) and error.code != "database"
        _log.error("%s: %s", self._about, error, exc_info=None if told else error)

    def over(self) -> None:
        """It went well."""
        self._said = None


def begin(
    stack: AsyncExitStack,
    settings: Settings,
    folder: Folder,
    store: Store,
    monitor: Monitor,
    backups: Backups,
    damaged: Callable[[str], None],
) -> None:
    """Exchange, follow the rules, make backups. `damaged` hears what is wrong with the database, if that is found."""
    bundle = folder.bundle()
    if bundle:
        beside(stack, "sync worker", Worker(store, folder, bundle["plantId"], bundle["dsn"], monitor).run())
    rules = Rules(ZoneInfo(settings.time_zone) if settings.time_zone else None)
    store.door.follow(rules)
    beside(stack, "daily rules", _daily(store, rules, settings.change_log_days, backups, alone=not bundle))
    beside(stack, "backups", _keep_backups(backups, damaged))


def keep_room(stack: AsyncExitStack, space: Space, door: Door) -> None:
    """Look after the disk: the door hears when there is no room, and tells of a write that failed for want of it."""
    space.stop_writing, door.on_full = partial(setattr, door, "full"), space.suspect
    beside(stack, "space", space.run())


def measure(stack: AsyncExitStack, history: History, backups: Backups) -> None:
    """Measure, for the charts."""
    beside(stack, "measurements", _every_minute(history, backups))


async def _daily(store: Store, rules: Rules, log_days: int, backups: Backups, *, alone: bool) -> None:
    """Let the rules look at the calendar, empty old graves, and thin the log, at every start and once an hour.

    Unless `alone`, the sync worker empties the graves: it knows head office's clock, and this one's may be years ahead.
    """
    trouble = Trouble("the daily work could not be done; it is tried again in an hour")
    while True:
        try:
            await store.door.write(rules.every_day, Author("rules"))
            if alone:
                await store.door.write(partial(graves.empty, store.now()), Author("rules"))
            if log_days:
                await growth.thin(store.door, store.reader, store.now() - log_days * growth.DAY)
            trouble.over()
        except Exception as error:
            backups.suspect(error)
            trouble.say(error)
        await asyncio.sleep(3600)


async def _keep_backups(backups: Backups, damaged: Callable[[str], None]) -> None:
    """Make backups as they fall due. Not in the first moments, when everybody comes back.

    A backup that is not whole, or a query that fails so, may mean that the database is `damaged`: it is looked through.
    """
    with contextlib.suppress(AppError):
        await backups.adopt()  # what a restore has just put there is a backup soon
    trouble = Trouble("a backup could not be made; it is tried again in a moment")
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET):
                await backups.suspected.wait()
        try:
            if backups.suspected.is_set() and (damage := await backups.damage()):
                damaged(damage)
                return
            await backups.keep_up()
            trouble.over()
        except Exception as error:
            trouble.say(error)


async def _every_minute(history: History, backups: Backups) -> None:
    trouble = Trouble("nothing could be measured; it is tried again in a minute")
    while True:
        try:
            await history.measure()
            trouble.over()
        except Exception as error:
            backups.suspect(error)
            trouble.say(error)
        await asyncio.sleep(MINUTE)


def give_up(folder: Folder, shelf: Shelf, wanted: int) -> list[str]:
    """Remove old logs and backups until so many bytes are free; returns what was removed."""
    removed = []
    for file in old_logs(folder.path):
        if shutil.disk_usage(folder.path).free >= wanted:
            break
        file.unlink(missing_ok=True)
        removed.append(file.name)
    return removed + [backup.id for backup in shelf.make_room(wanted)]
