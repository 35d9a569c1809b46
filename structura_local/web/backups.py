"""Backups: which there are, a new one, its file, and putting one in the place of the database."""

from functools import partial

from aiohttp import web

from structura_local.domain.access import CREATE, DELETE, LIST, READ, UPDATE
from structura_local.domain.query import Part
from structura_local.operations.backups import PRESENT, Backup, RestoreReport
from structura_local.web.bodies import answer, answer_last, idempotency_key
from structura_local.web.context import BACKUPS, RESTART, RETRIES, caller
from structura_local.web.lists import paged
from structura_local.web.openapi.operation import Reply, described, ref
from structura_local.web.openapi.parameters import parameter

_HEADERS = ("ETag", "Cache-Control", "Vary")


@described(
    id="listBackups",
    tag="System",
    summary="The backups on this PC, the newest first",
    may=("backups", LIST),
    parameters=(parameter("IfNoneMatch"),),
    answers={200: Reply(list[Backup], "The backups.", _HEADERS), 304: Reply(None, "No news.", _HEADERS)},
)
async def backup_list(request: web.Request) -> web.Response:
    """GET /api/system/backups"""
    return await paged(request, Part(await request.app[BACKUPS].find(await caller(request))))


@described(
    id="createBackup",
    tag="System",
    summary="Make a backup now",
    description="The answer comes when it was made, opened and checked. Nobody who writes waits for it.",
    may=("backups", CREATE),
    parameters=(parameter("IdempotencyKey"),),
    answers={201: Reply(Backup, "The backup.")},
    refusals=("backup-unsound",),
)
async def create(request: web.Request) -> web.Response:
    """POST /api/system/backups"""
    who, key = await caller(request), idempotency_key(request)
    work = partial(request.app[BACKUPS].make, who)
    return answer(await request.app[RETRIES].once(who, key, "backup", b"", work), 201)


@described(
    id="downloadBackup",
    tag="System",
    summary="A backup's file",
    description="A SQLite database, without the keys of PINs; `structura-local restore FILE` takes it.",
    may=("backups", READ),
    answers={
        200: Reply(
            {"type": "string", "format": "binary"},
            "The file.",
            ("Cache-Control", "Content-Disposition"),
            media_type="application/vnd.sqlite3",
        )
    },
)
async def download(request: web.Request) -> web.StreamResponse:
    """GET /api/system/backups/:id/file"""
    file = await request.app[BACKUPS].file(await caller(request), request.match_info["id"])
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Content-Type": "application/vnd.sqlite3",
    }
    return web.FileResponse(file, headers=headers)


@described(
    id="deleteBackup",
    tag="System",
    summary="Remove a backup, to have its room",
    may=("backups", DELETE),
    answers={200: Reply(ref("Ok"), example={"ok": True})},
)
async def remove(request: web.Request) -> web.Response:
    """DELETE /api/system/backups/:id"""
    await request.app[BACKUPS].remove(await caller(request), request.match_info["id"])
    return answer({"ok": True})


@described(
    id="restoreBackup",
    tag="System",
    summary="Put a backup in the place of the database",
    description="It is checked first; when this is answered, everything is ready, and the server swaps it in at once: "
    "for a moment it answers 503. The database before is kept as a backup. Sessions, pairings of terminals and "
    f"lock-outs stay as they are now. `{PRESENT}` as the id: go on with the database that is there, if it is whole.",
    may=("backups", UPDATE),
    answers={202: Reply(RestoreReport, "What was there, and what is there in a moment.")},
    refusals=("backup-unsound",),
)
async def restore(request: web.Request) -> web.StreamResponse:
    """POST /api/system/backups/:id/restore"""
    report = await request.app[BACKUPS].restore(await caller(request), request.match_info["id"])
    return await answer_last(request, answer(report, 202), request.app[RESTART])
