"""JSON in and out of HTTP bodies."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel

from structura_local.errors import AppError
from structura_local.schemas import checked, parse

MEGABYTE = 2**20
MAX_BODY = MEGABYTE
MAX_KEY = 255


async def read(request: web.Request, kind: type[BaseModel]) -> dict[str, Any]:
    """The checked fields of a request's body; AppError for every way in which it can be wrong."""
    return checked(kind, await read_any(request))


async def read_any(request: web.Request, limit: int = MAX_BODY) -> Any:
    """The JSON value of a request's body of at most `limit` bytes."""
    if request.content_type != "application/json" and not request.content_type.endswith("+json"):
        raise AppError("not-json")
    if (request.content_length or 0) > limit:
        raise AppError("too-large", limit=limit // MEGABYTE)
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise AppError("too-large", limit=limit // MEGABYTE)
    except web.RequestPayloadError:
        raise AppError("malformed") from None  # cut off, or not in the encoding it claims
    return parse(bytes(body))


def idempotency_key(request: web.Request) -> str | None:
    """The Idempotency-Key of a request; AppError `bad-key` if it cannot be one."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise AppError("bad-key")
    return key


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json", headers=headers)
