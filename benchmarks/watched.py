"""The server with a watchdog on its event loop: `python -m benchmarks.watched serve …`, as the program itself.

Every few milliseconds it looks how long the loop has kept it waiting, and how much of that the loop's own thread was at
work: the rest is what other threads, other processes and the system took. At the end it writes both into a file.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from structura_local import app
from structura_local.__main__ import main

EVERY = 0.002  # seconds
_served = app.served


@asynccontextmanager
async def served(*arguments: Any, **named: Any) -> AsyncIterator[str]:
    """In place of structura_local.app.served."""
    longest = {"waited": 0.0, "busy": 0.0}

    async def look() -> None:
        while True:
            began, busy = time.perf_counter(), time.thread_time()
            await asyncio.sleep(EVERY)
            longest["waited"] = max(longest["waited"], time.perf_counter() - began - EVERY)
            longest["busy"] = max(longest["busy"], time.thread_time() - busy)

    async with _served(*arguments, **named) as url:
        await asyncio.sleep(0.5)
        looking = asyncio.create_task(look())
        yield url
        looking.cancel()
        Path(os.environ["WATCHED"]).write_text(json.dumps(longest))  # noqa: ASYNC240 - it is the end


app.served = served
sys.exit(main())
