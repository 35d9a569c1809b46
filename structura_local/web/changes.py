"""The change log."""

from aiohttp import web

from structura_local.domain.access import LIST
from structura_local.operations.changes import FIELDS, NEWEST, LogEntry
from structura_local.web.context import CHANGES, caller
from structura_local.web.lists import options, paged
from structura_local.web.openapi.nouns import LIST_HEADERS, filters
from structura_local.web.openapi.operation import Reply, described, query
from structura_local.web.openapi.parameters import parameter


@described(
    id="listChanges",
    tag="System",
    summary="Who changed what, and when",
    description=f"The newest {NEWEST} unless `limit` says otherwise. Secrets are masked.",
    may=("changes", LIST),
    parameters=(
        *filters(FIELDS.values()),
        query("after", {"type": "integer", "minimum": 0, "maximum": 2**53}, "Only those with a greater `seq`."),
        query("sort", {"type": "string", "enum": ["seq", "-seq"]}, "The oldest or the newest (this by default) first."),
        *(parameter(name) for name in ("Since", "Until", "Limit", "Cursor", "IfNoneMatch")),
    ),
    answers={200: Reply(list[LogEntry], "The changes.", LIST_HEADERS), 304: Reply(None, "No news.", LIST_HEADERS)},
)
async def changes(request: web.Request) -> web.Response:
    """GET /api/system/changes"""
    return await paged(request, await request.app[CHANGES].find(await caller(request), options(request)))
