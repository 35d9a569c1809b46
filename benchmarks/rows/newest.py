"""The list of the newest 500 events while 500 events a second are being written."""

from functools import partial

from benchmarks import wrk
from benchmarks.bench import FORMER, Asked, Bench, Taken
from benchmarks.results import Bar, Figure, Outcome, alternating, median
from benchmarks.rows.events import EVENT
from benchmarks.server import Server

TITLE = "500 events while they are written"
WRITERS, RATE, GOAL = 25, 500, 2_000


def measure(bench: Bench) -> Outcome:
    """Beside the former backend's design, under the same writes."""
    mine, theirs = alternating(
        bench.rounds, *(partial(_both, s, bench.seconds) for s in (bench.ours(), bench.former()))
    )
    rate, p99 = median([lists.rate for lists, _ in mine]), median([lists.p99 for lists, _ in mine])
    written, other = median([writes for _, writes in mine]), median([lists.rate for lists, _ in theirs])
    figure = f"{rate:,.0f}/s, p99 {p99:.1f} ms, beside {written:,.0f} writes/s"
    return Outcome(
        [Figure("lists", figure, f"≥ {GOAL:,}/s", rate >= GOAL, f"{FORMER}: {other:,.0f}/s", rate / other)],
        [Bar("lists", rate, "/s"), Bar(f"({FORMER})", other, "/s")],
    )


def _both(server: Server, seconds: int) -> tuple[Taken, float]:
    pause = WRITERS / RATE * 1000
    script = wrk.posting("/api/events", EVENT)
    writing = wrk.start(server.url, wrk.Load(WRITERS, seconds + 1, server.headers, script, pause=pause))
    asked = Asked(server, "/api/events").take(seconds, 32)
    return asked, wrk.finish(writing).rate
