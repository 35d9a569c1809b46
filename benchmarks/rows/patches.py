"""PATCH /api/jobs/:id, as operators do: quantities, a start, a halt, and some jobs completed; the rules are on."""

from benchmarks import wrk
from benchmarks.bench import Asked, Bench, paths
from benchmarks.results import Outcome

TITLE = "`PATCH /api/jobs/:id`"
BODIES = (
    '{"status":"IN_PROGRESS"}',
    *(f'{{"completedQuantity":{n}}}' for n in range(1, 9)),
    '{"status":"HALTED","operatorNotes":"falta bobina"}',
    '{"status":"IN_PROGRESS","operatorNotes":""}',
    *(f'{{"completedQuantity":{n}}}' for n in range(9, 17)),
    '{"status":"COMPLETED"}',
)


def measure(bench: Bench) -> Outcome:
    """Beside the former backend's design, which has no rules."""
    ours, former = bench.ours(), bench.former()
    script = wrk.patching(paths(ours, "status=PENDING&limit=150"), BODIES)
    load = wrk.Load(script=script)
    compared = bench.compared("job", 5_000, Asked(ours, load=load), Asked(former, load=load))
    return Outcome(*compared)
