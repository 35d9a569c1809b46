"""While the plant cannot be served: between two lives, and with a damaged database, of which only a restore helps."""

from typing import Any

from aiohttp import web

from structura_local.errors import AppError
from structura_local.settings import Settings
from structura_local.web.context import SETTINGS
from structura_local.web.errors import problem
from structura_local.web.middleware import Handler, around

PAGE = "/recover"
_OPEN = ("/api/auth/", "/problems/", f"{PAGE}/", "/console/")  # the last: what all pages share
_OPEN_EXACTLY = ("/healthz", PAGE, "/api/system/backups")


def fence(damage: str) -> Any:
    """A middleware that lets nothing through but what restores a backup; people are led to the page that does."""

    @web.middleware
    async def fenced(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path
        restoring = path.startswith("/api/system/backups/") and path.endswith(("/restore", "/file"))
        making = path == "/api/system/backups" and request.method != "GET"
        if (path.startswith(_OPEN) or path in _OPEN_EXACTLY or restoring) and not making:
            return await handler(request)
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            return web.Response(status=302, headers={"Location": PAGE})
        raise AppError("damaged", reason=damage)

    return fenced


def between_lives(settings: Settings) -> web.Application:
    """What answers for the moment in which a restored database is opened."""

    async def busy(request: web.Request) -> web.StreamResponse:
        response = problem(AppError("restoring"), request)
        response.force_close()  # or the connection would stay with this application
        return response

    app = web.Application(middlewares=[around])
    app[SETTINGS] = settings
    app.router.add_route("*", "/{path:.*}", busy)
    return app
