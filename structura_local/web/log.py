"""The server's log."""

from aiohttp import web

from structura_local.domain.access import LIST
from structura_local.domain.query import Part
from structura_local.operations import log
from structura_local.operations.log import LogLine
from structura_local.web.context import SETTINGS, caller
from structura_local.web.lists import options, paged
from structura_local.web.openapi.operation import Reply, described, query
from structura_local.web.openapi.parameters import parameter

_HEADERS = ("ETag", "Cache-Control", "Vary")


@described(
    id="listLog",
    tag="System",
    summary="The server's log, the newest line first",
    description=f"Without secrets. The newest {log.NEWEST} lines unless `limit` says otherwise, of the last "
    f"{log.SEARCHED // 1_000_000} MB that were written.",
    may=("logs", LIST),
    parameters=(
        query("level", {"type": "string", "enum": list(log.LEVELS)}, "Only this severity or worse."),
        parameter("Q"),
        parameter("Limit"),
        parameter("IfNoneMatch"),
    ),
    answers={200: Reply(list[LogLine], "The lines.", _HEADERS), 304: Reply(None, "No news.", _HEADERS)},
)
async def lines(request: web.Request) -> web.Response:
    """GET /api/system/logs"""
    who = await caller(request)
    return await paged(request, Part(await log.find(request.app[SETTINGS].data_dir, who, options(request))))
