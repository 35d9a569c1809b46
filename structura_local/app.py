"""The composition root: the only file that knows every layer. It makes the parts and joins them."""

import asyncio
import contextlib
import logging
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web

from structura_local import clock, first_start
from structura_local.announcement import Announcement
from structura_local.domain.catalog import COLLECTIONS
from structura_local.errors import AppError, StartError
from structura_local.folder import Folder
from structura_local.front import Front
from structura_local.lives import Lives
from structura_local.operations import enrolment, setup
from structura_local.operations.addresses import reachable
from structura_local.operations.auth import Auth
from structura_local.operations.backups import Backups
from structura_local.operations.carry import Carry
from structura_local.operations.changes import ChangeLog
from structura_local.operations.conflicts import Conflicts
from structura_local.operations.first_start import FirstStart
from structura_local.operations.guard import Guard
from structura_local.operations.history import History
from structura_local.operations.live import Live
from structura_local.operations.messages import Messages
from structura_local.operations.nouns import Alerts, Clients, Events, Inventory, Jobs, Projects
from structura_local.operations.pins import Pins
from structura_local.operations.retries import Retries
from structura_local.operations.rows import Rows
from structura_local.operations.rules import Rules
from structura_local.operations.set_aside import SetAside
from structura_local.operations.settings import Administration
from structura_local.operations.system import System
from structura_local.operations.terminals import Terminals
from structura_local.operations.transfer import Transfer
from structura_local.operations.trash import Trash
from structura_local.operations.users import Users
from structura_local.operations.why import Explanations
from structura_local.settings import Settings, reread
from structura_local.space import Space, old_logs
from structura_local.store import graves, growth
from structura_local.store.backups import BEFORE_UPGRADE, Shelf
from structura_local.store.restore import Plan, Restore, copy_of_newest
from structura_local.store.store import Store
from structura_local.store.transaction import Author
from structura_local.tls import Tls
from structura_local.trial import Trial, undone
from structura_local.web import context
from structura_local.web.bodies import LARGE_BODIES, LIMITS
from structura_local.web.connections import USUAL, Connection, Crowd, Limits, affordable
from structura_local.web.lists import Lists
from structura_local.web.live import send_away
from structura_local.web.middleware import around
from structura_local.web.objects import Objects
from structura_local.web.recovery import between_lives, fence
from structura_local.web.routes import routes
from structura_local.web.trust import https_only
from sync.status import Monitor
from sync.worker import Worker

QUIET = 30.0  # seconds between looks at what is due, the first after as many

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant's data with the operations that commands use beside the server."""

    store: Store
    pins: Pins
    transfer: Transfer


@asynccontextmanager
async def opened(folder: Folder, now: clock.Now = clock.now) -> AsyncIterator[Plant]:
    """The plant in this folder, for one process at a time; made if it is not there.

    What a restore has staged is swapped in first. Damaged if there was a plant and its database is not what it was.
    """
    with folder.locked():
        shelf = Shelf(folder.backups)
        restored = await asyncio.to_thread(Restore(folder.database, shelf).finish)
        if restored is None:
            folder.look_at()

        def before_upgrade() -> None:
            shelf.make(BEFORE_UPGRADE, folder.database, folder.keys(), now())

        unclean = folder.left_in_use
        async with _open_store(folder.database, now, before_upgrade) as store:
            with folder.in_use():
                if unclean:
                    folder.count_unclean_stop(clock.iso(now()))
                    _log.warning("the last use of %s did not end as it should; what was answered is there", folder.path)
                if restored is not None:
                    await _tell_of(restored, store)
                pins = Pins(folder.pin_keys)
                try:
                    yield Plant(store, pins, Transfer(store, pins))
                finally:
                    pins.close()


@asynccontextmanager
async def _open_store(path: Path, now: clock.Now, before_upgrade: Callable[[], None]) -> AsyncIterator[Store]:
    store = await Store.open(path, now, before_upgrade=before_upgrade)
    try:
        yield store
    finally:
        await store.close()


