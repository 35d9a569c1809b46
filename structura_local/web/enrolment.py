"""Connecting a plant that is served to head office."""

from functools import partial
from typing import Any

import orjson
from aiohttp import web

from structura_local.domain import access
from structura_local.operations.enrolment import Enrolled
from structura_local.schemas import NewEnrolment
from structura_local.web.bodies import answer, answer_last, idempotency_key, read
from structura_local.web.context import ENROLMENT, RESTART, RETRIES, TRANSFER, caller
from structura_local.web.openapi.operation import Reply, described
from structura_local.web.openapi.parameters import parameter

_BUNDLE: dict[str, Any] = {"plantId": "planta-norte", "plantName": "Planta Norte", "dsn": "postgresql://…"}


@described(
    id="enroll",
    tag="System",
    summary="Connect this PC to head office, with a bundle that it made",
    description="As `structura-local enroll`. When this is answered the server begins anew: for a moment it answers "
    "503, then it exchanges. A bundle for a plant of another name is 409 `other-plant`, unless `anotherName` says that "
    "it is meant. Where there is a bundle already, another one makes this PC a new one to head office: everything is "
    "exchanged once more, nothing is lost, and the former bundle stays good until `central revoke`.",
    may=("administration", access.UPDATE),
    parameters=(parameter("IdempotencyKey"),),
    takes=NewEnrolment,
    examples={"bundle": {"bundle": _BUNDLE}},
    answers={202: Reply(Enrolled, "The plant that this PC belongs to in a moment.")},
    refusals=("bad-bundle", "other-plant", "database-of-another", "import-running"),
)
async def enroll(request: web.Request) -> web.StreamResponse:
    """POST /api/system/enrolment"""
    who, key = await caller(request), idempotency_key(request)
    wanted = await read(request, NewEnrolment)
    enrolment = request.app[ENROLMENT]
    work = partial(enrolment.lay_ready, who, wanted["bundle"], another_name=wanted.get("anotherName", False))
    with request.app[TRANSFER].alone():  # an import would be cut off
        enrolled = await request.app[RETRIES].once(who, key, "enrolment", orjson.dumps(wanted), work)
    if not enrolment.is_due:  # the first answer once more
        return answer(enrolled, 202)
    return await answer_last(request, answer(enrolled, 202), request.app[RESTART])
