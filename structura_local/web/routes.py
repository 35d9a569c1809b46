"""The whole URL table."""

from aiohttp import web

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Collection
from structura_local.settings import Settings
from structura_local.web import (
    auth,
    backups,
    carry,
    changes,
    conflicts,
    enrolment,
    first_start,
    log,
    system,
    terminals,
    trash,
    why,
)
from structura_local.web.addresses import address_list
from structura_local.web.docs import Docs
from structura_local.web.frontend import Frontend
from structura_local.web.history import history
from structura_local.web.live import live
from structura_local.web.nouns import Noun
from structura_local.web.page import CONSOLE, Page, home
from structura_local.web.settings import change, confirm, in_force
from structura_local.web.trust import AUTHORITY, authority, trust


def routes(settings: Settings) -> list[web.RouteDef]:
    """Every route of this server."""
    table: list[web.RouteDef] = []
    docs = Docs(table)
    table += [
        web.get("/healthz", system.health),
        web.get("/readyz", system.ready),
        web.post("/api/auth/login", auth.login),
        web.post("/api/auth/logout", auth.logout),
        web.get("/api/auth/me", auth.me),
        web.post("/api/auth/pair", terminals.pair),
        web.get("/api/users/directory", auth.directory),
        web.get("/api/live", live),
        web.get("/api/system/status", system.status),
        web.post("/api/system/sync", system.sync_now),
        web.post("/api/system/import", system.take_in),
        web.get("/api/system/export", system.give_out),
        web.get("/api/system/carry", carry.give_out),
        web.post("/api/system/carry", carry.take_in),
        web.post("/api/system/enrolment", enrolment.enroll),
        *Page("export-local-data").routes(),
        *Page("pair").routes(),
        web.get("/api/trust", trust),
        web.get(AUTHORITY, authority),
        *Page("trust").routes(),
        *Page("recover").routes(),
        web.get("/api/system/backups", backups.backup_list),
        web.post("/api/system/backups", backups.create),
        web.delete("/api/system/backups/{id}", backups.remove),
        web.get("/api/system/backups/{id}/file", backups.download),
        web.post("/api/system/backups/{id}/restore", backups.restore),
        web.get("/api/system/settings", in_force),
        web.patch("/api/system/settings", change),
        web.post("/api/system/settings/confirm", confirm),
        web.get("/api/system/history", history),
        web.get("/api/system/logs", log.lines),
        web.get("/api/system/addresses", address_list),
        web.get("/api/system/terminals", terminals.terminals),
        web.post("/api/system/terminals", terminals.create),
        web.delete("/api/system/terminals/{id}", terminals.revoke),
        web.get("/api/system/changes", changes.changes),
        web.get("/api/system/trash", trash.trash),
        web.post("/api/system/trash/{collection}/{id}/restore", trash.restore),
        web.get("/api/system/conflicts", conflicts.conflict_list),
        web.get("/api/system/conflicts/{id}", conflicts.conflict),
        web.patch("/api/system/conflicts/{id}", conflicts.mark),
        web.post("/api/system/conflicts/{id}/restore", conflicts.restore),
        web.get("/api/system/why/{collection}/{id}", why.why),
        web.get("/api/system/set-aside", conflicts.aside_list),
        web.post("/api/system/set-aside/{id}/retry", conflicts.retry),
        web.get("/api/openapi.json", docs.document),
        web.get("/problems/{code}", docs.problem),
        *Page("docs").routes(),
        *Page("console", CONSOLE).routes(),
        *first_start.steps(),
    ]
    for collection in COLLECTIONS:
        noun, path = Noun(collection, kiosk=collection.path in settings.kiosks), f"/api/{collection.path}"
        one = f"{path}/{_an_id(collection)}"
        table += [web.get(path, noun.list), web.post(path, noun.post), web.get(one, noun.get)]
        if not collection.append_only:
            table += [web.patch(one, noun.patch), web.delete(one, noun.delete)]
    if settings.metrics:
        from structura_local.web.metrics import metrics  # noqa: PLC0415 - see wiring.py

        table.append(web.get("/metrics", metrics))
    if settings.frontend:
        table.append(web.get(r"/{path:(?!api(?:/|$)).*}", Frontend(settings.frontend).get))
    else:
        table.append(web.get("/", home))
    return table


def _an_id(collection: Collection) -> str:
    """The place of an id in a path. What is reserved is no id: its address has methods of its own."""
    if not collection.reserved:
        return "{id}"
    return f"{{id:(?!(?:{'|'.join(sorted(collection.reserved))})$)[^/]+}}"
