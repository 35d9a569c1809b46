"""Files with which the exchange with head office is carried by hand."""

from dataclasses import asdict
from typing import Any

from aiohttp import web

from structura_local.domain import access
from structura_local.web.bodies import MEGABYTE, answer, idempotency_key, read_bytes
from structura_local.web.context import CARRY, RETRIES, TRANSFER, caller, flag
from structura_local.web.openapi.operation import BOOLEAN, Reply, Schema, described, query
from structura_local.web.openapi.parameters import parameter
from sync.carry.plant import Taken
from sync.carry.stick import TOO_LARGE

FILE = "structura-to-office.carry"
TYPE = "application/octet-stream"

_BINARY: Schema = {"type": "string", "format": "binary"}


@described(
    id="exportCarried",
    tag="System",
    summary="A file that carries what waits to head office",
    description="For a plant without a link. All that head office is not known to hold, signed; nothing counts as sent "
    "until head office's answer is imported, so the file can be made again.",
    may=("administration", access.UPDATE),
    parameters=(query("clockIsRight", BOOLEAN, "Settles `clock-in-doubt`: somebody has looked."),),
    answers={200: Reply(_BINARY, "A file.", ("Cache-Control", "Content-Disposition"), media_type=TYPE)},
    refusals=("not-enrolled", "no-carry-key", "carry-refused", "clock-in-doubt"),
)
async def give_out(request: web.Request) -> web.Response:
    """GET /api/system/carry"""
    written = await request.app[CARRY].give_out(await caller(request), clock_is_right=flag(request, "clockIsRight"))
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{FILE}"'}
    return web.Response(body=written.content, content_type=TYPE, headers=headers)


@described(
    id="importCarried",
    tag="System",
    summary="Apply a file from head office",
    description="As `structura-local central export` makes it. Harmless to repeat; one that is not for this PC, not "
    f"whole, not signed or out of turn is refused and changes nothing. Up to {TOO_LARGE // MEGABYTE} MiB.",
    may=("administration", access.UPDATE),
    takes=_BINARY,
    also_takes=(TYPE,),
    parameters=(parameter("IdempotencyKey"),),
    answers={200: Reply(Taken, "What it did.")},
    refusals=("not-enrolled", "no-carry-key", "carry-refused", "import-running"),
)
async def take_in(request: web.Request) -> web.Response:
    """POST /api/system/carry"""
    who = await caller(request)
    request.app[CARRY].check(who)  # before a body that may be large
    key = idempotency_key(request)

    async def work() -> dict[str, Any]:
        return asdict(await request.app[CARRY].take_in(who, content))

    with request.app[TRANSFER].alone():
        content = await read_bytes(request, TOO_LARGE)
        return answer(await request.app[RETRIES].once(who, key, "carry", content, work))
