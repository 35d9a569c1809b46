"""Telling systemd how the server is doing (sd_notify): ready, alive, stopping. Without systemd nothing is said."""

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manager:
    """Who started this process: where it listens, and how often it wants to hear that the server is alive (seconds)."""

    address: str = ""
    patience: float = 0.0

    def tell(self, news: str) -> None:
        """Say something; a manager that has gone away is not worth a failure."""
        if not self.address or sys.platform == "win32":
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.sendto(news.encode(), address)


@asynccontextmanager
async def told(manager: Manager, status: str) -> AsyncIterator[None]:
    """Within, the manager knows that the server is ready and, again and again, that its event loop turns."""
    manager.tell(f"READY=1\nSTATUS={status}")
    alive = asyncio.create_task(_alive(manager), name="watchdog")
    try:
        yield
    finally:
        manager.tell("STOPPING=1\nSTATUS=Stopping.")
        alive.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await alive


async def _alive(manager: Manager) -> None:
    while manager.patience:
        manager.tell("WATCHDOG=1")
        await asyncio.sleep(manager.patience / 3)
