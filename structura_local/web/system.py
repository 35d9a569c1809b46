"""The server itself: health, status, sync, import and export."""

from dataclasses import asdict

from aiohttp import web

from structura_local.errors import AppError
from structura_local.web.bodies import MEGABYTE, answer, read_any
from structura_local.web.context import SYSTEM, TRANSFER, caller

MAX_IMPORT = 256 * MEGABYTE  # the memory of a plant PC, not the disk, is the limit


async def health(request: web.Request) -> web.Response:
    """GET /healthz: the process answers."""
    return answer({"ok": True})


async def ready(request: web.Request) -> web.Response:
    """GET /readyz: the database answers too."""
    await request.app[SYSTEM].ready()
    return answer({"ok": True})


async def status(request: web.Request) -> web.Response:
    """GET /api/system/status"""
    return answer(await request.app[SYSTEM].status(await caller(request)))


async def sync_now(request: web.Request) -> web.Response:
    """POST /api/system/sync"""
    await request.app[SYSTEM].sync_now(await caller(request))
    return answer({"ok": True}, 202)


async def take_in(request: web.Request) -> web.Response:
    """POST /api/system/import?dryRun=true"""
    who = await caller(request)
    request.app[TRANSFER].check(who)  # before a body that may be large
    dry_run = _flag(request, "dryRun")
    file = await read_any(request, MAX_IMPORT)
    return answer(asdict(await request.app[TRANSFER].take_in(who, file, dry_run=dry_run)))


def _flag(request: web.Request, name: str) -> bool:
    """A query parameter that is true or false; false if it is left out."""
    others = [other for other in request.query if other != name]
    if others:
        raise AppError("unknown-parameter", errors=[{"field": other, "msg": "unknown"} for other in others])
    value = request.query.get(name, "false")
    if value not in ("true", "false"):
        raise AppError("invalid", errors=[{"field": name, "msg": "must be true or false"}])
    return value == "true"


async def give_out(request: web.Request) -> web.Response:
    """GET /api/system/export"""
    return answer(await request.app[TRANSFER].give_out(await caller(request)))
