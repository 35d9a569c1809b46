"""Lists as ready bytes: made once per change of their collection, view and query, and given to whoever polls."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from structura_local.domain.access import Caller
from structura_local.operations.queries import cursor
from structura_local.operations.rows import Rows
from structura_local.web.etags import digest, not_modified

MAX_BYTES = 32 * 2**20  # of ready lists; the least recently asked for go first,
MAX_LISTS = 512  # and there are never more than these, however short


@dataclass(frozen=True, slots=True)
class Ready:
    """A list at one version of its collection."""

    version: int
    body: bytes
    etag: str
    total: int | None
    next: str | None


class Lists:
    """All ready lists of a server."""

    def __init__(self) -> None:
        self._ready: OrderedDict[tuple[str, str, str], Ready] = OrderedDict()
        self._bytes = 0

    async def answer(self, noun: Rows, caller: Caller, request: web.Request) -> web.Response:
        """GET of a list: 304 if the client has it already."""
        ready = await self._find(noun, caller, request)
        headers = {"ETag": f'"{ready.etag}"', "Cache-Control": "no-cache", "Vary": "Authorization"}
        if ready.total is not None:
            headers["X-Total-Count"] = str(ready.total)
        if ready.next:
            url = request.url.update_query(cursor=ready.next).without_query_params("offset")
            headers["Link"] = f'<{url}>; rel="next"'
        if not_modified(request, ready.etag):
            return web.Response(status=304, headers=headers)
        return web.Response(body=ready.body, content_type="application/json", headers=headers)

    async def _find(self, noun: Rows, caller: Caller, request: web.Request) -> Ready:
        options = {name: request.query.getall(name) for name in request.query}
        query = noun.query(caller, options)  # before anything else: it refuses who may not read
        key = (noun.collection.table, f"{caller.role}/{noun.view(caller)}", request.query_string)
        version = noun.store.versions[noun.collection.table]
        ready = self._ready.get(key)
        if ready is None or ready.version != version:
            part = await noun.find(caller, query)
            body = orjson.dumps(part.rows)
            place = cursor(part.next) if part.next else None
            ready = Ready(version, body, digest(body, place, part.total), part.total, place)
            self._keep(key, ready)
        self._ready.move_to_end(key)
        return ready

    def _keep(self, key: tuple[str, str, str], ready: Ready) -> None:
        self._drop(key)
        self._ready[key] = ready
        self._bytes += len(ready.body)
        while len(self._ready) > MAX_LISTS or (self._bytes > MAX_BYTES and len(self._ready) > 1):
            self._drop(next(iter(self._ready)))

    def _drop(self, key: Any) -> None:
        old = self._ready.pop(key, None)
        self._bytes -= len(old.body) if old else 0
