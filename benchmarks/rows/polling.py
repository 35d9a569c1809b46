"""200 terminals, each polling ten lists every 5 s, with 20 writes a second, in a plant with 500 jobs."""

from benchmarks import plants, terminals
from benchmarks.bench import Bench
from benchmarks.results import Bar, Figure, Outcome, alternating, median

TITLE = "200 terminals"
TERMINALS, MOST_CPU, MOST = 200, 0.6, 50
WARM_UP = 10  # seconds in which each terminal gets all lists once


def measure(bench: Bench) -> Outcome:
    """In turns with bare aiohttp, which answers 304 to all; `make bench ROWS=terminals` takes ten minutes of it."""
    server, bare = bench.ours(plants.SMALL), bench.bare(b"[]")
    crowds = [terminals.Crowd(one, TERMINALS) for one in (server, bare)]
    for crowd in crowds:
        crowd.poll(WARM_UP)
    seconds = 5 if bench.quick else 10

    def taken(crowd: terminals.Crowd) -> tuple[float, terminals.Polled]:
        before = crowd.server.cpu
        polled = crowd.poll(seconds)
        return (crowd.server.cpu - before) / seconds, polled

    ours, theirs = alternating(bench.rounds, *((lambda c=crowd: taken(c)) for crowd in crowds))
    share, least = median([cpu for cpu, _ in ours]), median([cpu for cpu, _ in theirs])
    polled = terminals.Polled()
    for _, some in ours:
        polled.add(some)
    beside = f"bare, all 304: {least:.0%}"
    return Outcome(
        [
            Figure("processor", f"{share:.0%} of one", f"≤ {MOST_CPU:.0%}", share <= MOST_CPU, beside, least / share),
            Figure("p99, measured in Python", f"{polled.p99:.1f} ms", f"≤ {MOST} ms", polled.p99 <= MOST),
            Figure("errors", f"{polled.failed} ({polled.said})", "0", polled.failed == 0),
            Figure("memory afterwards", f"{server.memory:.0f} MB"),
        ],
        [
            Bar("200 terminals", share * 100, "% of a core"),
            Bar("(bare, all 304)", least * 100, "% of a core"),
        ],
    )
