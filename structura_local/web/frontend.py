"""The built frontend, if there is one: its files, and its index page for every address that it routes by itself."""

from pathlib import Path

from aiohttp import web

from structura_local.errors import AppError
from structura_local.web.openapi.operation import page

HASHED_FOR = "public, max-age=31536000, immutable"  # a build names these files after their content


class Frontend:
    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    @page
    async def get(self, request: web.Request) -> web.StreamResponse:
        """GET of anything that is no route of the API."""
        wanted = request.match_info["path"]
        try:
            path = (self._folder / wanted).resolve()
            is_file = path.is_file()
        except (OSError, ValueError):
            raise AppError("no-route") from None  # no name that a file can have
        if not path.is_relative_to(self._folder):
            raise AppError("no-route")
        if is_file:
            hashed = wanted.startswith("assets/")
            return web.FileResponse(path, headers={"Cache-Control": HASHED_FOR if hashed else "no-cache"})
        if "." in wanted.rpartition("/")[2]:
            raise AppError("no-route")
        return web.FileResponse(self._folder / "index.html", headers={"Cache-Control": "no-cache"})
