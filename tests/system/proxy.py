"""A TCP proxy between a plant and Postgres that behaves like a bad link: slow, lossy, stalled, half closed, cut.

The kernel at hand cannot do this, so the proxy models the link: packets leave one after the other at its rate and
arrive after its delay. One that is lost is sent again: it arrives a round trip later, or, every tenth time, a whole
timeout later, and all that follows waits for it, as in TCP.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

PACKET = 1_460  # bytes
TIMEOUT = 1.0  # seconds until TCP sends again what nobody has asked for
WINDOW = 192  # packets that are under way at most; more than any timeout needs at 1 Mbit/s
GONE = (ConnectionError, OSError)


@dataclass(frozen=True, slots=True)
class Link:
    """`delay` in seconds one way, `rate` in bytes a second each way (0: without limit), `loss` as a share."""

    delay: float = 0.0
    rate: float = 0.0
    loss: float = 0.0


FINE = Link()


class Proxy:
    """Forwards a loopback port to a Unix socket, both ways, while `async with` lasts.

    `link` may be changed at any time. `up`, `down`: bytes that have arrived at Postgres and at the plant; `turns`: how
    often Postgres was asked something after it had answered.
    """

    def __init__(self, upstream: Path, link: Link = FINE, seed: int = 0) -> None:
        self.upstream = upstream
        self.link = link
        self.plugged = True  # the cable; nobody gets through while it is out
        self.up = self.down = self.turns = 0
        self._answered = True
        self._random = random.Random(seed)
        self._moving = asyncio.Event()
        self._moving.set()
        self._left: int | None = None  # bytes until the cut
        self._cut: Callable[[], None] = lambda: None
        self._free = {True: 0.0, False: 0.0}  # by direction: when the link can take the next packet
        self._writers: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break all connections, as a router that restarts does."""
        for pair in self._writers:
            for writer in pair:
                writer.transport.abort()

    def cut_after(self, count: int) -> asyncio.Event:
        """Break them after so many bytes more, wherever that is in a message; the event is set when it is done."""
        done = asyncio.Event()

        def cut() -> None:
            self._left = None
            self.cut()
            done.set()

        self._left, self._cut = count, cut
        return done

    def keep(self) -> None:
        """Forget a cut that has not come."""
        self._left = None

    def half_close(self, *, up: bool) -> None:
        """End one direction of each connection; the other stays open."""
        for to_plant, to_postgres in self._writers:
            writer = to_postgres if up else to_plant
            if writer.can_write_eof() and not writer.is_closing():
                writer.write_eof()

    async def stall(self, seconds: float) -> None:
        """Let nothing arrive for so long, and then everything."""
        self._moving.clear()
        await asyncio.sleep(seconds)
        self._moving.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            if self.plugged:
                await self._serve(reader, writer)
        except (asyncio.CancelledError, *GONE):  # the proxy ends, or Postgres does not run
            pass
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, answer = await asyncio.open_unix_connection(self.upstream)
        pair = (writer, answer)
        self._writers.add(pair)
        try:
            await asyncio.gather(self._pump(reader, answer, up=True), self._pump(there, writer, up=False))
        finally:
            self._writers.discard(pair)
            answer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WINDOW)
        arriving = asyncio.create_task(self._arrive(under_way, writer, up=up))
        try:
            last = 0.0
            while not arriving.done():
                try:
                    packet = await reader.read(PACKET if self.link.rate else 65_536)
                except GONE:
                    packet = b""
                last = max(last, self._arrival(len(packet), up=up))
                await under_way.put((last, packet))
                if not packet:
                    break
            await arriving
        finally:
            arriving.cancel()

    def _arrival(self, size: int, *, up: bool) -> float:
        link, now = self.link, asyncio.get_running_loop().time()
        if link.rate:
            self._free[up] = max(now, self._free[up]) + size / link.rate
            now = self._free[up]
        if self._random.random() < link.loss:
            now += TIMEOUT if self._random.random() < 0.1 else 2 * link.delay
        return now + link.delay

    async def _arrive(
        self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, *, up: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, packet = await under_way.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            await self._moving.wait()
            try:
                if not packet:
                    if writer.can_write_eof() and not writer.is_closing():
                        writer.write_eof()
                    return
                writer.write(packet if self._left is None else packet[: self._left])
                await writer.drain()
            except (RuntimeError, *GONE):  # RuntimeError: half closed
                continue  # what is still under way is lost
            self._count(len(packet), up=up)

    def _count(self, size: int, *, up: bool) -> None:
        if up:
            self.up += size
            self.turns += self._answered
        else:
            self.down += size
        self._answered = not up
        if self._left is not None:
            self._left -= size
            if self._left <= 0:
                self._cut()
