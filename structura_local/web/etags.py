"""Entity tags (RFC 9110).

A list's is a digest of its bytes. An object's is `<version of the row>.<digest of what is shown>`: the second part
tells apart what different callers see of one row, the first is what If-Match asks about.
"""

import hashlib
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import ETag, hdrs, web

from structura_local.operations.rows import Shown
from structura_local.web.bodies import json_response


def digest(*parts: Any) -> str:
    """A tag's text for what these parts say."""
    said = parts[0] if len(parts) == 1 and isinstance(parts[0], bytes) else None
    if said is None:
        said = b"|".join(p if isinstance(p, bytes) else repr(p).encode() for p in parts)
    return hashlib.blake2b(said, digest_size=12).hexdigest()


def not_modified(request: web.Request, etag: str) -> bool:
    """Whether the client has this already (If-None-Match); `etag` with its quotes."""
    asked = request.headers.get(hdrs.IF_NONE_MATCH)
    if asked is None or asked == etag:  # most say nothing, or the one tag that they got
        return asked is not None
    return any(tag.value in (etag[1:-1], "*") for tag in request.if_none_match or ())


def wanted_versions(request: web.Request) -> Container[str] | None:
    """The versions of which If-Match wants the object to be; None: any."""
    tags = request.if_match
    if "If-Match" not in request.headers or ETag("*") in (tags or ()):
        return None
    return {tag.value.partition(".")[0] for tag in tags or () if not tag.is_weak}


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object as some callers see it, as bytes."""

    body: bytes
    etag: str


def tagged(value: Shown) -> Tagged:
    """An object as bytes."""
    body = orjson.dumps(value.data)
    return Tagged(body, f"{value.version}.{digest(body)}")


def shown(request: web.Request, value: Shown | Tagged, status: int = 200) -> web.Response:
    """The answer that shows an object; 304 if the client has it already."""
    ready = value if isinstance(value, Tagged) else tagged(value)
    headers = {"ETag": f'"{ready.etag}"', "Cache-Control": "no-cache", "Vary": "Authorization"}
    if request.method in ("GET", "HEAD") and not_modified(request, headers["ETag"]):
        return web.Response(status=304, headers=headers)
    return json_response(ready.body, status, headers)
