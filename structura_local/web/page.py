"""Pages of our own, packaged with the program. They load nothing from anywhere else, and their policy says so."""

from pathlib import Path

from aiohttp import web

from structura_local.errors import AppError
from structura_local.web.openapi.operation import page

FOLDER = Path(__file__).parent / "pages"
CONSOLE = Path(__file__).parent.parent / "console"  # with the look and the client that all pages share
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


class Page:
    """The files of one page: `index.html` at its address, what it loads below that."""

    def __init__(self, name: str, folder: Path | None = None) -> None:
        self.path = f"/{name}"
        self._files = {file.name: file for file in (folder or FOLDER / name).iterdir()}

    def routes(self) -> list[web.RouteDef]:
        """The page's routes, open without a token."""
        return [web.get(self.path, self.get), web.get(self.path + "/{file}", self.get)]

    @page
    async def get(self, request: web.Request) -> web.StreamResponse:
        """GET of the page or of a file of it."""
        file = self._files.get(request.match_info.get("file", "index.html"))
        if file is None:
            raise AppError("no-route")
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
        return web.FileResponse(file, headers=headers)


@page
async def home(request: web.Request) -> web.Response:
    """GET / where no frontend is served: whoever types in the server's name gets to the console."""
    return web.Response(status=302, headers={"Location": "/console", "Cache-Control": "no-cache"})
