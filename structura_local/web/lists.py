"""Lists as ready bytes: made once per change of their collection, view and query, and given to whoever polls."""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import orjson
from aiohttp import hdrs, web
from multidict import CIMultiDict

from structura_local.domain.access import LIST, Caller
from structura_local.domain.query import Part
from structura_local.operations.queries import Options, cursor
from structura_local.operations.rows import Rows
from structura_local.web.bodies import json_response
from structura_local.web.etags import digest, not_modified

MAX_BYTES = 32 * 2**20  # of ready lists, uncompressed; the least recently asked for go first,
MAX_LISTS = 512  # and there are never more than these, however short
LONG = 1_000  # rows; longer lists are written out beside the event loop
WORTH_ZIPPING = 1_400  # bytes; what fits into one packet is none the faster

Key = tuple[str, str, str]


@dataclass(slots=True)
class Ready:
    """A list at one version of its collection. `zipped`: once somebody has asked for it so."""

    version: int
    body: bytes
    etag: str
    total: int | None
    next: str | None
    zipped: bytes = b""
    _headers: dict[bool, CIMultiDict[str]] = field(default_factory=dict)
    _linked: tuple[tuple[str, str, bool], CIMultiDict[str]] | None = None

    def zip(self) -> bytes:
        """The body, compressed as fast as can be: lists change often, and this is a tenth of them already."""
        self.zipped = self.zipped or gzip.compress(self.body, 1, mtime=0)
        return self.zipped

    def headers(self, *, zipped: bool) -> CIMultiDict[str]:
        """Those that every answer with this list has. Not to be changed."""
        if zipped not in self._headers:
            etag = f"{self.etag}-gzip" if zipped else self.etag  # other bytes, another tag
            said = {"ETag": f'"{etag}"', "Cache-Control": "no-cache", "Vary": "Authorization, Accept-Encoding"}
            if self.total is not None:
                said["X-Total-Count"] = str(self.total)
            self._headers[zipped] = CIMultiDict(said)
        return self._headers[zipped]

    def linked(self, request: web.Request, *, zipped: bool) -> CIMultiDict[str]:
        """`headers`, and where the list goes on, by the name of the server that the client uses: most use the same."""
        asked = request.scheme, request.host, zipped
        if self._linked is None or self._linked[0] != asked:
            url = request.url.update_query(cursor=self.next or "").without_query_params("offset")
            self._linked = asked, CIMultiDict(self.headers(zipped=zipped), Link=f'<{url}>; rel="next"')
        return self._linked[1]


def made(part: Part, version: int = 0) -> Ready:
    """A list as bytes."""
    body = orjson.dumps(part.rows)
    place = cursor(part.next) if part.next else None
    return Ready(version, body, digest(body, place, part.total), part.total, place)


def options(request: web.Request) -> Options:
    """The parameters of a request's address, each with all its values."""
    return {name: request.query.getall(name) for name in request.query}


async def paged(request: web.Request, part: Part) -> web.Response:
    """A list that is made for this request."""
    return await respond(request, made(part))


async def respond(request: web.Request, ready: Ready) -> web.Response:
    """The list, its tag, and where it goes on; 304 if the client has it already."""
    zipped = len(ready.body) >= WORTH_ZIPPING and _takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
    headers = ready.linked(request, zipped=zipped) if ready.next else ready.headers(zipped=zipped)
    if not_modified(request, headers[hdrs.ETAG]):
        return web.Response(status=304, headers=headers)
    body = ready.body
    if zipped:
        headers = CIMultiDict(headers)
        headers[hdrs.CONTENT_ENCODING] = "gzip"
        body = ready.zipped or await asyncio.to_thread(ready.zip)
    return json_response(body, headers=headers)


@lru_cache(maxsize=64)
def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding has gzip in it."""
    for part in accepted.split(","):
        coding, _, weight = (piece.strip().lower() for piece in part.partition(";"))
        if coding == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class Lists:
    """All ready lists of a server."""

    def __init__(self) -> None:
        self._ready: OrderedDict[Key, Ready] = OrderedDict()
        self._making: dict[tuple[Key, int], asyncio.Task[Ready]] = {}
        self._bytes = 0

    async def answer(self, noun: Rows, caller: Caller, request: web.Request) -> web.Response:
        """GET of a list: 304 if the client has it already."""
        noun.allowed(caller, LIST)
        key = (noun.collection.table, f"{caller.role}/{noun.view(caller)}", request.rel_url.raw_query_string)

        ready = self._fresh(key, noun)
        if ready is None:

            async def find() -> Part:
                return await noun.find(caller, noun.query(caller, options(request)))

            ready = await self.ready(key, noun, find)
        return await respond(request, ready)

    async def ready(self, key: Key, noun: Rows, find: Callable[[], Awaitable[Part]]) -> Ready:
        """A list of a noun's collection as it is now; found once, however many ask for it at the same time."""
        if (ready := self._fresh(key, noun)) is not None:
            return ready
        version = noun.store.versions[noun.collection.table]
        making = self._making.get((key, version))
        if making is None:
            making = asyncio.create_task(self._make(key, version, noun, find))
            self._making[key, version] = making
            making.add_done_callback(lambda _: self._making.pop((key, version)))
        return await asyncio.shield(making)  # one of them may hang up

    def _fresh(self, key: Key, noun: Rows) -> Ready | None:
        ready = self._ready.get(key)
        if ready is None or ready.version != noun.store.versions[noun.collection.table]:
            return None
        self._ready.move_to_end(key)
        return ready

    async def _make(self, key: Key, version: int, noun: Rows, find: Callable[[], Awaitable[Part]]) -> Ready:
        part = await find()
        write = partial(made, part, version)
        ready = await asyncio.to_thread(write) if len(part.rows) > LONG else write()
        if version == noun.store.versions[noun.collection.table]:
            self._keep(key, ready)
        return ready

    def _keep(self, key: Key, ready: Ready) -> None:
        self._drop(key)
        self._ready[key] = ready
        self._bytes += len(ready.body)
        while len(self._ready) > MAX_LISTS or (self._bytes > MAX_BYTES and len(self._ready) > 1):
            self._drop(next(iter(self._ready)))

    def _drop(self, key: Any) -> None:
        old = self._ready.pop(key, None)
        self._bytes -= len(old.body) if old else 0
