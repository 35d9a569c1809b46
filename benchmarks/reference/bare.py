"""Bare aiohttp with the same event loop: the bytes of a file at `/`, 304 at `/304` and all else. Nothing is checked."""

import asyncio
import sys
from pathlib import Path

import uvloop
from aiohttp import web


async def main(body: bytes) -> None:
    """Serve until told to stop."""
    headers = {"ETag": '"of-a-fixed-list"', "Cache-Control": "no-cache"}

    async def whole(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def unchanged(request: web.Request) -> web.Response:
        return web.Response(status=304, headers=headers)

    app = web.Application()
    app.add_routes([web.get("/", whole), web.get("/304", unchanged), web.route("*", "/{path:.*}", unchanged)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"bare serves http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


uvloop.run(main(Path(sys.argv[1]).read_bytes()))
