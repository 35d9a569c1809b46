"""Entity tags (RFC 9110).

A list's is a digest of its bytes. An object's is `<version of the row>.<digest of what is shown>`: the second part
tells apart what different callers see of one row, the first is what If-Match asks about.
"""

import hashlib
from collections.abc import Container
from typing import Any

import orjson
from aiohttp import ETag, web

from structura_local.operations.rows import Shown
from structura_local.web.bodies import answer


def digest(*parts: Any) -> str:
    """A tag's text for what these parts say."""
    return hashlib.blake2b(
        b"|".join(p if isinstance(p, bytes) else repr(p).encode() for p in parts), digest_size=12
    ).hexdigest()


def not_modified(request: web.Request, etag: str) -> bool:
    """Whether the client has this already (If-None-Match)."""
    return any(tag.value in (etag, "*") for tag in request.if_none_match or ())


def wanted_versions(request: web.Request) -> Container[str] | None:
    """The versions of which If-Match wants the object to be; None: any."""
    tags = request.if_match
    if tags is None or ETag("*") in tags:
        return None
    return {tag.value.partition(".")[0] for tag in tags if not tag.is_weak}


def shown(request: web.Request, value: Shown, status: int = 200) -> web.Response:
    """The answer that shows an object; 304 if the client has it already."""
    etag = f"{value.version}.{digest(orjson.dumps(value.data))}"
    headers = {"ETag": f'"{etag}"', "Cache-Control": "no-cache", "Vary": "Authorization"}
    if request.method == "GET" and not_modified(request, etag):
        return web.Response(status=304, headers=headers)
    return answer(value.data, status, headers)
