"""What one more event, a list and a start cost with ten thousand, a million and ten million events: pages, counted."""

import asyncio
import shutil
import time
from pathlib import Path

from benchmarks import plants, wrk
from benchmarks.bench import Asked, Bench
from benchmarks.growing import grow
from benchmarks.plants import HOME
from benchmarks.results import Bar, Figure, Outcome, median
from benchmarks.rows.events import EVENT
from benchmarks.server import plant
from structura_local.domain.access import Caller
from structura_local.operations.nouns import Events
from structura_local.operations.rules import Rules
from structura_local.store.store import Store
from structura_local.store.transaction import Author

TITLE = "What things cost as events grow"
PAGE = 4096
FRAME = PAGE + 24  # bytes that a page takes in the write-ahead log
SIZES = (10_000, 1_000_000, 10_000_000)
WRITES = 100
BODY = {"machineId": "M-01", "type": "CLEANING", "description": "limpieza de rodillos", "severity": "INFO"}


def measure(bench: Bench) -> Outcome:
    """One plant that grows. The goal is that of pages; of rates there is one round at each size, to see a trend by."""
    folder = plants.copied(plants.SMALL, HOME / "run" / "grown")
    figures, bars, written = [], [], []
    for size in SIZES[:2] if bench.quick else SIZES:
        began = time.monotonic()
        grow(folder / "structura.db", size, plants.BEGAN)
        making = time.monotonic() - began
        pages, read = asyncio.run(_pages(folder / "structura.db"))
        written.append(pages)
        bars += [Bar(f"{size:,} stored", pages, "pages written"), Bar(f"{size:,} stored", read, "pages read, cold")]
        began = time.perf_counter()
        with plant(folder) as server:
            start = time.perf_counter() - began
            events = Asked(server, load=wrk.Load(script=wrk.posting("/api/events", EVENT))).take(bench.seconds, 32)
            lists = Asked(server, "/api/events").take(bench.seconds, 32)
            memory = server.memory
        bars += [Bar(f"{size:,} stored", events.rate, "events/s"), Bar(f"{size:,} stored", start, "s to start")]
        said = f"{pages:.1f} pages written, {read:.1f} read if nothing is in memory"
        figures.append(Figure(f"{size:,} stored: one more event", said))
        rates = f"{events.rate:,.0f} events/s, lists {lists.rate:,.0f}/s"
        more = f"{memory:.0f} MB, answers {start:.2f} s after its start"
        figures.append(Figure(f"{size:,} stored: the server", f"{rates}, {more}"))
        bench.say(f"{size:,} stored: made in {making:.0f} s")
    shutil.rmtree(folder)
    ratio = max(written) / min(written)
    what = "pages of one more event, the most to the least"
    figures.insert(0, Figure(what, f"{ratio:.2f}", "0.8 to 1.2", ratio <= 1.2))
    return Outcome(figures, sorted(bars, key=lambda bar: bar.unit), ("What is read is the depth of the trees.",))


async def _pages(database: Path) -> tuple[float, float]:
    """Of one event in a transaction of its own: pages written, and those read after all have been forgotten."""
    store = await Store.open(database)
    store.door.follow(Rules(None))
    events, log = Events(store), Path(f"{database}-wal")
    written, read = [], []
    for number in range(WRITES):
        if number % 2:
            await store.door.write(lambda tx: tx.connection.execute("PRAGMA shrink_memory"), Author("rules"))
        before, bytes_before = log.stat().st_size, _bytes_read()  # noqa: ASYNC240 - nothing else runs
        await events.create(Caller("U-001", "ADMIN"), BODY)
        if number % 2:
            read.append((_bytes_read() - bytes_before) / PAGE)
        else:
            written.append((log.stat().st_size - before) / FRAME)  # noqa: ASYNC240 - ditto
    await store.close()
    return median(written), median(read)


def _bytes_read() -> int:
    """Bytes that this process has asked of the system so far, whether or not they came from the disk."""
    return next(int(line.split()[1]) for line in Path("/proc/self/io").read_text().splitlines() if "rchar" in line)