async def _tell_of(restored: Plan, store: Store) -> None:
    """Say in the log what a restore has done, by what is there now."""
    found = await store.reader.counts()
    _log.warning("restored %s; before: %s, now: %s", restored.backup, restored.before, found)
    if found != restored.after:
        _log.error("the restored database should have: %s", restored.after)


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
        if (before := undone(settings.data_dir)) is not None:
            _log.warning("settings that nobody had confirmed are undone")
            settings = reread(settings, before)
        local_token = secrets.token_urlsafe(32)
        crowd = Crowd(affordable(limits))
        front = _front(folder, now, lambda: Connection(lives.server, crowd))
        trial = Trial(settings.data_dir, lambda text: lives.restart(reread(lives.settings, text)))
        stack.callback(trial.stop)

        @asynccontextmanager
        async def life(lives: Lives, damage: str | None) -> AsyncIterator[web.AppRunner]:
            async with AsyncExitStack() as begun:
                if first and not first.finished:
                    setting_up = first_start.life(first, settings, limits, lambda: lives.restart(first.settings))
                    runner = await begun.enter_async_context(setting_up)
                else:
                    plant = _life(lives.settings, folder, now, limits, local_token, lives, front, trial, damage)
                    runner = await begun.enter_async_context(plant)
                await _move(front, lives.settings, trial)
                _announce(folder, front.url, local_token)
                yield runner

        lives = Lives(settings, life, between_lives)
        stack.push_async_callback(front.close)
        await lives.begin()
        stack.push_async_callback(lives.end)
        if first:
            offering = first_start.offer(first, settings.host, front.port(secure=False) or 0, front.url, told)
            stack.push_async_callback(_stop, asyncio.create_task(offering, name="setup links"))
        stack.callback(folder.withdraw)
        stack.push_async_callback(_stop, asyncio.create_task(lives.run(), name="lives"))
        stack.push_async_callback(_stop, asyncio.create_task(front.run(), name="address"))
        _log.info("serving %s on %s", folder.path, front.url)
        yield front.url


@asynccontextmanager
async def _life(
    settings: Settings,
    folder: Folder,
    now: clock.Now,
    limits: Limits,
    local_token: str,
    lives: Lives,
    front: Front,
    trial: Trial,
    damage: str | None,
) -> AsyncIterator[web.AppRunner]:
    """All that lives as long as one database is open: the plant, or with `damage`, a copy to check PINs against."""
    async with AsyncExitStack() as stack:
        backups = Backups(folder, now, settings.backup_copy)
        space = Space(folder.path, lambda wanted: _give_up(folder, backups.shelf, wanted))
        space.look()
        if damage is None:
            plant = await stack.enter_async_context(opened(folder, now))
            await setup.first_machine(plant.store)
            await enrolment.finish(plant.store, folder)
        else:
            plant = await stack.enter_async_context(_stand_in(folder, backups.shelf, now))
        stack.push_async_callback(backups.close)
        monitor = Monitor()
        secret = settings.jwt_secret or folder.token_secret()
        if damage is None:
            await _begin_work(stack, settings, folder, plant, monitor, backups, lives.fail)
            space.stop_writing, plant.store.door.on_full = partial(setattr, plant.store.door, "full"), space.suspect
            stack.push_async_callback(_stop, asyncio.create_task(space.run(), name="space"))
        paired_only = settings.require_paired_terminals
        auth = Auth(plant.store, plant.pins, secret, settings.token_hours, local_token, paired_only=paired_only)
        await auth.load()
        terminals = Terminals(plant.store, auth, secret, required=paired_only)
        await terminals.load()
        guard = Guard(plant.store)
        await guard.load()
        web_application = application(
            settings, folder, plant, auth, guard, terminals, monitor, limits, backups, lives.restart, damage
        )
        web_application[context.FRONT] = front
        web_application[context.ADMINISTRATION] = Administration(settings, trial, front.check, lives.restart)
        if damage is None:
            measuring = asyncio.create_task(_every_minute(web_application[context.HISTORY]), name="measurements")
            stack.push_async_callback(_stop, measuring)
        runner = web.AppRunner(web_application, handle_signals=False, shutdown_timeout=5)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        yield runner


def _give_up(folder: Folder, shelf: Shelf, wanted: int) -> list[str]:
    """Remove old logs and backups until so many bytes are free; returns what was removed."""
    removed = []
    for file in old_logs(folder.path):
        if shutil.disk_usage(folder.path).free >= wanted:
            break
        file.unlink(missing_ok=True)
        removed.append(file.name)
    return removed + [backup.id for backup in shelf.make_room(wanted)]


async def _begin_work(
    stack: AsyncExitStack,
    settings: Settings,
    folder: Folder,
    plant: Plant,
    monitor: Monitor,
    backups: Backups,
    damaged: Callable[[str], None],
) -> None:
    """What the server does without being asked."""
    bundle = folder.bundle()
    if bundle:
        worker = Worker(plant.store, folder, bundle["plantId"], bundle["dsn"], monitor)
        stack.push_async_callback(_stop, asyncio.create_task(worker.run(), name="sync worker"))
    rules = Rules(ZoneInfo(settings.time_zone) if settings.time_zone else None)
    plant.store.door.follow(rules)
    daily = asyncio.create_task(
        _daily(plant.store, rules, settings.change_log_days, alone=not bundle), name="daily rules"
    )
    stack.push_async_callback(_stop, daily)
    stack.push_async_callback(_stop, asyncio.create_task(_keep_backups(backups, damaged), name="backups"))


