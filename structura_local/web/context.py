"""What handlers need, as typed keys of the application; put there by wiring.py and app.py."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from aiohttp import hdrs, web

from structura_local.domain.access import OPERATOR, Caller
from structura_local.errors import AppError
from structura_local.front import Front
from structura_local.operations.access import require
from structura_local.operations.auth import Auth
from structura_local.operations.backups import Backups
from structura_local.operations.carry import Carry
from structura_local.operations.changes import ChangeLog
from structura_local.operations.conflicts import Conflicts
from structura_local.operations.enrolment import Enrolment
from structura_local.operations.first_start import FirstStart
from structura_local.operations.guard import Guard
from structura_local.operations.history import History
from structura_local.operations.live import Live
from structura_local.operations.retries import Retries
from structura_local.operations.rows import Rows
from structura_local.operations.set_aside import SetAside
from structura_local.operations.settings import Administration
from structura_local.operations.system import System
from structura_local.operations.terminals import Terminals
from structura_local.operations.transfer import Transfer
from structura_local.operations.trash import Trash
from structura_local.operations.users import Users
from structura_local.operations.why import Explanations
from structura_local.settings import Settings
from structura_local.web.lists import Lists
from structura_local.web.objects import Objects
from structura_local.web.openapi.operation import Operation, operation_of

SETTINGS = web.AppKey("settings", Settings)
ADMINISTRATION = web.AppKey("administration", Administration)
FRONT = web.AppKey("front", Front)
AUTH = web.AppKey("auth", Auth)
GUARD = web.AppKey("guard", Guard)
USERS = web.AppKey("users", Users)
NOUNS: web.AppKey[Mapping[str, Rows]] = web.AppKey("nouns", dict)
LISTS = web.AppKey("lists", Lists)
OBJECTS = web.AppKey("objects", Objects)
SYSTEM = web.AppKey("system", System)
BACKUPS = web.AppKey("backups", Backups)
RESTART: web.AppKey[Callable[[], None]] = web.AppKey("restart", object)  # type: ignore[arg-type]
CHANGES = web.AppKey("changes", ChangeLog)
TERMINALS = web.AppKey("terminals", Terminals)
TRASH = web.AppKey("trash", Trash)
CONFLICTS = web.AppKey("conflicts", Conflicts)
SET_ASIDE = web.AppKey("set_aside", SetAside)
EXPLANATIONS = web.AppKey("explanations", Explanations)
RETRIES = web.AppKey("retries", Retries)
TRANSFER = web.AppKey("transfer", Transfer)
LIVE = web.AppKey("live", Live)
FIRST_START = web.AppKey("first_start", FirstStart)
HISTORY = web.AppKey("history", History)
CARRY = web.AppKey("carry", Carry)
ENROLMENT = web.AppKey("enrolment", Enrolment)

# A list that is open without a token is read as nobody would: the fewest fields there are.
KIOSK = Caller(None, OPERATOR)


def token(request: web.Request) -> str | None:
    """The bearer token of a request."""
    return _bearer(request.headers.get(hdrs.AUTHORIZATION, ""))


@lru_cache(maxsize=1024)
def _bearer(header: str) -> str | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    return value.strip().encode(errors="replace").decode() or None  # bytes that are no UTF-8 come in as surrogates


async def caller(request: web.Request) -> Caller:
    """Who asks; AppError if nobody that may do this at all, or with parameters that this operation does not have."""
    auth, asked, address = request.app[AUTH], token(request), request.remote or ""
    who = auth.known(asked, address) or await auth.caller(asked, address)
    operation = _operation(request.match_info.handler)
    if operation is not None:
        if operation.may:
            require(who, *operation.may)
        if request.rel_url.raw_query_string and (
            unknown := [name for name in request.query if name not in operation.query]
        ):
            raise AppError("unknown-parameter", errors=[{"field": name, "msg": "unknown"} for name in unknown])
    return who


@lru_cache(maxsize=256)  # there are fewer handlers
def _operation(handler: Any) -> Operation | None:
    return operation_of(handler)


def flag(request: web.Request, name: str) -> bool:
    """A query parameter that is true or false; false if it is left out."""
    values = request.query.getall(name, ["false"])
    if values not in (["true"], ["false"]):
        raise AppError("invalid", errors=[{"field": name, "msg": "must be true or false"}])
    return values == ["true"]
