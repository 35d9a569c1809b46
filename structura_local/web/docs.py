"""The API's description, for programs (pages/docs shows it to people), and a page for each kind of problem."""

import asyncio
import html
import re
from collections.abc import Sequence

import orjson
from aiohttp import web

from structura_local import errors
from structura_local.errors import AppError
from structura_local.web.errors import STATUS, TITLES
from structura_local.web.etags import digest, not_modified
from structura_local.web.openapi.document import document
from structura_local.web.openapi.operation import Reply, described, page
from structura_local.web.openapi.parameters import parameter
from structura_local.web.page import POLICY

_PROBLEM = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{status} {title}</title>
<link rel="icon" href="/console/icon.svg">
<link rel="stylesheet" href="/console/look.css">
<link rel="stylesheet" href="/docs/page.css">
<h1>{status} {title}</h1>
<p><code>{code}</code></p>
<p>{english}</p>
<p>{spanish}</p>
<p><a href="/docs#problem-{code}">API</a></p>
"""


class Docs:
    """Of a URL table, which may still grow until the first request."""

    def __init__(self, table: Sequence[web.RouteDef]) -> None:
        self._table = table
        self._ready: tuple[bytes, str] | None = None

    @described(
        id="getOpenApi",
        tag="System",
        summary="This document",
        open=True,
        parameters=(parameter("IfNoneMatch"),),
        answers={
            200: Reply({"type": "object"}, "OpenAPI 3.1.", ("ETag", "Cache-Control")),
            304: Reply(None, "The client has it already (`If-None-Match`).", ("ETag", "Cache-Control")),
        },
    )
    async def document(self, request: web.Request) -> web.Response:
        """GET /api/openapi.json"""
        if self._ready is None:
            body = await asyncio.to_thread(lambda: orjson.dumps(document(self._table)))
            self._ready = body, digest(body)
        body, etag = self._ready
        headers = {"ETag": f'"{etag}"', "Cache-Control": "no-cache"}
        if not_modified(request, headers["ETag"]):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="application/json", headers=headers)

    @page
    async def problem(self, request: web.Request) -> web.Response:
        """GET /problems/:code: what a problem's `type` leads to"""
        code = request.match_info["code"]
        if code not in errors.KINDS:
            raise AppError("no-route")
        status = STATUS[errors.KINDS[code]]
        english, spanish = (
            re.sub("{.+?}", "…", html.escape(errors.sentence(code, language))) for language in ("en", "es")
        )
        text = _PROBLEM.format(status=status, title=TITLES[status], code=code, english=english, spanish=spanish)
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
        return web.Response(text=text, content_type="text/html", headers=headers)
