"""A filtered page of 100,000 jobs at 200 a second, while a job changes five times a second: no page stays ready."""

import json
import urllib.request
from urllib.parse import urlsplit

from benchmarks import plants, wrk
from benchmarks.bench import FORMER, Asked, Bench, Taken, paths
from benchmarks.results import Figure, Outcome, alternating, median
from benchmarks.server import Server

TITLE = "a filtered page of 100,000 jobs"
RATE, CONNECTIONS, MOST = 200, 20, 10
STATUSES = ("PENDING", "IN_PROGRESS", "HALTED", "COMPLETED")


def measure(bench: Bench) -> Outcome:
    """The first ten pages of each status, beside the same of the former backend's design (with offsets)."""
    ours, former = bench.ours(plants.MANY_JOBS), bench.former(plants.MANY_JOBS)
    by_offset = [f"/api/jobs?status={s}&limit=50&offset={page * 50}" for s in STATUSES for page in range(10)]
    by_cursor = [path for status in STATUSES for path in _pages(ours, f"/api/jobs?status={status}&limit=50", 10)]
    job = paths(ours, "status=PENDING&limit=1")[0]
    taken = alternating(
        bench.rounds,
        lambda: _asked(ours, by_cursor, job, bench.seconds),
        lambda: _asked(former, by_offset, job, bench.seconds),
    )
    mine, theirs = (median([one.p99 for one in column]) for column in taken)
    rate = median([one.rate for one in taken[0]])
    beside = f"{FORMER}: p99 {theirs:.1f} ms at {median([one.rate for one in taken[1]]):.0f}/s"
    figure = f"p99 {mine:.1f} ms at {rate:.0f}/s"
    return Outcome([Figure("page", figure, f"p99 ≤ {MOST} ms at {RATE}/s", mine <= MOST, beside, mine / theirs)])


def _asked(server: Server, addresses: list[str], job: str, seconds: int) -> Taken:
    script = wrk.patching([job], ['{"completedQuantity":1}', '{"completedQuantity":2}'])
    writing = wrk.start(server.url, wrk.Load(1, seconds + 1, server.headers, script, pause=200))
    pause = CONNECTIONS / RATE * 1000
    taken = Asked(server, load=wrk.Load(script=wrk.getting(addresses), pause=pause)).take(seconds, CONNECTIONS)
    wrk.finish(writing)
    return taken


def _pages(server: Server, path: str, count: int) -> list[str]:
    """The addresses of a list's first pages."""
    found: list[str] = []
    while path and len(found) < count:
        found.append(path)
        with urllib.request.urlopen(urllib.request.Request(server.url + path, headers=server.headers)) as answer:
            json.loads(answer.read())
            link = answer.headers["Link"]
        path = link.partition("<")[2].partition(">")[0].removeprefix(server.url) if link else ""
        if path.startswith("http"):
            parts = urlsplit(path)
            path = f"{parts.path}?{parts.query}"
    return found
