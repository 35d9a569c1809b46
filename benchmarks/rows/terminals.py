"""200 terminals for ten minutes: no error, flat memory.

SQLite keeps pages as they are used, up to 32 MB of three connections. Events fill that first, so that what grows in the
ten minutes would grow for ever.
"""

from benchmarks import plants, terminals, wrk
from benchmarks.bench import Bench
from benchmarks.results import Bar, Figure, Outcome
from benchmarks.rows.events import EVENT
from benchmarks.rows.polling import MOST, MOST_CPU, TERMINALS, WARM_UP

TITLE = "200 terminals for ten minutes"
FILLING = 5  # seconds in which tens of thousands of events come in
MINUTES, MOST_GROWN = 10, 10  # MB between the second minute and the last: 20 events a second come in meanwhile


def measure(bench: Bench) -> Outcome:
    """Minute by minute."""
    server = bench.ours(plants.SMALL)
    wrk.run(server.url, wrk.Load(seconds=FILLING, headers=server.headers, script=wrk.posting("/api/events", EVENT)))
    crowd = terminals.Crowd(server, TERMINALS)
    crowd.poll(WARM_UP)
    minute = 2 if bench.quick else 60
    memory, shares = [], []
    polled = terminals.Polled()
    for number in range(MINUTES):
        before = server.cpu
        polled.add(crowd.poll(minute))
        shares.append((server.cpu - before) / minute)
        memory.append(server.memory)
        bench.say(f"minute {number + 1}: {shares[-1]:.0%} of a processor, {memory[-1]:.0f} MB, {polled.failed} errors")
    grown, most = memory[-1] - memory[1], max(shares)
    flat = f"{memory[0]:.0f} MB after a minute, {memory[-1]:.0f} MB after ten"
    return Outcome(
        [
            Figure("errors", f"{polled.failed} ({polled.said})", "0", polled.failed == 0),
            Figure("processor, the most of a minute", f"{most:.0%} of one", f"≤ {MOST_CPU:.0%}", most <= MOST_CPU),
            Figure("p99, measured in Python", f"{polled.p99:.1f} ms", f"≤ {MOST} ms", polled.p99 <= MOST),
            Figure("memory", flat, f"≤ {MOST_GROWN} MB more after the second minute", grown <= MOST_GROWN),
        ],
        [Bar(f"minute {number}", used, "MB") for number, used in enumerate(memory, 1)],
    )
