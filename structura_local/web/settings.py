"""The settings in force, and changes of them."""

from aiohttp import web

from structura_local.domain.access import LIST, UPDATE
from structura_local.domain.query import Part
from structura_local.operations.settings import Setting, SettingsChange
from structura_local.schemas import SettingsUpdate
from structura_local.web.bodies import answer, answer_last, idempotency_key, read
from structura_local.web.context import ADMINISTRATION, RETRIES, caller
from structura_local.web.errors import language
from structura_local.web.lists import paged
from structura_local.web.openapi.operation import Reply, described, ref
from structura_local.web.openapi.parameters import parameter

_HEADERS = ("ETag", "Cache-Control", "Vary")


@described(
    id="listSettings",
    tag="System",
    summary="Each setting with its value, its default and where it comes from",
    description="Secrets are masked. `description` is in the language of `Accept-Language`.",
    may=("settings", LIST),
    parameters=(parameter("IfNoneMatch"),),
    answers={200: Reply(list[Setting], "The settings.", _HEADERS), 304: Reply(None, "No news.", _HEADERS)},
)
async def in_force(request: web.Request) -> web.Response:
    """GET /api/system/settings"""
    return await paged(request, Part(request.app[ADMINISTRATION].find(await caller(request), language(request))))


@described(
    id="changeSettings",
    tag="System",
    summary="Change settings",
    description="Written into `settings.toml`, all or none; `null` takes a line out, so the default holds. What takes "
    "effect now has the server begin anew when this is answered: for a moment it answers 503. Settings that say where "
    "and how the server is reached (`host`, `port`, `tls…`, `http`) are undone after five minutes, and when the server "
    "is started again, unless they are confirmed over the address that they lead to.",
    may=("settings", UPDATE),
    takes=SettingsUpdate,
    examples={"https": {"tls": "own"}, "default": {"time_zone": None}},
    answers={200: Reply(SettingsChange, "What was changed, and when it takes effect.")},
    refusals=("unconfirmed", "settings-unwritable"),
)
async def change(request: web.Request) -> web.StreamResponse:
    """PATCH /api/system/settings"""
    who = await caller(request)
    done, apply = await request.app[ADMINISTRATION].change(who, await read(request, SettingsUpdate))
    return await answer_last(request, answer(done), apply)


@described(
    id="confirmSettings",
    tag="System",
    summary="Keep settings that would be undone",
    description="Over the address that they lead to; what is about HTTPS, over HTTPS.",
    may=("settings", UPDATE),
    parameters=(parameter("IdempotencyKey"),),
    answers={200: Reply(ref("Ok"), example={"ok": True})},
    refusals=("nothing-unconfirmed", "confirm-over-https"),
)
async def confirm(request: web.Request) -> web.Response:
    """POST /api/system/settings/confirm"""
    who, key = await caller(request), idempotency_key(request)

    async def work() -> dict[str, bool]:
        request.app[ADMINISTRATION].confirm(who, secure=request.secure)
        return {"ok": True}

    return answer(await request.app[RETRIES].once(who, key, "confirm settings", b"", work))
