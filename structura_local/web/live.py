"""Live updates over a WebSocket. The token comes in the first message, never in the address, which ends up in logs."""

import asyncio
import contextlib
from dataclasses import replace

import orjson
from aiohttp import WSCloseCode, WSMsgType, web

from structura_local.errors import AppError
from structura_local.operations.live import Listener
from structura_local.schemas import LiveHello, checked, parse
from structura_local.web.context import AUTH, LIVE
from structura_local.web.errors import STATUS, language
from structura_local.web.openapi.operation import Reply, described

FIRST = 10.0  # seconds in which the first message has to come
LOOK = 5.0  # seconds from one look at the session to the next, while nothing happens
HEARTBEAT = 20.0  # seconds between pings; one that is not answered ends it
PARTING = 2.0  # seconds that a client has to agree to an end
LONGEST = 8 * 1024  # bytes of the one message that a client sends
_REASON = 123  # bytes that the reason of a close may have

_ABOUT = f"""\
A WebSocket. Send one message, `{{"token": "…"}}`, within {FIRST:.0f} seconds; the answer is
`{{"type": "ready", "run": "…", "seq": 4711}}`. From then on each commit that the caller may read of is announced:
`{{"type": "changes", "seq": 4713, "changes": [{{"seq": 4712, "collection": "jobs", "id": "J-1", "kind": "update",
"origin": "api"}}]}}`, with `kind` create, update, delete or restore, and `origin` api, import, setup, sync, rules or
derived. No values: ask for the object.

After a lost connection send `{{"token": "…", "run": "…", "seq": …}}` with the last of each that came: what was missed
is announced next, or, if that is too much or the server has started anew, the answer is of `type` reload: load the
lists again. Who reads too slowly gets such a message too.

The server closes with 4400 (the first message is wrong), 4401 (no session, or it has ended), 4408 (no first message),
or 1001 (it stops)."""


@described(
    id="listen",
    tag="Live",
    summary="Hear of each change as it is committed",
    description=" ".join(_ABOUT.replace("\n\n", "\0").split("\n")).replace("\0", "\n\n"),
    open=True,
    answers={101: Reply(None, "The WebSocket is open.")},
    refusals=("not-websocket",),
)
async def live(request: web.Request) -> web.StreamResponse:
    """GET /api/live"""
    socket = web.WebSocketResponse(timeout=PARTING, heartbeat=HEARTBEAT, max_msg_size=LONGEST, compress=False)
    if request.query:
        raise AppError("unknown-parameter", errors=[{"field": name, "msg": "unknown"} for name in request.query])
    if not socket.can_prepare(request):
        raise AppError("not-websocket")
    await socket.prepare(request)
    listener = None
    try:
        listener = await _begun(request, socket)
        if listener is not None:
            await _tell(request, socket, listener)
    except AppError as error:
        await _end(socket, 4000 + STATUS[error.kind], error.sentence(language(request)))
    finally:
        if listener is not None:
            request.app[LIVE].leave(listener)
    return socket


async def send_away(app: web.Application) -> None:
    """Close them all; the server stops."""
    app[LIVE].close()


async def _begun(request: web.Request, socket: web.WebSocketResponse) -> Listener | None:
    """The listener that the first message makes; None if the client has gone."""
    try:
        message = await socket.receive(timeout=FIRST)
    except TimeoutError:
        raise AppError("too-slow") from None
    if message.type is not WSMsgType.TEXT:
        if message.type is WSMsgType.BINARY:
            raise AppError("malformed")
        return None
    try:
        hello = checked(LiveHello, parse(message.data.encode()))
    except AppError:
        raise AppError("malformed") from None
    who = replace(await request.app[AUTH].caller(hello["token"]), address=request.remote or "")
    live = request.app[LIVE]
    listener = live.join(who, hello.get("run"), hello.get("seq"))
    await _send(socket, type="reload" if listener.missed else "ready", run=live.run, seq=listener.seq)
    return listener


async def _tell(request: web.Request, socket: web.WebSocketResponse, listener: Listener) -> None:
    """Announce until one side ends it."""
    live, auth = request.app[LIVE], request.app[AUTH]
    hearing = asyncio.create_task(_hear(socket))
    hearing.add_done_callback(lambda _: listener.wake())
    try:
        while not hearing.done():
            await listener.pause(LOOK)
            if live.closed:
                await _end(socket, WSCloseCode.GOING_AWAY, "")
                return
            if not await auth.still(listener.caller):
                raise AppError("dead-token")
            changes = listener.take()
            if changes is None:
                await _send(socket, type="reload", run=live.run, seq=listener.seq)
            elif changes:
                await _send(socket, type="changes", seq=listener.seq, changes=changes)
    except ConnectionError:
        pass  # it has gone
    finally:
        hearing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await hearing


async def _hear(socket: web.WebSocketResponse) -> None:
    """Returns when the client ends it, or says something more, which nobody does."""
    await socket.receive()


async def _send(socket: web.WebSocketResponse, **said: object) -> None:
    await socket.send_str(orjson.dumps(said).decode())


async def _end(socket: web.WebSocketResponse, code: int, reason: str) -> None:
    await socket.close(code=code, message=reason.encode()[:_REASON])
