"""Login, logout, me, and the directory of users."""

from aiohttp import web

from structura_local.domain import access
from structura_local.schemas import Login, Session
from structura_local.web import terminals
from structura_local.web.bodies import answer, idempotency_key, read
from structura_local.web.context import AUTH, GUARD, LISTS, TERMINALS, USERS, caller, token
from structura_local.web.lists import respond
from structura_local.web.openapi.examples import OBJECTS
from structura_local.web.openapi.operation import Reply, described, ref
from structura_local.web.openapi.parameters import parameter

_WHOLE_LIST = ("ETag", "Cache-Control", "Vary")


@described(
    id="login",
    tag="Auth",
    summary="A token for a PIN",
    description="The PIN alone says who it is. Wrong ones cost growing waits.",
    open=True,
    parameters=(parameter("IdempotencyKey"),),
    takes=Login,
    examples={"pin": {"pin": "482915"}},
    answers={200: Reply(Session, "The token, and whose it is.")},
    refusals=("wrong-pin", "pin-shared", "not-paired", "too-many"),
)
async def login(request: web.Request) -> web.Response:
    """POST /api/auth/login"""
    body, key = await read(request, Login), idempotency_key(request)
    address, secret = request.remote or "", terminals.key(request)
    terminal = request.app[TERMINALS].entered(secret)  # before anything could tell whose PIN it is
    async with request.app[GUARD].turn(address, terminal):
        response = answer(await request.app[AUTH].login(body["pin"], terminal, address, key))
    if terminal and secret:
        terminals.keep_key(request, response, secret)
    return response


@described(
    id="logout",
    tag="Auth",
    summary="End the token for good",
    description="Without a token, or with a dead one, it is done already.",
    open=True,
    parameters=(parameter("IdempotencyKey"),),
    answers={200: Reply(ref("Ok"), example={"ok": True})},
)
async def logout(request: web.Request) -> web.Response:
    """POST /api/auth/logout: the same however often it is sent"""
    idempotency_key(request)
    await request.app[AUTH].logout(token(request))
    return answer({"ok": True})


@described(
    id="getMe",
    tag="Auth",
    summary="The caller's own user",
    answers={200: Reply(ref("User"), "Who asks.", example=OBJECTS["users"])},
    refusals=("not-found",),
)
async def me(request: web.Request) -> web.Response:
    """GET /api/auth/me"""
    return answer(await request.app[AUTH].me(await caller(request)))


@described(
    id="listUserDirectory",
    tag="Users",
    summary="Everybody's name and role, for everybody",
    may=("directory", access.LIST),
    parameters=(parameter("IfNoneMatch"),),
    answers={
        200: Reply(
            {"type": "array", "items": ref("DirectoryEntry")}, "All users, in the order of creation.", _WHOLE_LIST
        ),
        304: Reply(None, "The client has this list already (`If-None-Match`).", _WHOLE_LIST),
    },
)
async def directory(request: web.Request) -> web.Response:
    """GET /api/users/directory"""
    who, users = await caller(request), request.app[USERS]
    key = (users.collection.table, "directory", "")
    return await respond(request, await request.app[LISTS].ready(key, users, lambda: users.directory(who)))
