"""The built frontend, if there is one: its files, and its index page for every address that it routes by itself."""

from pathlib import Path

from aiohttp import web

from structura_local.errors import AppError

HASHED_FOR = "public, max-age=31536000, immutable"  # a build names these files after their content


class Frontend:
    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """GET of anything that is no route of the API."""
        wanted = request.match_info["path"]
        if wanted.split("/")[0] == "api":
            raise AppError("no-route")
        path = (self._folder / wanted).resolve()
        if not path.is_relative_to(self._folder) or "\x00" in wanted:
            raise AppError("no-route")
        if path.is_file():
            hashed = wanted.startswith("assets/")
            return web.FileResponse(path, headers={"Cache-Control": HASHED_FOR if hashed else "no-cache"})
        if "." in path.name:
            raise AppError("no-route")
        return web.FileResponse(self._folder / "index.html", headers={"Cache-Control": "no-cache"})
