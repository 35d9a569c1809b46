"""JSON in and out of HTTP bodies."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from aiohttp import payload, web
from aiohttp.abc import AbstractStreamWriter
from pydantic import BaseModel

from structura_local.errors import AppError
from structura_local.schemas import checked, parse
from structura_local.web.connections import Limits

MEGABYTE = 2**20
MAX_BODY = MEGABYTE
ENCODINGS = ("identity", "gzip", "deflate")
MAX_KEY = 255
PIECE = 64 * 1024  # bytes
WHOLE = 2 * PIECE  # what is no longer is one write: that is quicker, and what a slow reader has a copy of is small

LIMITS = web.AppKey("limits", Limits)
LARGE_BODIES = web.AppKey("large_bodies", asyncio.Semaphore)


async def read(request: web.Request, kind: type[BaseModel]) -> dict[str, Any]:
    """The checked fields of a request's body; AppError for every way in which it can be wrong."""
    return checked(kind, await read_any(request))


async def read_any(request: web.Request, limit: int = MAX_BODY) -> Any:
    """The JSON value of a request's body of at most `limit` bytes."""
    if request.content_type != "application/json" and not request.content_type.endswith("+json"):
        raise AppError("not-json")
    return parse(await read_bytes(request, limit))


async def read_bytes(request: web.Request, limit: int = MAX_BODY) -> bytes:
    """A request's body of at most `limit` bytes; AppError if it is longer or cut off."""
    if request.headers.get("Content-Encoding", "identity").lower() not in ENCODINGS:
        raise AppError("not-decodable")
    if (request.content_length or 0) > limit:
        raise AppError("too-large", limit=limit // MEGABYTE)
    body = bytearray()
    try:
        if request.content.is_eof():  # it came with its headers, as a small one does: nothing to wait for
            body += request.content.read_nowait()
            _check_length(body, limit)
        elif await _more(request, body, limit):
            async with request.app[LARGE_BODIES]:  # or many clients could fill the memory by each sending most of one
                while await _more(request, body, limit):
                    pass
    except web.RequestPayloadError:
        raise AppError("malformed") from None  # cut off, or not in the encoding it claims
    except TimeoutError:
        raise AppError("too-slow") from None
    return bytes(body)


async def _more(request: web.Request, body: bytearray, limit: int) -> bool:
    """Read on, until there is enough for a while; whether the body goes on. TimeoutError if that takes too long."""
    limits = request.app[LIMITS]
    enough = len(body) + limits.enough
    async with asyncio.timeout(limits.patience):
        while len(body) < enough:
            chunk = await request.content.readany()
            if not chunk:
                return False
            body += chunk
            _check_length(body, limit)
    return True


def _check_length(body: bytearray, limit: int) -> None:
    if len(body) > limit:
        raise AppError("too-large", limit=limit // MEGABYTE)


def idempotency_key(request: web.Request) -> str | None:
    """The Idempotency-Key of a request; AppError `bad-key` if it cannot be one."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise AppError("bad-key")
    return key


class Shared(payload.Payload):
    """Bytes that many may be sent at once: piece by piece as each takes them, so that nobody has a copy of them."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body, content_type="application/json")
        self._size = len(body)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes(self._value).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        body = memoryview(self._value)
        for start in range(0, len(body), PIECE):
            await writer.write(body[start : start + PIECE])  # waits while the client takes less than is there for it


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return json_response(orjson.dumps(value), status, headers)


async def answer_last(request: web.Request, response: web.Response, then: Callable[[], None]) -> web.StreamResponse:
    """Answer with what is the last of this application: whole, on a connection that ends with it; `then` ends it."""
    response.force_close()
    await response.prepare(request)
    await response.write_eof()
    then()
    return response


def json_response(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer of a body that is JSON already."""
    if len(body) > WHOLE:
        return web.Response(status=status, body=Shared(body), headers=headers)
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)
