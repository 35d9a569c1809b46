"""From `serve` to the first answer with 1,000,000 events in the database, and the memory it takes."""

import time
import urllib.request
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks import plants, terminals
from benchmarks.bench import FORMER, Bench, former, former_database
from benchmarks.plants import HOME
from benchmarks.results import Bar, Figure, Outcome, alternating, median
from benchmarks.server import Server, plant

TITLE = "Start and memory with 1,000,000 events"
MOST_SECONDS, MOST_FROZEN, MOST_IDLE, MOST_BUSY = 1.5, 3.0, 90, 250
FROZEN = Path("dist/structura-local/structura-local")


def measure(bench: Bench) -> Outcome:
    """Beside the former backend's design. The packaged program is measured too if `make dist` has made it."""
    folder, database = plants.copied(plants.MILLION, HOME / "run" / "started"), former_database(plants.MILLION)
    starts = [lambda: _first_answer(plant(folder, log_in=False)), lambda: _first_answer(former(database))]
    if FROZEN.exists():
        starts.append(lambda: _first_answer(plant(folder, log_in=False, program=(str(FROZEN),))))
    source, other, *frozen = (median(times) for times in alternating(bench.rounds, *starts))
    with plant(folder) as server:
        idle = server.memory
        terminals.Crowd(server, 200).poll(15)
        busy = server.memory
    beside, quick = f"{FORMER}: {other:.2f} s", source <= MOST_SECONDS
    limit = f"≤ {MOST_SECONDS} s"
    figures = [
        Figure("serve to first answer, from source", f"{source:.2f} s", limit, quick, beside, source / other),
        Figure("memory, idle", f"{idle:.0f} MB", f"≤ {MOST_IDLE} MB", idle <= MOST_IDLE),
        Figure("memory, 200 terminals", f"{busy:.0f} MB", f"≤ {MOST_BUSY} MB", busy <= MOST_BUSY),
    ]
    for took in frozen:
        met = took <= MOST_FROZEN
        figures.append(Figure("serve to first answer, packaged", f"{took:.2f} s", f"≤ {MOST_FROZEN} s", met))
    bars = [Bar("from source", source, "s"), Bar(f"({FORMER})", other, "s"), *(Bar("packaged", t, "s") for t in frozen)]
    return Outcome(figures, bars)


def _first_answer(starting: AbstractContextManager[Server]) -> float:
    """Seconds."""
    began = time.perf_counter()
    with starting as server:
        path = "/api/machines" if server.headers else "/healthz"
        with urllib.request.urlopen(urllib.request.Request(server.url + path, headers=server.headers)) as answer:
            answer.read()
        return time.perf_counter() - began
