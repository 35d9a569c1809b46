"""Terminals: codes, pairing, the cookie that proves a paired one."""

from aiohttp import web

from structura_local.domain.access import CREATE, DELETE, LIST
from structura_local.domain.query import Part
from structura_local.operations.terminals import PairedTerminal, Terminal, TerminalCode
from structura_local.schemas import NewTerminal, PairingCode
from structura_local.web.bodies import answer, idempotency_key, read
from structura_local.web.context import GUARD, TERMINALS, caller
from structura_local.web.lists import paged
from structura_local.web.openapi.operation import Reply, described, ref
from structura_local.web.openapi.parameters import parameter

COOKIE = "structura_terminal"
_HEADERS = ("ETag", "Cache-Control", "Vary")
_LASTS = 400 * 86_400  # seconds; the longest that browsers keep a cookie, begun anew with each login


def key(request: web.Request) -> str | None:
    """What a paired terminal proves itself with."""
    return request.cookies.get(COOKIE)


def keep_key(request: web.Request, response: web.Response, value: str) -> None:
    """Have the terminal keep its key: out of reach of scripts and other sites, sent nowhere but to log in."""
    response.set_cookie(
        COOKIE, value, max_age=_LASTS, path="/api/auth", httponly=True, samesite="Strict", secure=request.secure
    )


@described(
    id="listTerminals",
    tag="System",
    summary="Which terminals are paired, and which wait for their code",
    may=("terminals", LIST),
    parameters=(parameter("IfNoneMatch"),),
    answers={200: Reply(list[Terminal], "The terminals.", _HEADERS), 304: Reply(None, "No news.", _HEADERS)},
)
async def terminals(request: web.Request) -> web.Response:
    """GET /api/system/terminals"""
    return await paged(request, Part(await request.app[TERMINALS].find(await caller(request))))


@described(
    id="createTerminal",
    tag="System",
    summary="A code that pairs a terminal",
    description="It is told this once, works once, and for ten minutes.",
    may=("terminals", CREATE),
    parameters=(parameter("IdempotencyKey"),),
    takes=NewTerminal,
    examples={"name": {"name": "Tablet 3"}},
    answers={201: Reply(TerminalCode, "The code.", ("Cache-Control",))},
)
async def create(request: web.Request) -> web.Response:
    """POST /api/system/terminals"""
    who = await caller(request)
    body, key = await read(request, NewTerminal), idempotency_key(request)
    made = await request.app[TERMINALS].create(who, body["name"], key)
    return answer(made, 201, {"Cache-Control": "no-store"})


@described(
    id="revokeTerminal",
    tag="System",
    summary="End the pairing of a terminal, and the sessions that began there; or take a code back",
    may=("terminals", DELETE),
    answers={200: Reply(ref("Ok"), example={"ok": True})},
)
async def revoke(request: web.Request) -> web.Response:
    """DELETE /api/system/terminals/:id"""
    await request.app[TERMINALS].revoke(await caller(request), request.match_info["id"])
    return answer({"ok": True})


@described(
    id="pair",
    tag="Auth",
    summary="Pair this terminal",
    description="The answer sets the cookie that a paired terminal is known by. Wrong codes cost growing waits.",
    open=True,
    parameters=(parameter("IdempotencyKey"),),
    takes=PairingCode,
    examples={"code": {"code": "4711-0815"}},
    answers={200: Reply(PairedTerminal, "Which terminal this is now.", ("Cache-Control", "Set-Cookie"))},
    refusals=("wrong-code", "too-many"),
)
async def pair(request: web.Request) -> web.Response:
    """POST /api/auth/pair"""
    body, key = await read(request, PairingCode), idempotency_key(request)
    address = request.remote or ""
    async with request.app[GUARD].code_turn(address):
        terminal, secret = await request.app[TERMINALS].pair(body["code"], address, key)
    response = answer(terminal, headers={"Cache-Control": "no-store"})
    keep_key(request, response, secret)
    return response
