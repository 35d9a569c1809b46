"""A million rows to head office and down again, new and changed ones, and what the API notices of it; a slow line."""

import asyncio
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import plants, wrk
from benchmarks.bench import Bench
from benchmarks.office import Office, head_office
from benchmarks.plants import ADMIN_PIN, HOME, Size
from benchmarks.results import Bar, Figure, Outcome, at_least, at_most
from benchmarks.server import Server, plant
from structura_local import app
from structura_local.domain.events import EVENTS
from structura_local.folder import Folder
from structura_local.store.transaction import Author, Transaction
from tests.system.proxy import Link, Proxy

TITLE = "A million rows to head office and back"
NEW, CHANGED, DOWN, MOST_MEMORY, MOST_P99, SHARE = 25_000, 15_000, 40_000, 200, 15, 0.8
LINE = Link(delay=0.1, rate=125_000)  # 200 ms there and back, 1 Mbit/s
QUICK, SLOW = Size(500, 50_000, 200), Size(500, 20_000, 200)
LOADED = 10  # seconds of 500 requests a second
PACE = "rows/s"


@dataclass
class Moved:
    """Rows a second, and the most memory of the server in MB."""

    rate: float
    memory: float


def measure(bench: Bench) -> Outcome:
    """Beside COPY of the same rows into a plain table, and out of it. All fields of a changed row have changed."""
    size = QUICK if bench.quick else plants.MILLION
    rows, folder = size.events, plants.copied(size, HOME / "run" / "plant")
    with head_office() as office:
        office.enroll(folder)
        with plant(folder) as server:
            new = _moved(server, rows, _heard(office, folder))
        bench.say(f"pushed {rows:,} new rows, {new.rate:,.0f} a second")
        _change(folder, 0, rows // 4)
        with plant(folder) as server:
            changed = _moved(server, rows // 4, _heard(office, folder))
        bench.say(f"pushed {rows // 4:,} changed rows, {changed.rate:,.0f} a second")
        _change(folder, rows // 4, rows // 2)
        with plant(folder) as server:
            up = _p99(server, _heard(office, folder))
        copied_in, copied_out = _copied(office, rows)
        empty = _empty(office)
        with plant(empty, log_in=False) as server:
            down = _moved(server, rows, lambda: _events(empty) >= rows)
        bench.say(f"downloaded {rows:,} rows, {down.rate:,.0f} a second")
        empty = _empty(office)
        with plant(empty, log_in=False) as server:
            while _events(empty) == 0:
                time.sleep(0.05)
            token = server.ask("POST", "/api/auth/login", {"pin": ADMIN_PIN})["token"]
            whole = replace(server, headers={"Authorization": f"Bearer {token}"})
            beside = _p99(whole, lambda: _events(empty) >= rows)
    share = _slow_line(SLOW if not bench.quick else Size(500, 5_000, 200))
    return Outcome(
        [
            at_least("push, new rows", new.rate, NEW, PACE, "COPY", copied_in),
            at_least("push, changed rows", changed.rate, CHANGED, PACE, "COPY", copied_in),
            at_most("server's memory while it pushes", max(new.memory, changed.memory), MOST_MEMORY, "MB"),
            at_most("API p99 while it pushes, 500 lists/s", up, MOST_P99, "ms"),
            Figure("push over a slow line", f"{share:.0%} of 1 Mbit/s at 200 ms", f"≥ {SHARE:.0%}", share >= SHARE),
            at_least("first download", down.rate, DOWN, PACE, "COPY", copied_out),
            at_most("server's memory while it downloads", down.memory, MOST_MEMORY, "MB"),
            at_most("API p99 while it downloads, 500 lists/s", beside, MOST_P99, "ms"),
        ],
        [Bar("push, new rows", new.rate, PACE), Bar("push, changed rows", changed.rate, PACE),
         Bar("(COPY in)", copied_in, PACE), Bar("download", down.rate, PACE), Bar("(COPY out)", copied_out, PACE)],
        [f"{rows:,} rows; a quarter of them changed."],
    )  # fmt: skip


def _moved(server: Server, rows: int, done: Callable[[], bool]) -> Moved:
    most, began = 0.0, time.perf_counter()
    while not done():
        most = max(most, server.memory)
        time.sleep(0.1)
    return Moved(rows / (time.perf_counter() - began), most)


def _p99(server: Server, done: Callable[[], bool]) -> float:
    """Of lists, while rows move. ValueError if they were there too soon to tell."""
    asking = wrk.start(server.url + "/api/machines", wrk.Load(25, LOADED, server.headers, pause=50))
    began = time.perf_counter()
    while not done() and time.perf_counter() - began < LOADED:
        time.sleep(0.1)
    moved = time.perf_counter() - began
    p99 = wrk.finish(asking).p99
    if moved < 0.5:
        raise ValueError(f"the rows were there after {moved:.1f} s")
    return p99


def _heard(office: Office, folder: Path) -> Callable[[], bool]:
    """Whether head office has all that now waits in a plant. Asked there: the plant has other things to do."""
    with closing(sqlite3.connect(f"file:{folder}/structura.db?mode=ro", uri=True)) as database:
        last = int(database.execute("SELECT max(seq) FROM change_log").fetchone()[0])
    return lambda: (office.ask("SELECT max(mark) FROM structura_sync.node") or 0) >= last


def _change(folder: Path, start: int, end: int) -> None:
    """Change all fields of some events while the server is stopped."""

    def work(ids: list[str], tx: Transaction) -> None:
        for row_id in ids:
            row = tx.get(EVENTS, row_id)
            assert row is not None
            text = f"Corregido: {row.data['description']}"
            news = {"description": text, "severity": "WARNING", "type": "SCRAP_REPORT", "machineId": "M-77"}
            tx.update(EVENTS, row, {**news, "timestamp": "2027-01-15T08:00:00.000Z"})

    async def change() -> None:
        async with app.opened(Folder(folder)) as opened:
            for at in range(0, len(ids), 2_000):
                await opened.store.door.write(partial(work, ids[at : at + 2_000]), Author("import"))

    # Closed before it is opened by another SQLite in this process: that would lose its locks.
    with closing(sqlite3.connect(f"file:{folder}/structura.db?mode=ro", uri=True)) as database:
        asked = "SELECT id FROM events ORDER BY id LIMIT ? OFFSET ?"
        ids = [line[0] for line in database.execute(asked, (end - start, start))]
    asyncio.run(change())


def _empty(office: Office) -> Path:
    empty = HOME / "run" / "empty"
    shutil.rmtree(empty, ignore_errors=True)
    empty.mkdir()
    office.enroll(empty)
    return empty


def _events(folder: Path) -> int:
    with closing(sqlite3.connect(f"file:{folder}/structura.db?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM events").fetchone()[0])


def _slow_line(size: Size) -> float:
    """How much of what the line carries a backlog uses, from head office's welcome to its last word."""
    folder = plants.copied(size, HOME / "run" / "far")
    with head_office() as office, _line(HOME / "run" / "postgres" / ".s.PGSQL.5432") as line:
        office.enroll(folder)
        bundle = Folder(folder).bundle()
        assert bundle is not None
        parts = urlsplit(bundle["dsn"])
        far = f"postgresql://{parts.netloc.rpartition('@')[0]}@127.0.0.1:{line.port}{parts.path}"
        Folder(folder).keep_bundle({**bundle, "dsn": far})
        with plant(folder):
            done = _heard(office, folder)
            while line.up < 2 * LINE.rate * LINE.delay:  # what comes before the first batch is a few hundred bytes
                time.sleep(0.01)
            began, before = time.perf_counter(), line.up
            while not done():
                time.sleep(0.05)
            return (line.up - before) / LINE.rate / (time.perf_counter() - began)


@contextmanager
def _line(socket: Path) -> Iterator[Proxy]:
    loop = asyncio.new_event_loop()
    running = threading.Thread(target=loop.run_forever)
    running.start()
    proxy = Proxy(socket.absolute(), LINE)
    asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result()
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(proxy.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        running.join()
        loop.close()


def _copied(office: Office, rows: int) -> tuple[float, float]:
    """Rows a second of COPY into a plain table, and out of it."""
    file = (HOME / "run" / "postgres" / "rows.copy").absolute()
    office.ask("CREATE TABLE copied AS SELECT * FROM structura.events", "SELECT 1")
    began = time.perf_counter()
    office.ask(f"COPY copied TO '{file}'", "SELECT 1")
    out = time.perf_counter() - began
    began = time.perf_counter()
    office.ask("TRUNCATE copied", f"COPY copied FROM '{file}'", "SELECT 1")
    return rows / (time.perf_counter() - began), rows / out
