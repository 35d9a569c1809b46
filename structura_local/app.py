"""The composition root: the only file that knows every layer. It makes the parts and joins them."""

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aiohttp import web

from structura_local import clock
from structura_local.domain.catalog import COLLECTIONS
from structura_local.errors import StartError
from structura_local.folder import Folder
from structura_local.operations.auth import Auth
from structura_local.operations.guard import Guard
from structura_local.operations.messages import Messages
from structura_local.operations.nouns import Alerts, Clients, Events, Inventory, Jobs, Projects
from structura_local.operations.pins import Pins
from structura_local.operations.rows import Rows
from structura_local.operations.rules import Rules
from structura_local.operations.system import System
from structura_local.operations.transfer import Transfer
from structura_local.operations.users import Users
from structura_local.settings import Settings
from structura_local.store.store import Store
from structura_local.store.transaction import Author
from structura_local.web import context
from structura_local.web.lists import Lists
from structura_local.web.middleware import around
from structura_local.web.routes import routes
from sync.status import Monitor
from sync.worker import Worker

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant's data with the operations that commands use beside the server."""

    store: Store
    pins: Pins
    transfer: Transfer


@asynccontextmanager
async def opened(folder: Folder, now: clock.Now = clock.now) -> AsyncIterator[Plant]:
    """The plant in this folder, for one process at a time; made if it is not there."""
    with folder.locked():
        store = await Store.open(folder.database, now)
        pins = Pins(folder.pin_keys)
        try:
            yield Plant(store, pins, Transfer(store, pins))
        finally:
            pins.close()
            await store.close()


@asynccontextmanager
async def served(settings: Settings, folder: Folder, now: clock.Now = clock.now) -> AsyncIterator[str]:
    """The running server; yields its address. The sync worker runs beside it if the plant is enrolled."""
    folder.require()
    async with AsyncExitStack() as stack:
        plant = await stack.enter_async_context(opened(folder, now))
        monitor = Monitor()
        if bundle := folder.bundle():
            worker = Worker(plant.store, folder, bundle["plantId"], bundle["dsn"], monitor)
            stack.push_async_callback(_stop, asyncio.create_task(worker.run(), name="sync worker"))
        local_token = secrets.token_urlsafe(32)
        secret = settings.jwt_secret or folder.token_secret()
        rules = Rules(ZoneInfo(settings.time_zone) if settings.time_zone else None)
        plant.store.door.follow(rules)
        stack.push_async_callback(_stop, asyncio.create_task(_daily(plant.store, rules), name="daily rules"))
        auth = Auth(plant.store, plant.pins, secret, settings.token_hours, local_token)
        await auth.load()
        guard = Guard(plant.store)
        await guard.load()
        runner = web.AppRunner(
            application(settings, plant, auth, guard, monitor),
            access_log=None,
            handle_signals=False,
            shutdown_timeout=5,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        listening = _listen(settings.host, settings.port)
        await web.SockSite(runner, listening).start()
        host, port = listening.getsockname()[:2]
        url = f"http://{_reached(host)}:{port}"
        folder.announce(url, local_token)
        stack.callback(folder.withdraw)
        _log.info("serving %s on %s", folder.path, url)
        yield url


def application(settings: Settings, plant: Plant, auth: Auth, guard: Guard, monitor: Monitor) -> web.Application:
    """The web application over a plant."""
    store = plant.store
    users = Users(store, plant.pins, auth, guard)
    special: list[Rows] = [
        Jobs(store), Projects(store), Clients(store), Inventory(store),
        Alerts(store), Messages(store), Events(store), users,
    ]  # fmt: skip
    nouns: dict[str, Rows] = {noun.collection.table: noun for noun in special}
    for collection in COLLECTIONS:
        nouns.setdefault(collection.table, Rows(collection, store))
    app = web.Application(middlewares=[around])
    app[context.SETTINGS] = settings
    app[context.AUTH] = auth
    app[context.GUARD] = guard
    app[context.USERS] = users
    app[context.NOUNS] = nouns
    app[context.LISTS] = Lists()
    app[context.SYSTEM] = System(store, monitor, settings.data_dir)
    app[context.TRANSFER] = plant.transfer
    app.add_routes(routes(settings))
    return app


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=512)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise StartError(f"Port {port} on {host} cannot be used: {why}. Choose another with --port.") from error


def _reached(host: str) -> str:
    """The host part of the URL at which this machine reaches a server that listens on `host`."""
    if host in ("0.0.0.0", "::", "127.0.0.1"):  # noqa: S104
        return "localhost"
    return f"[{host}]" if ":" in host else host


async def _daily(store: Store, rules: Rules) -> None:
    """Let the rules look at the calendar at every start and once an hour: today may have become tomorrow."""
    while True:
        try:
            await store.door.write(rules.every_day, Author("rules"))
        except Exception:
            _log.exception("the daily rules could not run; they are tried again in an hour")
        await asyncio.sleep(3600)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
