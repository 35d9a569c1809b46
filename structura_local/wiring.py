"""The web application over a plant: which operation answers what the routes ask."""

import asyncio

from aiohttp import web

from structura_local.domain.catalog import COLLECTIONS
from structura_local.folder import Folder
from structura_local.operations.auth import Auth
from structura_local.operations.backups import Backups
from structura_local.operations.carry import Carry
from structura_local.operations.changes import ChangeLog
from structura_local.operations.conflicts import Conflicts
from structura_local.operations.enrolment import Enrolment
from structura_local.operations.guard import Guard
from structura_local.operations.history import History
from structura_local.operations.live import Live
from structura_local.operations.messages import Messages
from structura_local.operations.nouns import Alerts, Clients, Events, Inventory, Jobs, Projects
from structura_local.operations.retries import Retries
from structura_local.operations.rows import Rows
from structura_local.operations.set_aside import SetAside
from structura_local.operations.system import System
from structura_local.operations.terminals import Terminals
from structura_local.operations.trash import Trash
from structura_local.operations.users import Users
from structura_local.operations.why import Explanations
from structura_local.plant import Plant
from structura_local.settings import Settings
from structura_local.web import context
from structura_local.web.bodies import LARGE_BODIES, LIMITS
from structura_local.web.connections import Limits
from structura_local.web.lists import Lists
from structura_local.web.live import send_away
from structura_local.web.middleware import around
from structura_local.web.objects import Objects
from structura_local.web.recovery import fence
from structura_local.web.routes import routes
from structura_local.web.trust import https_only
from sync.status import Monitor


async def application(
    settings: Settings,
    folder: Folder,
    plant: Plant,
    monitor: Monitor,
    backups: Backups,
    history: History,
    limits: Limits,
    local_token: str,
    damage: str | None,
) -> web.Application:
    """With `damage` to the plant's database, all but the way to a restore is closed.

    `local_token` lets commands on this machine in. What is about the server and not the plant is not in it yet.
    """
    store = plant.store
    secret = settings.jwt_secret or folder.token_secret()
    paired_only = settings.require_paired_terminals
    auth = Auth(store, plant.pins, secret, settings.token_hours, local_token, paired_only=paired_only)
    await auth.load()
    terminals = Terminals(store, auth, secret, required=paired_only)
    await terminals.load()
    guard = Guard(store)
    await guard.load()
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
    app[context.BACKUPS] = backups
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
    app[context.RETRIES] = Retries(store, secret)
    app[context.TRANSFER] = plant.transfer
    app[context.CARRY] = Carry(store, folder)
    app[context.ENROLMENT] = Enrolment(store, folder)
    app[context.LIVE] = Live(store)
    app[context.HISTORY] = history
    app.on_shutdown.append(send_away)
    app.add_routes(routes(settings))
    return app
