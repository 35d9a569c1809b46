"""The one middleware: request id, CORS, errors to problem documents, and the headers that every answer has."""

import itertools
import logging
import re
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache

from aiohttp import hdrs, web
from multidict import istr
from yarl import URL

from structura_local.clock import random_word
from structura_local.errors import AppError
from structura_local.web.context import BACKUPS, HISTORY, SETTINGS
from structura_local.web.errors import problem

_log = logging.getLogger("structura_local.requests")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_START, _COUNT = random_word(6), itertools.count()  # what names a request: the process, and which of its requests
_HOST = re.compile(r"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._~%-]+)?\])(:[0-9]{0,5})?")
# Names whose case is folded once.
_REQUEST_ID, _CONTENT_TYPE_OPTIONS = istr("X-Request-Id"), istr("X-Content-Type-Options")
_CONTENT_SECURITY_POLICY = istr("Content-Security-Policy")
_EXPOSED = "ETag, Link, X-Total-Count, Retry-After"
_METHODS = "GET, POST, PATCH, DELETE"
_HEADERS = "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Accept-Language"


@web.middleware
async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every request passes here, on its way in and out."""
    started = time.monotonic()
    request_id = f"{_START}{next(_COUNT):06x}"
    app = request.app
    if history := app.get(HISTORY):
        history.requests += 1
    try:
        response = _before(request) or await handler(request)
    except AppError as error:
        response = problem(error, request)
        if BACKUPS in app:
            app[BACKUPS].suspect(error)
        if error.__cause__ is not None:
            _log.error("%s %s: %s", request_id, error.code, error.__cause__)
    except web.HTTPMethodNotAllowed as error:
        response = problem(AppError("method", method=request.method), request)
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    except web.HTTPNotFound:
        response = problem(AppError("no-route"), request)
    except web.HTTPException as error:
        response = error  # what aiohttp says of a request that is not HTTP
    except ConnectionResetError:
        raise
    except Exception:
        _log.exception("%s %s %s failed", request_id, request.method, request.path)
        response = problem(AppError("internal"), request)
    if response.status in (400, 408, 413):
        response.force_close()  # the rest of the body was not read; what follows on this connection is anybody's guess
    headers = response.headers
    headers[_REQUEST_ID] = request_id
    headers[_CONTENT_TYPE_OPTIONS] = "nosniff"
    headers.setdefault(_CONTENT_SECURITY_POLICY, "frame-ancestors 'self'")  # our own pages say more (page.py)
    if allowed := app[SETTINGS].cors_origins:
        _allow_origin(request, response, allowed)
    if _log.isEnabledFor(logging.DEBUG):
        took = (time.monotonic() - started) * 1e3
        _log.debug("%s %s %s %d %.1f ms", request_id, request.method, request.path, response.status, took)
    return response


def _before(request: web.Request) -> web.StreamResponse | None:
    """What is settled before any handler: preflights are answered, a Host that is none is refused."""
    if not _can_be_host(request.headers.get(hdrs.HOST)):
        raise AppError("bad-host")
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
        return None
    headers = {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _HEADERS,
        "Access-Control-Max-Age": "7200",
    }
    return web.Response(status=204, headers=headers)


@lru_cache(maxsize=256)
def _can_be_host(host: str | None) -> bool:
    """Whether a Host header is one (RFC 9110, 7.2): the addresses in answers begin with it. HTTP/1.0 has none."""
    if host is None:
        return True
    try:
        return _HOST.fullmatch(host) is not None and bool(URL.build(scheme="http", authority=host).host)
    except ValueError:
        return False


def _allow_origin(request: web.Request, response: web.StreamResponse, allowed: tuple[str, ...]) -> None:
    vary = response.headers.get("Vary")
    response.headers["Vary"] = f"{vary}, Origin" if vary else "Origin"
    origin = request.headers.get("Origin")
    if origin and (origin in allowed or "*" in allowed):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
        if origin in allowed:
            response.headers["Access-Control-Allow-Credentials"] = "true"  # the cookie of a paired terminal
