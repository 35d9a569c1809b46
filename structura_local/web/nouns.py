"""The ten collections: parse, one operation, respond."""

from aiohttp import web

from structura_local.domain.fields import Collection
from structura_local.errors import AppError, Kind
from structura_local.schemas import Purpose, model
from structura_local.web.bodies import answer, idempotency_key, read
from structura_local.web.context import KIOSK, LISTS, NOUNS, OBJECTS, caller, flag
from structura_local.web.etags import shown, wanted_versions
from structura_local.web.openapi.nouns import operations


class Noun:
    """The handlers of one collection."""

    def __init__(self, collection: Collection, *, kiosk: bool = False) -> None:
        self.collection = collection
        self.operations = operations(collection, kiosk=kiosk)
        self._kiosk = kiosk

    async def list(self, request: web.Request) -> web.Response:
        """GET /api/<collection>"""
        try:
            who = await caller(request)
        except AppError as error:
            if not self._kiosk or error.kind is not Kind.UNAUTHENTICATED:
                raise
            who = KIOSK
        return await request.app[LISTS].answer(request.app[NOUNS][self.collection.table], who, request)

    async def get(self, request: web.Request) -> web.Response:
        """GET /api/<collection>/:id"""
        noun = request.app[NOUNS][self.collection.table]
        return shown(request, await request.app[OBJECTS].get(noun, await caller(request), request.match_info["id"]))

    async def post(self, request: web.Request) -> web.Response:
        """POST /api/<collection>"""
        who = await caller(request)
        body = await read(request, model(self.collection, Purpose.CREATE))
        made, created = await request.app[NOUNS][self.collection.table].create(who, body, idempotency_key(request))
        return shown(request, made, 201 if created else 200)

    async def patch(self, request: web.Request) -> web.Response:
        """PATCH /api/<collection>/:id"""
        who = await caller(request)
        noun = request.app[NOUNS][self.collection.table]
        noun.check_target(who, request.match_info["id"])
        body = await read(request, model(self.collection, Purpose.UPDATE))
        versions, key = wanted_versions(request), idempotency_key(request)
        return shown(request, await noun.update(who, request.match_info["id"], body, versions, key))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /api/<collection>/:id"""
        noun = request.app[NOUNS][self.collection.table]
        who = await caller(request)
        force = flag(request, "force")
        await noun.delete(who, request.match_info["id"], wanted_versions(request), force=force)
        return answer({"ok": True})
