"""JSON in and out of HTTP bodies."""

from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel

from structura_local.errors import AppError
from structura_local.schemas import checked, parse


async def read(request: web.Request, kind: type[BaseModel]) -> dict[str, Any]:
    """The checked fields of a request's body; AppError for every way in which it can be wrong."""
    return checked(kind, await read_any(request))


async def read_any(request: web.Request) -> Any:
    """The JSON value of a request's body."""
    if request.content_type != "application/json" and not request.content_type.endswith("+json"):
        raise AppError("not-json")
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise AppError("too-large") from None
    return parse(body)


def answer(value: Any, status: int = 200, **headers: str) -> web.Response:
    """A JSON answer."""
    return web.Response(
        status=status, body=orjson.dumps(value), content_type="application/json", headers={k: v for k, v in headers.items()}
    )
