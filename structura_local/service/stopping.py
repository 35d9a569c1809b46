"""The wish that this process ends: a signal's, or the service manager's, which has a thread of its own."""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable

_lock = threading.Lock()
_asked = False
_listeners: list[Callable[[], object]] = []


def ask() -> None:
    """Ask this process to stop; from any thread."""
    global _asked  # noqa: PLW0603 - there is one process to stop
    with _lock:
        _asked = True
        for listener in _listeners:
            listener()


async def asked() -> None:
    """Return when the process is asked to stop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform != "win32":
            loop.add_signal_handler(number, stopped.set)
        elif threading.current_thread() is threading.main_thread():
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    with _lock:
        _listeners.append(lambda: loop.call_soon_threadsafe(stopped.set))
        if _asked:
            stopped.set()
    await stopped.wait()
