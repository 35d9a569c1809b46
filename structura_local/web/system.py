"""The server itself: health, status, sync, import and export."""

import asyncio
from typing import Any

import orjson
from aiohttp import web

from structura_local import exchange_spanish
from structura_local.domain import access
from structura_local.domain.catalog import COLLECTIONS
from structura_local.errors import AppError
from structura_local.operations import source
from structura_local.operations.report import ImportReport
from structura_local.operations.system import RunningStatus
from structura_local.spanish import spanish
from structura_local.web.bodies import MEGABYTE, answer, idempotency_key, json_response, read_bytes
from structura_local.web.context import FRONT, RETRIES, SYSTEM, TRANSFER, caller, flag
from structura_local.web.errors import language
from structura_local.web.openapi.operation import BOOLEAN, Reply, Schema, described, query, ref
from structura_local.web.openapi.parameters import parameter

IMPORTABLE = ("application/json", "application/vnd.sqlite3", "application/x-sqlite3", "application/octet-stream")
EXPORT = "structura-export.json"

_OK = Reply(ref("Ok"), example={"ok": True})
_FILE: Schema = {
    "type": "object",
    "description": "All data in the frontend's own format, as its export makes it.",
    "properties": {c.key: {"type": ["array", "null"], "items": {}} for c in COLLECTIONS},
}


def _has(key: str) -> Schema:
    return {"required": [key], "properties": {key: {"type": "array"}}}


@described(id="getHealth", tag="System", summary="The process answers", open=True, answers={200: _OK})
async def health(request: web.Request) -> web.Response:
    """GET /healthz: the process answers."""
    return answer({"ok": True})


@described(id="getReadiness", tag="System", summary="The database answers too", open=True, answers={200: _OK})
async def ready(request: web.Request) -> web.Response:
    """GET /readyz: the database answers too."""
    await request.app[SYSTEM].ready()
    return answer({"ok": True})


@described(
    id="getStatus",
    tag="System",
    summary="How the plant is doing",
    description="Sentences are in the language of `Accept-Language`.",
    may=("system", access.READ),
    answers={200: Reply(RunningStatus, "Plant, version, what the sync does, what waits, free disk in bytes.")},
)
async def status(request: web.Request) -> web.Response:
    """GET /api/system/status"""
    said = await request.app[SYSTEM].status(
        await caller(request), request.app[FRONT].tls.certificate, language(request)
    )
    if language(request) == "es":
        _in_spanish(said)
    return answer(said)


def _in_spanish(said: dict[str, Any]) -> None:
    """Sentences of parts that speak English only, where there are translations of them."""
    if "lastError" in said["sync"]:
        said["sync"]["lastError"] = exchange_spanish.spanish(said["sync"]["lastError"])
    if "detail" in (certificate := said.get("certificate", {})):
        certificate["detail"] = spanish(certificate["detail"]) or certificate["detail"]


@described(
    id="syncNow",
    tag="System",
    summary="Exchange with head office now",
    may=("system", access.UPDATE),
    parameters=(parameter("IdempotencyKey"),),
    answers={202: Reply(ref("Ok"), "The exchange begins.", example={"ok": True})},
    refusals=("not-enrolled",),
)
async def sync_now(request: web.Request) -> web.Response:
    """POST /api/system/sync: an exchange more does no harm"""
    who = await caller(request)
    idempotency_key(request)
    await request.app[SYSTEM].sync_now(who)
    return answer({"ok": True}, 202)


@described(
    id="importData",
    tag="System",
    summary="Import the former frontend's or backend's data",
    description="All or nothing; harmless to repeat; one at a time. The JSON that the frontend exports, or the "
    f"former backend's SQLite file; up to {source.LARGEST // MEGABYTE} MiB.",
    may=("administration", access.UPDATE),
    parameters=(
        query("dryRun", BOOLEAN, "Say what would happen, and change nothing."),
        parameter("IdempotencyKey"),
    ),
    takes={**_FILE, "anyOf": [_has(c.key) for c in COLLECTIONS]},
    answers={200: Reply(ImportReport, "What the import did, or would do, by collection.")},
    also_takes=IMPORTABLE[1:],
    refusals=("bad-import", "not-importable", "unreadable-import", "import-running"),
)
async def take_in(request: web.Request) -> web.Response:
    """POST /api/system/import?dryRun=true: JSON or a SQLite file; which of them it is, its content says"""
    who = await caller(request)
    request.app[TRANSFER].check(who)  # before a body that may be large
    dry_run, key = flag(request, "dryRun"), idempotency_key(request)
    if request.content_type not in IMPORTABLE and not request.content_type.endswith("+json"):
        raise AppError("not-importable")

    async def work() -> ImportReport:
        file = await asyncio.to_thread(source.read, content)
        return (await request.app[TRANSFER].take_in(who, file, dry_run=dry_run)).said(language(request))

    with request.app[TRANSFER].alone():  # from before a file is in memory
        content = await read_bytes(request, source.LARGEST)
        return answer(await request.app[RETRIES].once(who, key, f"import {dry_run}", content, work))


@described(
    id="exportData",
    tag="System",
    summary="All data in the frontend's format",
    description="Without PINs, which nobody knows; `withNewPins` puts new ones into the file, for the former frontend. "
    "The PINs on the server stay as they are.",
    may=("administration", access.READ),
    parameters=(query("withNewPins", BOOLEAN, "Put a new PIN for each user into the file."),),
    answers={200: Reply(_FILE, "What an import takes.", ("Cache-Control", "Content-Disposition"))},
    refusals=("too-many-users",),
)
async def give_out(request: web.Request) -> web.Response:
    """GET /api/system/export?withNewPins=true"""
    who = await caller(request)
    exported = await request.app[TRANSFER].give_out(who, new_pins=flag(request, "withNewPins"))
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{EXPORT}"'}
    return json_response(await asyncio.to_thread(orjson.dumps, exported), headers=headers)
