"""What was deleted, and how it comes back."""

from aiohttp import web

from structura_local.domain.access import LIST, UPDATE
from structura_local.domain.catalog import COLLECTIONS
from structura_local.operations.trash import FIELDS, NEWEST, DeletedObject
from structura_local.web.bodies import idempotency_key
from structura_local.web.context import TRASH, caller
from structura_local.web.etags import shown
from structura_local.web.lists import options, paged
from structura_local.web.openapi.nouns import LIST_HEADERS, OBJECT_HEADERS, filters
from structura_local.web.openapi.operation import Reply, described, in_path, ref
from structura_local.web.openapi.parameters import parameter


@described(
    id="listTrash",
    tag="System",
    summary="What was deleted in the last 90 days, the last first",
    description=f"The newest {NEWEST} unless `limit` says otherwise.",
    may=("trash", LIST),
    parameters=(*filters(FIELDS.values()), *(parameter(name) for name in ("Limit", "Cursor", "IfNoneMatch"))),
    answers={200: Reply(list[DeletedObject], "It.", LIST_HEADERS), 304: Reply(None, "No news.", LIST_HEADERS)},
)
async def trash(request: web.Request) -> web.Response:
    """GET /api/system/trash"""
    return await paged(request, await request.app[TRASH].find(await caller(request), options(request)))


@described(
    id="restoreDeleted",
    tag="System",
    summary="Bring a deleted object back",
    may=("trash", UPDATE),
    parameters=(
        in_path("collection", "Of which it was.", {"enum": [c.path for c in COLLECTIONS]}),
        parameter("IdempotencyKey"),
    ),
    answers={200: Reply({"anyOf": [ref(c.singular) for c in COLLECTIONS]}, "The object again.", OBJECT_HEADERS)},
    refusals=("no-route", "not-deleted", "gone", "pin-taken", "sku-taken"),
)
async def restore(request: web.Request) -> web.Response:
    """POST /api/system/trash/:collection/:id/restore"""
    who, key = await caller(request), idempotency_key(request)
    path, row_id = request.match_info["collection"], request.match_info["id"]
    return shown(request, await request.app[TRASH].restore(who, path, row_id, key))
