"""Login, logout, me, and the directory of users."""

from aiohttp import web

from structura_local.schemas import Login
from structura_local.web.bodies import answer, read
from structura_local.web.context import AUTH, GUARD, USERS, caller, token


async def login(request: web.Request) -> web.Response:
    """POST /api/auth/login"""
    body = await read(request, Login)
    async with request.app[GUARD].turn(request.remote or ""):
        return answer(await request.app[AUTH].login(body["pin"]))


async def logout(request: web.Request) -> web.Response:
    """POST /api/auth/logout"""
    await request.app[AUTH].logout(token(request))
    return answer({"ok": True})


async def me(request: web.Request) -> web.Response:
    """GET /api/auth/me"""
    return answer(await request.app[AUTH].me(await caller(request)))


async def directory(request: web.Request) -> web.Response:
    """GET /api/users/directory"""
    return answer(await request.app[USERS].directory(await caller(request)))