@asynccontextmanager
async def _stand_in(folder: Folder, shelf: Shelf, now: clock.Now) -> AsyncIterator[Plant]:
    """The newest good backup, copied: while the database is damaged it tells whose PIN may restore one."""
    place = folder.path / "recovery.db"
    await asyncio.to_thread(copy_of_newest, shelf, place)
    async with _open_store(place, now, lambda: None) as store:
        pins = Pins(folder.pin_keys)
        try:
            yield Plant(store, pins, Transfer(store, pins))
        finally:
            pins.close()


def application(
    settings: Settings,
    folder: Folder,
    plant: Plant,
    auth: Auth,
    guard: Guard,
    terminals: Terminals,
    monitor: Monitor,
    limits: Limits,
    backups: Backups,
    restart: Callable[[], None],
    damage: str | None = None,
) -> web.Application:
    """The web application over a plant. With `damage` to its database, all but the way to a restore is closed."""
    store = plant.store
    users = Users(store, plant.pins, auth, guard)
    special: list[Rows] = [
        Jobs(store), Projects(store), Clients(store), Inventory(store),
        Alerts(store), Messages(store), Events(store), users,
    ]  # fmt: skip
    nouns: dict[str, Rows] = {noun.collection.table: noun for noun in special}
    for collection in COLLECTIONS:
        nouns.setdefault(collection.table, Rows(collection, store))
    layers = [around, *([] if settings.http else [https_only]), *([] if damage is None else [fence(damage)])]
    if settings.metrics:
        from structura_local.web.metrics import counting  # noqa: PLC0415 - 4 MB that few plants have a use for

        app = counting(layers)
    else:
        app = web.Application(middlewares=layers)
    app[context.SETTINGS] = settings
    app[context.BACKUPS], app[context.RESTART] = backups, restart
    app[LIMITS], app[LARGE_BODIES] = limits, asyncio.Semaphore(limits.large)
    app[context.AUTH] = auth
    app[context.GUARD] = guard
    app[context.TERMINALS] = terminals
    app[context.USERS] = users
    app[context.NOUNS] = nouns
    app[context.LISTS] = Lists()
    app[context.OBJECTS] = objects = Objects()
    store.door.listen(lambda changes: objects.changed((change.collection, change.row.id) for change in changes))
    app[context.SYSTEM] = System(store, monitor, folder, backups)
    app[context.CHANGES] = ChangeLog(store)
    app[context.TRASH] = Trash(store, nouns)
    app[context.CONFLICTS] = Conflicts(store, nouns)
    app[context.SET_ASIDE] = SetAside(store, monitor)
    app[context.EXPLANATIONS] = Explanations(store)
    app[context.RETRIES] = Retries(store, settings.jwt_secret or folder.token_secret())
    app[context.TRANSFER] = plant.transfer
    app[context.CARRY] = Carry(store, folder)
    app[context.ENROLMENT] = enrolment.Enrolment(store, folder)
    app[context.LIVE] = Live(store)
    app[context.HISTORY] = History(store, settings.data_dir)
    app.on_shutdown.append(send_away)
    app.add_routes(routes(settings))
    return app


async def _move(front: Front, settings: Settings, trial: Trial) -> None:
    """Listen where the settings say; if that fails and they are on trial, they are undone at once."""
    try:
        await front.move(settings)
    except StartError as error:
        if not trial.left:
            raise
        _log.error("%s", error)
        trial.undo()


def _announce(folder: Folder, url: str, token: str) -> None:
    try:
        folder.announce(url, token)
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


async def _every_minute(history: History) -> None:
    """Measure, for the charts."""
    while True:
        try:
            await history.measure()
        except Exception:
            _log.exception("nothing could be measured; it is tried again in a minute")
        await asyncio.sleep(60)


async def _daily(store: Store, rules: Rules, log_days: int, *, alone: bool) -> None:
    """Let the rules look at the calendar, empty old graves, and thin the log, at every start and once an hour.

    Unless `alone`, the sync worker empties the graves: it knows head office's clock, and this one's may be years ahead.
    """
    while True:
        try:
            await store.door.write(rules.every_day, Author("rules"))
            if alone:
                await store.door.write(partial(graves.empty, store.now()), Author("rules"))
            if log_days:
                await growth.thin(store.door, store.reader, store.now() - log_days * growth.DAY)
        except Exception:
            _log.exception("the daily work could not be done; it is tried again in an hour")
        await asyncio.sleep(3600)


async def _keep_backups(backups: Backups, damaged: Callable[[str], None]) -> None:
    """Make backups as they fall due. Not in the first moments, when everybody comes back.

    A backup that is not whole, or a query that fails so, may mean that the database is `damaged`: it is looked through.
    """
    with contextlib.suppress(AppError):
        await backups.adopt()  # what a restore has just put there is a backup soon
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET):
                await backups.suspected.wait()
        try:
            if backups.suspected.is_set() and (damage := await backups.damage()):
                damaged(damage)
                return
            await backups.keep_up()
        except AppError as error:
            _log.error("backups: %s", error)
        except Exception:
            _log.exception("a backup could not be made; it is tried again in a moment")


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
