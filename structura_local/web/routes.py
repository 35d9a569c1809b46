"""The whole URL table."""

from aiohttp import web

from structura_local.domain.catalog import COLLECTIONS
from structura_local.settings import Settings
from structura_local.web import auth, system
from structura_local.web.frontend import Frontend
from structura_local.web.nouns import Noun


def routes(settings: Settings) -> list[web.RouteDef]:
    """Every route of this server."""
    table = [
        web.get("/healthz", system.health),
        web.get("/readyz", system.ready),
        web.post("/api/auth/login", auth.login),
        web.post("/api/auth/logout", auth.logout),
        web.get("/api/auth/me", auth.me),
        web.get("/api/users/directory", auth.directory),
        web.get("/api/system/status", system.status),
        web.post("/api/system/sync", system.sync_now),
        web.post("/api/system/import", system.take_in),
        web.get("/api/system/export", system.give_out),
    ]
    for collection in COLLECTIONS:
        noun, path = Noun(collection), f"/api/{collection.path}"
        table += [
            web.get(path, noun.list),
            web.post(path, noun.post),
            web.get(path + "/{id}", noun.get),
        ]
        if not collection.append_only:
            table += [web.patch(path + "/{id}", noun.patch), web.delete(path + "/{id}", noun.delete)]
    if settings.frontend:
        table.append(web.get(r"/{path:(?!api(?:/|$)).*}", Frontend(settings.frontend).get))
    return table
