"""GET /:id, over all jobs of the year in turn."""

from benchmarks import wrk
from benchmarks.bench import Asked, Bench, paths
from benchmarks.results import Outcome

TITLE = "`GET /api/jobs/:id`"


def measure(bench: Bench) -> Outcome:
    """Beside the former backend's design."""
    ours, former = bench.ours(), bench.former()
    load = wrk.Load(script=wrk.getting(paths(ours, "sort=id")))
    compared = bench.compared("object", 8_000, Asked(ours, load=load), Asked(former, load=load))
    return Outcome(*compared)
