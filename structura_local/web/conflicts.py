"""The journal of conflicts, and the rows that one side could not take."""

from functools import partial
from typing import Any

from aiohttp import web

from structura_local.domain.access import LIST, READ, UPDATE
from structura_local.domain.catalog import COLLECTIONS
from structura_local.operations import conflicts, set_aside
from structura_local.operations.conflicts import Conflict
from structura_local.operations.set_aside import RowSetAside
from structura_local.schemas import ConflictUpdate
from structura_local.web.bodies import answer, idempotency_key, read
from structura_local.web.context import CONFLICTS, RETRIES, SET_ASIDE, caller
from structura_local.web.etags import shown
from structura_local.web.lists import options, paged
from structura_local.web.openapi.nouns import LIST_HEADERS, OBJECT_HEADERS, filters
from structura_local.web.openapi.operation import Reply, described, ref
from structura_local.web.openapi.parameters import parameter

_PAGE = tuple(parameter(name) for name in ("Limit", "Cursor", "IfNoneMatch"))
_ANY_OBJECT: dict[str, Any] = {"anyOf": [ref(c.singular) for c in COLLECTIONS if not c.append_only]}


@described(
    id="listConflicts",
    tag="System",
    summary="Values that lost to a write which had not seen them",
    description=f"Newest first; the newest {conflicts.NEWEST} unless `limit` says otherwise. PINs are masked.",
    may=("conflicts", LIST),
    parameters=(
        *filters(conflicts.FIELDS.values()),
        *(parameter(name) for name in ("Since", "Until")),
        *_PAGE,
    ),
    answers={200: Reply(list[Conflict], "The conflicts.", LIST_HEADERS), 304: Reply(None, "No news.", LIST_HEADERS)},
)
async def conflict_list(request: web.Request) -> web.Response:
    """GET /api/system/conflicts"""
    return await paged(request, await request.app[CONFLICTS].find(await caller(request), options(request)))


@described(
    id="getConflict",
    tag="System",
    summary="Get one conflict",
    may=("conflicts", READ),
    parameters=(parameter("IfNoneMatch"),),
    answers={200: Reply(Conflict, "The conflict.", OBJECT_HEADERS), 304: Reply(None, "No news.", OBJECT_HEADERS)},
)
async def conflict(request: web.Request) -> web.Response:
    """GET /api/system/conflicts/:id"""
    return shown(request, await request.app[CONFLICTS].get(await caller(request), request.match_info["id"]))


@described(
    id="updateConflict",
    tag="System",
    summary="Mark a conflict as seen",
    may=("conflicts", UPDATE),
    takes=ConflictUpdate,
    examples={"seen": {"seen": True}},
    answers={200: Reply(Conflict, "The conflict.", OBJECT_HEADERS)},
)
async def mark(request: web.Request) -> web.Response:
    """PATCH /api/system/conflicts/:id"""
    who = await caller(request)
    body = await read(request, ConflictUpdate)
    marked = await request.app[CONFLICTS].mark(who, request.match_info["id"], seen=body["seen"])
    return shown(request, marked)


@described(
    id="restoreConflict",
    tag="System",
    summary="Write the losing value again",
    description="A change like any other, by whoever asks for it: roles, checks and rules hold as for a `PATCH` of the "
    "object. If it was deleted, it comes back. The conflict counts as seen.",
    may=("conflicts", UPDATE),
    parameters=(parameter("IdempotencyKey"),),
    answers={200: Reply(_ANY_OBJECT, "The object as it is now.", OBJECT_HEADERS)},
    refusals=("pin-not-restorable", "not-restorable", "gone", "sku-taken", "pin-taken", "easy-pin", "last-admin",
              "invalid", "forbidden-fields", "unknown-collection"),
)  # fmt: skip
async def restore(request: web.Request) -> web.Response:
    """POST /api/system/conflicts/:id/restore"""
    who, key = await caller(request), idempotency_key(request)
    return shown(request, await request.app[CONFLICTS].restore(who, request.match_info["id"], key))


@described(
    id="listSetAside",
    tag="System",
    summary="Rows that head office, or this PC, could not take",
    description="They hold up nobody, and are tried again when the program on either side has changed. "
    f"The latest {set_aside.NEWEST} unless `limit` says otherwise.",
    may=("set_aside", LIST),
    parameters=(*filters(set_aside.FIELDS.values()), *_PAGE),
    answers={200: Reply(list[RowSetAside], "They.", LIST_HEADERS), 304: Reply(None, "No news.", LIST_HEADERS)},
)
async def aside_list(request: web.Request) -> web.Response:
    """GET /api/system/set-aside"""
    return await paged(request, await request.app[SET_ASIDE].find(await caller(request), options(request)))


@described(
    id="retrySetAside",
    tag="System",
    summary="Try a row that was set aside again",
    description="One of this PC's goes out with the next exchange, one of head office's is stored now if it fits.",
    may=("set_aside", UPDATE),
    parameters=(parameter("IdempotencyKey"),),
    answers={200: Reply(RowSetAside, "How it stands now.")},
)
async def retry(request: web.Request) -> web.Response:
    """POST /api/system/set-aside/:id/retry"""
    who, key, line = await caller(request), idempotency_key(request), request.match_info["id"]
    work = partial(request.app[SET_ASIDE].retry, who, line)
    return answer(await request.app[RETRIES].once(who, key, f"set-aside {line}", b"", work))
