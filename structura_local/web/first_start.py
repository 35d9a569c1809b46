"""Setting a plant up over HTTP: what answers at the first start, and nothing else does."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from structura_local.errors import AppError
from structura_local.front import Front
from structura_local.operations import addresses, source
from structura_local.operations.first_start import FirstStart, SetupSession
from structura_local.operations.report import ImportReport
from structura_local.schemas import NewPlant, SetupLink
from structura_local.settings import Settings
from structura_local.web.bodies import LARGE_BODIES, LIMITS, answer, read, read_bytes
from structura_local.web.connections import Limits
from structura_local.web.context import FIRST_START, FRONT, RESTART, SETTINGS, flag, token
from structura_local.web.errors import language, problem
from structura_local.web.middleware import around
from structura_local.web.openapi.operation import BOOLEAN, Reply, described, query, ref
from structura_local.web.page import CONSOLE, Page

_OK = Reply(ref("Ok"), example={"ok": True})
_AFTERWARDS = "Only at the first start; afterwards it is 409."
_BUNDLE = {"plantId": "planta-norte", "plantName": "Planta Norte", "dsn": "postgresql://…"}
_PLANT = {
    "plant": "Planta Norte",
    "timeZone": "America/Montevideo",
    "admin": {"name": "Ana", "pin": "482915"},
}


def _first(request: web.Request) -> FirstStart:
    """Who sets up. AppError `set-up-already` if the plant is."""
    first = request.app.get(FIRST_START)
    if first is None:
        raise AppError("set-up-already")
    return first


def _let_in(request: web.Request) -> FirstStart:
    first = _first(request)
    first.let_in(token(request))
    return first


@described(
    id="claimSetup",
    tag="Setup",
    summary="Exchange the setup link for a session, once",
    description=f"The link's secret is what stands after its `#`. {_AFTERWARDS}",
    open=True,
    takes=SetupLink,
    examples={"link": {"link": "kq3…"}},
    answers={200: Reply(SetupSession, "The session: the bearer token of the other steps.", ("Cache-Control",))},
    refusals=("setup-link", "set-up-already"),
)
async def claim(request: web.Request) -> web.Response:
    """POST /api/setup/claim"""
    first = _first(request)
    session = first.claim((await read(request, SetupLink))["link"])
    port = request.get_extra_info("sockname")[1]
    name = request.app[FRONT].announcement.name
    found = addresses.describe(request.scheme, request.app[SETTINGS].host, port, announced=name)
    said = {
        "session": session,
        "timeZone": first.settings.time_zone,
        "addresses": found,
        "hasFrontend": first.settings.frontend is not None,
    }
    return answer(said, headers={"Cache-Control": "no-store"})


@described(
    id="setUp",
    tag="Setup",
    summary="Make the plant: name, time zone, first administrator, its bundle if there is one",
    description="All or nothing. A bundle for a plant of another name is 409 `other-plant`, unless `anotherName` says "
    f"that it is meant; the plant then has the bundle's. {_AFTERWARDS}",
    open=True,
    takes=NewPlant,
    examples={"alone": _PLANT, "connected": {**_PLANT, "bundle": _BUNDLE}},
    answers={200: _OK},
    refusals=("setup-link", "set-up-already", "other-plant", "bad-bundle", "easy-pin"),
)
async def set_up(request: web.Request) -> web.Response:
    """POST /api/setup"""
    first = _let_in(request)
    await first.set_up(await read(request, NewPlant))
    return answer({"ok": True})


@described(
    id="importAtSetup",
    tag="Setup",
    summary="Import the former system's data",
    description=f"As `POST /api/system/import`, once the plant is made. {_AFTERWARDS}",
    open=True,
    parameters=(query("dryRun", BOOLEAN, "Say what would happen, and change nothing."),),
    takes={"type": "object"},
    also_takes=("application/octet-stream",),
    answers={200: Reply(ImportReport, "What the import did, or would do, by collection.")},
    refusals=("setup-link", "set-up-already", "not-set-up", "bad-import", "unreadable-import"),
)
async def take_in(request: web.Request) -> web.Response:
    """POST /api/setup/import?dryRun=true"""
    first = _let_in(request)
    dry_run = flag(request, "dryRun")
    file = await asyncio.to_thread(source.read, await read_bytes(request, source.LARGEST))
    return answer((await first.take_in(file, dry_run=dry_run)).said(language(request)))


@described(
    id="finishSetup",
    tag="Setup",
    summary="Serve from now on",
    description=f"A moment later `/readyz` says so. {_AFTERWARDS}",
    open=True,
    answers={200: _OK},
    refusals=("setup-link", "set-up-already", "not-set-up"),
)
async def finish(request: web.Request) -> web.Response:
    """POST /api/setup/finish"""
    _let_in(request).finish()
    request.app[RESTART]()
    response = answer({"ok": True})
    response.force_close()  # or the connection would stay with this application
    return response


def steps() -> list[web.RouteDef]:
    """The routes of the setup, which say that it is done when it is."""
    return [
        web.post("/api/setup/claim", claim),
        web.post("/api/setup", set_up),
        web.post("/api/setup/import", take_in),
        web.post("/api/setup/finish", finish),
        *Page("setup").routes(),
    ]


def waiting(
    settings: Settings, first: FirstStart, limits: Limits, front: Front, restart: Callable[[], None]
) -> web.Application:
    """What answers while the plant waits to be set up."""

    async def closed(request: web.Request) -> web.StreamResponse:
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            return web.Response(status=302, headers={"Location": "/setup"})
        return problem(AppError("not-set-up"), request)

    async def health(request: web.Request) -> web.StreamResponse:
        return answer({"ok": True})

    app = web.Application(middlewares=[around])
    app[SETTINGS], app[FIRST_START], app[FRONT], app[RESTART] = settings, first, front, restart
    app[LIMITS], app[LARGE_BODIES] = limits, asyncio.Semaphore(limits.large)
    app.add_routes([web.get("/healthz", health), *steps(), web.get("/console/{file}", Page("console", CONSOLE).get)])
    app.router.add_route("*", "/{path:.*}", closed)
    return app
