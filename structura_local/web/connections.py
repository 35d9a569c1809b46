"""Connections from whoever is on the LAN: how many, how long they may idle or dawdle, what is said to what is no HTTP.

Without these bounds a few lines of script hold every file descriptor the process may have, or its memory, by sending a
byte a minute. A client that does nothing wrong meets none of them.
"""

import asyncio
import contextlib
import logging
import sys
from collections import OrderedDict
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from aiohttp import web

from structura_local.errors import AppError
from structura_local.web.errors import problem

if sys.platform != "win32":
    import resource

OTHER_FILES = 100  # that a server has open beside its connections: database, log, head office
_LONGEST = 200  # characters of a reason; the rest is what somebody sent
_log = logging.getLogger("structura_local.requests")


@dataclass(frozen=True, slots=True)
class Limits:
    """`most` connections at once; `idle` seconds for the next request to arrive in, headers and all; in each `patience`
    seconds `enough` bytes of a body have to come, or of an answer to go; `large` bodies at once are read beyond
    `enough`, the others wait; `linger` seconds what comes after a refusal is read, so that the refusal is.
    """

    most: int = 2_000
    idle: float = 75.0
    patience: float = 20.0
    enough: int = 64 * 1024
    large: int = 8
    linger: float = 5.0


USUAL = Limits()


def affordable(limits: Limits) -> Limits:
    """As many connections as this process may have files open, after it has asked for as many as it may ask for."""
    if sys.platform == "win32":
        return limits  # has no such bound
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.most + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return replace(limits, most=max(1, min(limits.most, soft - OTHER_FILES))) if soft > 0 else limits


class Crowd:
    """All connections of a server. When there are too many, the oldest of the address that has most gives way."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._by_address: dict[str, OrderedDict[Connection, asyncio.BaseTransport]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def join(self, connection: "Connection", transport: asyncio.BaseTransport) -> None:
        """A new connection."""
        self._by_address.setdefault(connection.address, OrderedDict())[connection] = transport
        self._count += 1
        if self._count > self.limits.most:
            crowded = max(self._by_address.values(), key=len)
            oldest, its_transport = next(iter(crowded.items()))
            self.leave(oldest)
            its_transport.abort()  # type: ignore[attr-defined]  # every stream transport has it

    def leave(self, connection: "Connection") -> None:
        """A connection that is over; also one that has left already."""
        ours = self._by_address.get(connection.address, OrderedDict())
        if ours.pop(connection, None) is not None:
            self._count -= 1
        if not ours:
            self._by_address.pop(connection.address, None)


class Connection(web.RequestHandler):
    """aiohttp's protocol of one connection, within limits."""

    __slots__ = ("_crowd", "_stalled", "address")

    def __init__(self, server: web.Server, crowd: Crowd) -> None:
        limits = crowd.limits
        loop = asyncio.get_running_loop()
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # as aiohttp's own runner does for none
            keepalive_timeout=limits.idle,
            lingering_time=limits.linger,
        )
        self._crowd = crowd
        self._stalled: asyncio.TimerHandle | None = None
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        super().connection_made(transport)
        self._crowd.join(self, transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._crowd.leave(self)
        self._unwatch()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client will send no more: true if it is still owed an answer to what it has sent whole."""
        if self.transport is not None and self.transport.get_extra_info("sslcontext") is not None:
            return False  # TLS has no half of a connection
        request = self._current_request
        idle = self._waiter is not None and not self._waiter.done()
        broken_off = request is not None and not request.content.is_eof()
        return not (idle or broken_off)

    def pause_writing(self) -> None:
        """The client takes its answer more slowly than it is made: see that it goes on taking it."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        self._unwatch()
        super().resume_writing()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The last answer of a connection on which nothing more can be understood, a problem document like all else.

        The log names neither the bytes, in which secrets may be, nor a trace, of which anybody could make it full.
        """
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was under way already")
        if isinstance(exc, ConnectionError):
            _log.debug("%s hung up in the middle of a request", self.address)
        elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("a request from %s failed", self.address, exc_info=exc)
        else:
            _log.info("what %s sent is no HTTP request: %s", self.address, type(exc).__name__)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            error = AppError("internal")
        else:
            reason = " ".join((message or "it cannot be read").split())[:_LONGEST].rstrip(":. ")
            error = AppError("not-http", reason=reason)
        response = problem(error, request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """The rest of a body that was refused already and cannot be unpacked: nothing to fill a log with."""
        if isinstance(kw.get("exc_info"), web.RequestPayloadError):
            _log.info("the rest of what %s sent cannot be read", self.address)
        else:
            super().log_exception(*args, **kw)

    def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> Coroutine[Any, Any, tuple[web.StreamResponse, bool]]:
        """As ever; but what aiohttp refuses by itself, before a handler is asked, gets a problem document as well."""
        if type(resp) is not web.Response and isinstance(resp, web.HTTPException):
            resp = self.handle_error(request, HTTPStatus.BAD_REQUEST, resp, resp.text)
        return super().finish_response(request, resp, start_time)

    def _watch(self) -> None:
        transport: Any = self.transport
        if transport is None:
            return
        left = transport.get_write_buffer_size()

        def look() -> None:
            self._stalled = None
            if self.transport is None:
                return
            if left - transport.get_write_buffer_size() < self._crowd.limits.enough:
                transport.abort()
            else:
                self._watch()

        self._stalled = asyncio.get_running_loop().call_later(self._crowd.limits.patience, look)

    def _unwatch(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
