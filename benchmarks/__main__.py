"""python -m benchmarks [ROW …] [--quick]"""

import argparse
import shutil
import signal
import sys
import time
import traceback
from contextlib import ExitStack
from typing import Any

from benchmarks import document, results
from benchmarks.bench import Bench
from benchmarks.plants import HOME
from benchmarks.results import Outcome
from benchmarks.rows import ALONE, ROWS

LONGEST = 600  # seconds that a row may take, but the one that is run alone


def main() -> None:
    """Measure the rows asked for, or all but those that are only run alone, and write the document after each."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="one short round of each, to see that it works")
    parser.add_argument("--write", action="store_true", help="only write the document, of what was measured before")
    asked = parser.parse_args()
    if unknown := set(asked.rows) - ROWS.keys():
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    names = [] if asked.write else asked.rows or [name for name in ROWS if name not in ALONE]
    signal.signal(signal.SIGALRM, _too_long)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # servers and all
    began, failed = time.monotonic(), []
    for number, name in enumerate(names, 1):
        print(f"{name:10} begins, {number} of {len(names)}, after {time.monotonic() - began:.0f} s", flush=True)
        try:
            outcome = _measured(name, quick=asked.quick)
        except Exception as error:  # the others are measured all the same
            traceback.print_exc()
            failed.append(name)
            results.keep_failure(name, f"{type(error).__name__}: {str(error)[:300]}")
        else:
            results.keep(name, ROWS[name].TITLE, outcome)
            for figure in outcome.figures:
                met = {True: "met", False: "MISSED", None: ""}[figure.met]
                print(f"{name:10} {figure.what}: {figure.figure}  {figure.goal} {met}  {figure.beside}", flush=True)
        document.write(ROWS)
    document.write(ROWS)
    print(f"{len(names)} rows in {time.monotonic() - began:.0f} s; failed: {', '.join(failed) or 'none'}", flush=True)
    sys.exit(bool(failed))


def _measured(name: str, *, quick: bool) -> Outcome:
    shutil.rmtree(HOME / "run", ignore_errors=True)
    (HOME / "run").mkdir(parents=True)
    signal.alarm(2 * LONGEST if name in ALONE else LONGEST)
    try:
        with ExitStack() as stack:
            outcome: Outcome = ROWS[name].measure(Bench(quick=quick, stack=stack))
            return outcome
    finally:
        signal.alarm(0)


def _too_long(*_: Any) -> None:
    raise TimeoutError("it took too long")


main()
