"""Three times as many at once as it takes: some are told to come again, the others are answered in time."""

import time

from benchmarks import wrk
from benchmarks.bench import Bench
from benchmarks.results import Figure, Outcome
from benchmarks.rows.events import EVENT

TITLE = "past the limit"
CARRIED = 256


def measure(bench: Bench) -> Outcome:
    """Events from 256 connections, then from 768."""
    server = bench.ours()
    script = wrk.posting("/api/events", EVENT)
    usual = wrk.run(server.url, wrk.Load(CARRIED, bench.seconds * 2, server.headers, script))
    memory = server.memory
    more = wrk.run(server.url, wrk.Load(3 * CARRIED, bench.seconds * 4, server.headers, script))
    began = time.perf_counter()
    server.ask("POST", "/api/events", {"machineId": "M-01", "type": "CLEANING", "description": "x", "severity": "INFO"})
    back, grown = time.perf_counter() - began, server.memory - memory
    return Outcome(
        [
            Figure(f"{CARRIED} at once", _said(usual)),
            Figure(f"{3 * CARRIED} at once", _said(more)),
            Figure("timeouts and broken connections", f"{more.late + more.broken}", "0", not more.late + more.broken),
            Figure("the next write after it", f"{back * 1e3:.0f} ms", "≤ 1 s", back <= 1),
            Figure("memory", f"{grown:+.0f} MB", "≤ 50 MB", grown <= 50),
        ]
    )


def _said(answered: wrk.Answered) -> str:
    return f"{answered.rate:,.0f}/s, p99 {answered.p99:.0f} ms, {answered.refused} told to come again"
