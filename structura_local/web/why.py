"""Why a row is as it is."""

from aiohttp import web

from structura_local.domain.access import READ
from structura_local.domain.catalog import COLLECTIONS
from structura_local.operations.why import Why
from structura_local.web.bodies import answer
from structura_local.web.context import EXPLANATIONS, caller
from structura_local.web.openapi.operation import Reply, described, in_path


@described(
    id="explainObject",
    tag="System",
    summary="Why an object is as it is",
    description="Also of a deleted one: each field with who wrote it, where and when, and the rule by which versions "
    "merge; its changes with when they reached head office; its conflicts. PINs are masked.",
    may=("why", READ),
    parameters=(in_path("collection", "Of which it is.", {"enum": [c.path for c in COLLECTIONS]}),),
    answers={200: Reply(Why, "All that is known of it here.")},
    refusals=("no-route",),
)
async def why(request: web.Request) -> web.Response:
    """GET /api/system/why/:collection/:id"""
    path, row_id = request.match_info["collection"], request.match_info["id"]
    return answer(await request.app[EXPLANATIONS].why(await caller(request), path, row_id))
