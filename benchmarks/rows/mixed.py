"""All at once: writes, lists, pages, single objects and a search; how long the event loop is kept from the next."""

import json
import os
import sys
from contextlib import ExitStack

from benchmarks import plants, wrk
from benchmarks.bench import Bench, paths
from benchmarks.plants import HOME
from benchmarks.results import Outcome, at_most
from benchmarks.rows.events import EVENT
from benchmarks.server import plant

TITLE = "the event loop under mixed load"
MOST = 20  # ms


def measure(bench: Bench) -> Outcome:
    """`busy` counts what the loop's own thread did, so it holds on a machine with other work."""
    told = (HOME / "run" / "watched.json").absolute()
    os.environ["WATCHED"] = str(told)
    folder = plants.copied(plants.YEAR, HOME / "run" / "plant")
    with ExitStack() as stack:
        server = stack.enter_context(plant(folder, program=(sys.executable, "-m", "benchmarks.watched")))
        jobs = paths(server, "limit=500")
        asked = [
            *jobs,
            "/api/jobs?status=PENDING&limit=50",
            "/api/events",
            "/api/inventory",
            "/api/jobs?q=perfil&limit=20",
        ]
        loads = [
            wrk.Load(10, 5 * bench.seconds, server.headers, wrk.posting("/api/events", EVENT), pause=20),
            wrk.Load(10, 5 * bench.seconds, server.headers, wrk.getting(asked), pause=5),
            wrk.Load(1, 5 * bench.seconds, server.headers, wrk.getting(["/api/jobs"]), pause=500),
        ]
        answered = [wrk.finish(running) for running in [wrk.start(server.url, load) for load in loads]]
    longest = json.loads(told.read_text())
    return Outcome(
        [
            at_most("longest that its own work kept it", longest["busy"] * 1e3, MOST, "ms"),
            at_most("longest wait, whatever it was for", longest["waited"] * 1e3, MOST, "ms"),
        ],
        notes=(f"{sum(one.requests for one in answered):,} requests.",),
    )
