"""How the plant has been doing, for charts."""

from aiohttp import web

from structura_local.domain.access import READ
from structura_local.domain.query import Part
from structura_local.operations.history import Measured
from structura_local.web.context import HISTORY, caller
from structura_local.web.lists import options, paged
from structura_local.web.openapi.operation import Reply, described
from structura_local.web.openapi.parameters import parameter

_HEADERS = ("ETag", "Cache-Control", "Vary")


@described(
    id="getHistory",
    tag="System",
    summary="How the plant has been doing",
    description="The last day minute by minute, before that hour by hour, for 90 days; the oldest first.",
    may=("system", READ),
    parameters=(parameter("Since"), parameter("IfNoneMatch")),
    answers={200: Reply(list[Measured], "The measurements.", _HEADERS), 304: Reply(None, "No news.", _HEADERS)},
)
async def history(request: web.Request) -> web.Response:
    """GET /api/system/history"""
    return await paged(request, Part(await request.app[HISTORY].find(await caller(request), options(request))))
