"""Terminals as browsers are: each polls ten lists every five seconds with the tags that it got, and takes gzip."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks.server import Server
from structura_local.domain.catalog import COLLECTIONS

EVERY = 5.0  # seconds
WRITES = 20  # a second, of all together
PATHS = [f"/api/{collection.path}" for collection in COLLECTIONS]
EVENT = {"machineId": "M-01", "type": "CLEANING", "description": "limpieza", "severity": "INFO"}


@dataclass
class Polled:
    """What came of it: milliseconds of each request, statuses, and what went wrong."""

    took: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    failed: int = 0

    @property
    def p99(self) -> float:
        """Milliseconds."""
        return sorted(self.took)[int(len(self.took) * 0.99)]

    @property
    def said(self) -> str:
        """How many answers had which status."""
        return ", ".join(f"{count:,} × {status}" for status, count in sorted(self.statuses.items()))

    def add(self, later: "Polled") -> None:
        """What came afterwards."""
        self.took += later.took
        self.statuses += later.statuses
        self.failed += later.failed


class Crowd:
    """So many terminals of a server. They keep the tags that they got from one time to the next."""

    def __init__(self, server: Server, terminals: int) -> None:
        self.server = server
        self._tags: list[dict[str, str]] = [dict.fromkeys(PATHS, "") for _ in range(terminals)]

    def poll(self, seconds: float) -> Polled:
        """Let them poll for a while, and people write meanwhile."""
        return asyncio.run(self._poll(seconds))

    async def _poll(self, seconds: float) -> Polled:
        polled, until = Polled(), time.monotonic() + seconds
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(self.server.url, connector=connector, headers=self.server.headers) as session:

            async def ask(method: str, path: str, **more: Any) -> str:
                began = time.perf_counter()
                try:
                    async with session.request(method, path, **more) as answer:
                        await answer.read()
                        polled.took.append((time.perf_counter() - began) * 1e3)
                        polled.statuses[answer.status] += 1
                        polled.failed += answer.status >= 400
                        return answer.headers.get("ETag", "")
                except (aiohttp.ClientError, TimeoutError):
                    polled.failed += 1
                    return ""

            async def terminal(tags: dict[str, str]) -> None:
                await asyncio.sleep(random.uniform(0, EVERY))
                while time.monotonic() < until:
                    turn = time.monotonic() + EVERY
                    for path, tag in tags.items():
                        tags[path] = await ask("GET", path, headers={"If-None-Match": tag} if tag else {})
                    await asyncio.sleep(max(0.0, turn - time.monotonic()))

            async def writers() -> None:
                while time.monotonic() < until:
                    await ask("POST", "/api/events", json=EVENT)
                    await asyncio.sleep(1 / WRITES)

            await asyncio.gather(writers(), *(terminal(tags) for tags in self._tags))
        return polled
