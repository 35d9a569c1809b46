"""What handlers need, as typed keys of the application; put there by app.py."""

from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from structura_local.domain.access import OPERATOR, Caller
from structura_local.operations.auth import Auth
from structura_local.operations.guard import Guard
from structura_local.operations.rows import Rows
from structura_local.operations.system import System
from structura_local.operations.transfer import Transfer
from structura_local.operations.users import Users
from structura_local.settings import Settings
from structura_local.web.lists import Lists

SETTINGS = web.AppKey("settings", Settings)
AUTH = web.AppKey("auth", Auth)
GUARD = web.AppKey("guard", Guard)
USERS = web.AppKey("users", Users)
NOUNS: web.AppKey[Mapping[str, Rows]] = web.AppKey("nouns", dict)
LISTS = web.AppKey("lists", Lists)
SYSTEM = web.AppKey("system", System)
TRANSFER = web.AppKey("transfer", Transfer)

# A list that is open without a token is read as nobody would: the fewest fields there are.
KIOSK = Caller(None, OPERATOR)


def token(request: web.Request) -> str | None:
    """The bearer token of a request."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return value.strip().encode(errors="replace").decode() or None  # bytes that are no UTF-8 come in as surrogates


async def caller(request: web.Request) -> Caller:
    """Who asks; AppError if nobody that may."""
    return replace(await request.app[AUTH].caller(token(request)), address=request.remote or "")
