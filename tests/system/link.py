"""A backlog over a long, thin, lossy line: how much of what the line could carry does the exchange use?

python -m tests.system.link --changes 20000 [--report docs/reliability.md]
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sync.central import office
from tests.system import report
from tests.system.cluster import cluster, short_folder
from tests.system.plant import PlantServer, query, until
from tests.system.proxy import Link, Proxy

# 200 ms there and back, 1 Mbit/s, and one packet in fifty lost.
LINE = Link(delay=0.1, rate=125_000, loss=0.02)
TERMINALS = 16


@dataclass(frozen=True, slots=True)
class Drain:
    """`seconds` from head office's welcome to its last acknowledgement, and the `bytes` that went there meanwhile."""

    changes: int
    seconds: float
    bytes: int

    @property
    def share(self) -> float:
        """Of what the line carries in that time."""
        return self.bytes / LINE.rate / self.seconds


async def drain(folder: Path, central: str, socket: Path, changes: int) -> Drain:
    """Make a backlog without a link, plug the line in, and wait until head office has all of it."""
    async with Proxy(socket, LINE, seed=1) as line:
        bundle = through(line, await office.enroll(central, "norte"))
        plant = PlantServer(folder / "plant")
        await plant.set_up()
        await plant.enroll(bundle)
        async with plant:
            await plant.log_in()
            await until(plant.in_step, 60)
            line.plugged = False
            line.cut()
            await backlog(plant, changes)
            waiting = (await plant.sync())["pending"]
            line.plugged = True
            await plant.ask("POST", "/api/system/sync")

            async def welcomed() -> bool:
                return (await plant.sync())["detail"] == "Exchanging changes."

            async def drained() -> bool:
                return (await plant.sync())["pending"] == 0

            await until(welcomed, 60)
            began, before = time.monotonic(), line.up
            await until(drained, 40 + changes / 50)
            done = Drain(waiting, time.monotonic() - began, line.up - before)
        arrived = await query(central, "SELECT count(*) FROM structura_sync.events WHERE plant_id = 'norte'")
        assert arrived[0][0] >= changes // 2
    return done


def through(line: Proxy, bundle: dict[str, Any]) -> dict[str, Any]:
    """A bundle whose DSN leads through a proxy."""
    parts = urlsplit(bundle["dsn"])
    return bundle | {"dsn": f"postgresql://{parts.netloc.rpartition('@')[0]}@127.0.0.1:{line.port}{parts.path}"}


def socket_of(dsn: str) -> Path:
    """Where the server of a DSN listens."""
    (folder,) = parse_qs(urlsplit(dsn).query)["host"]
    return Path(folder) / ".s.PGSQL.5432"


async def backlog(plant: PlantServer, changes: int) -> None:
    """So many rows wait afterwards: half of them reports from the shop floor, half jobs, every other one edited."""
    chance = random.Random(changes)
    waiting = list(range(changes))

    async def terminal() -> None:
        while waiting:
            number = waiting.pop()
            if number % 2:
                event = {"machineId": "TALLER", "type": "CLEANING", "description": f"limpieza {chance.random()}"}
                await plant.ask("POST", "/api/events", {"id": f"E-{number}", **event, "severity": "INFO"})
                continue
            job = {
                "projectId": "P-1",
                "machineType": "CARGA",
                "productName": "Perfil",
                "targetQuantity": 10,
                "unit": "m",
            }
            await plant.ask("POST", "/api/jobs", {"id": f"J-{number}", **job})
            if number % 4:
                await plant.ask("PATCH", f"/api/jobs/J-{number}", {"operatorNotes": f"bien {chance.random()}"})

    await asyncio.gather(*(terminal() for _ in range(TERMINALS)))


def told(done: Drain) -> list[str]:
    """The figures, for the document."""
    return [
        f"## A backlog of {done.changes:,} changes over a bad line",
        "",
        "200 ms there and back, 1 Mbit/s, one packet in fifty lost (it comes a round trip later, every tenth time a",
        "second later, and all behind it waits).",
        "",
        report.circumstances(),
        "",
        f"{done.bytes / 1e6:.1f} MB in {done.seconds:.1f} s: **{done.share:.0%}** of what the line carries;",
        f"{done.changes / done.seconds:,.0f} changes and {done.bytes / done.changes:.0f} bytes a change.",
    ]


async def measure(changes: int) -> Drain:
    """With a Postgres of its own."""
    with short_folder() as short, tempfile.TemporaryDirectory(prefix="plants-") as folder:
        async with cluster(short / "a") as central:
            await office.init(central.dsn())
            return await drain(Path(folder), central.dsn(), central.socket, changes)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=20_000)
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    done = asyncio.run(measure(arguments.changes))
    lines = told(done)
    print("\n".join(lines))
    if arguments.report:
        report.write(arguments.report, "link", lines)
    return done.share < 0.8


if __name__ == "__main__":
    sys.exit(main())
