"""What the rows' programs have in common: the servers side by side, and load on one after the other."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import plants, wrk
from benchmarks.plants import HOME, Size
from benchmarks.results import Bar, Figure, alternating, median
from benchmarks.server import Server, plant, process

CONNECTIONS = (1, 32, 128)
FORMER = "FastAPI + SQLAlchemy"
_FORMER = Path(__file__).parent / "reference" / "former.py"
_FORMER_PYTHON = HOME / "venv" / "bin" / "python"


@dataclass
class Bench:
    """How long to measure, and what has to be closed at the end. `quick`: only to see that it works."""

    quick: bool = False
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def rounds(self) -> int:
        """How often, in turn with what stands beside."""
        return 1 if self.quick else 5

    @property
    def seconds(self) -> int:
        """How long each load lasts."""
        return 1 if self.quick else 2

    def say(self, text: str) -> None:
        """Tell who waits how far it is."""
        print(f"{'':10} {text}", flush=True)

    def ours(self, size: Size = plants.YEAR) -> Server:
        """This project's server on a plant of this size."""
        return self.stack.enter_context(plant(plants.copied(size, HOME / "run" / "plant")))

    def former(self, size: Size = plants.YEAR) -> Server:
        """The former backend's design on the same data."""
        return self.stack.enter_context(former(former_database(size)))

    def bare(self, body: bytes) -> Server:
        """Bare aiohttp with these bytes."""
        return self.stack.enter_context(_bare(body))

    def compared(self, name: str, goal: float, ours: "Asked", beside: "Asked") -> tuple[list[Figure], list[Bar]]:
        """Rates at each number of connections, beside the former backend's design; the goal is for 32."""
        figures: list[Figure] = []
        bars: list[Bar] = []
        for connections in CONNECTIONS:
            mine, theirs = alternating(self.rounds, *(self._asking(a, connections) for a in (ours, beside)))
            rate, p99, cpu = (median([getattr(taken, n) for taken in mine]) for n in ("rate", "p99", "cpu"))
            other = median([taken.rate for taken in theirs])
            met = rate >= goal if connections == 32 else None
            figures.append(
                Figure(
                    f"{name}, {connections} connections",
                    f"{rate:,.0f}/s, p99 {p99:.1f} ms, {cpu * 1e6:.0f} µs of processor each",
                    f"≥ {goal:,.0f}/s" if connections == 32 else "",
                    met,
                    f"{FORMER}: {other:,.0f}/s",
                    rate / other if other else None,
                )
            )
            refused = sum(taken.refused + taken.broken + taken.late for taken in mine)
            if refused:
                figures.append(Figure(f"{name}, {connections} connections: refused", f"{refused}", "0", False))
            bars += [Bar(f"{name}, {connections} connections", rate, "/s"), Bar(f"({FORMER})", other, "/s")]
        return figures, bars

    def _asking(self, asked: "Asked", connections: int) -> "Callable[[], Taken]":
        return lambda: asked.take(self.seconds, connections)


@dataclass(frozen=True)
class Taken(wrk.Answered):
    """What came of a load, and the seconds of processor time that each answer took."""

    cpu: float = 0


@dataclass(frozen=True)
class Asked:
    """A server, and what is asked of it."""

    server: Server
    path: str = "/"
    load: wrk.Load = field(default_factory=wrk.Load)

    def take(self, seconds: int, connections: int) -> Taken:
        """Ask it for a while."""
        headers = {**self.server.headers, **(self.load.headers or {})}
        load = replace(self.load, connections=connections, seconds=seconds, headers=headers)
        before = self.server.cpu
        answered = wrk.run(self.server.url + self.path, load)
        return Taken(**vars(answered), cpu=(self.server.cpu - before) / max(answered.requests, 1))


def former_database(size: Size) -> Path:
    """A plant of this size in the former backend's tables, to be written to."""
    home = HOME / "run"
    filled = HOME / "plants" / f"{size.name}.former.db"
    if not filled.exists():
        source = plants.copied(size, home / "source") / "structura.db"
        part = filled.with_suffix(".part")
        part.unlink(missing_ok=True)
        subprocess.run([_FORMER_PYTHON, _FORMER, "fill", source, part], check=True)
        part.rename(filled)
    database = home / "former.db"
    for old in home.glob("former.db*"):
        old.unlink()
    shutil.copyfile(filled, database)
    return database


@contextmanager
def former(database: Path) -> Iterator[Server]:
    """The former backend's design on its database."""
    command = (str(_FORMER_PYTHON), str(_FORMER), "serve", str(database))
    with process(command, " serves ", database.with_suffix(".log")) as (running, line):
        url, token = line.split(" serves ")[1].split()
        yield Server(url, running, {"Authorization": f"Bearer {token}"})


@contextmanager
def _bare(body: bytes) -> Iterator[Server]:
    file = HOME / "run" / "body"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    command = (sys.executable, "-m", "benchmarks.reference.bare", str(file))
    with process(command, " serves ", HOME / "run" / "bare.log") as (p, line):
        yield Server(line.split(" serves ")[1].strip(), p, {})


def paths(server: Server, query: str, collection: str = "jobs") -> Sequence[str]:
    """The addresses of the objects that a list has."""
    return [f"/api/{collection}/{row['id']}" for row in server.ask("GET", f"/api/{collection}?{query}")]
