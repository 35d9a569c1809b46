"""POST /api/events: durable, checked, in the change log."""

from benchmarks import wrk
from benchmarks.bench import Asked, Bench
from benchmarks.results import Figure, Outcome

TITLE = "`POST /api/events`"
EVENT = '{"machineId":"M-01","type":"CLEANING","description":"limpieza de rodillos %d","severity":"INFO"}'
MOST = 15  # ms


def measure(bench: Bench) -> Outcome:
    """Beside the former backend's design."""
    load = wrk.Load(script=wrk.posting("/api/events", EVENT))
    ours, former = Asked(bench.ours(), load=load), Asked(bench.former(), load=load)
    figures, bars = bench.compared("event", 8_000, ours, former)
    late = ours.take(bench.seconds * 2, 32)
    figures.append(Figure("p99 at 32 connections", f"{late.p99:.1f} ms", f"≤ {MOST} ms", late.p99 <= MOST))
    return Outcome(figures, bars)
