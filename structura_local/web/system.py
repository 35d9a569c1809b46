"""The server itself: health, status, sync, import and export."""

from dataclasses import asdict

from aiohttp import web

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
    file = await read_any(request, MAX_IMPORT)
    dry_run = request.query.get("dryRun") == "true"
    return answer(asdict(await request.app[TRANSFER].take_in(who, file, dry_run=dry_run)))


async def give_out(request: web.Request) -> web.Response:
    """GET /api/system/export"""
    return answer(await request.app[TRANSFER].give_out(await caller(request)))
