"""Plants to measure: a year's data, and larger ones. Made once, kept in `.bench`, copied for each measurement."""

import asyncio
import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from structura_local import app, clock
from structura_local.commands import EXAMPLE, OWNER
from structura_local.domain.events import EVENTS
from structura_local.domain.fields import Collection
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.folder import Folder
from structura_local.operations import setup
from structura_local.store.transaction import Author, Transaction

HOME = Path(".bench")

ADMIN_PIN = "48151623"
VERSION = 4  # of what is made here; another one makes it anew
AT_ONCE = 5_000
BEGAN = 1_760_000_000_000  # milliseconds since 1970
_YEAR = 365 * 86_400_000


@dataclass(frozen=True)
class Size:
    """How many rows of what a plant has; the rest is as in the export."""

    jobs: int = 10_000
    events: int = 100_000
    items: int = 2_000

    @property
    def name(self) -> str:
        return f"v{VERSION}-{self.jobs}-jobs-{self.events}-events-{self.items}-items"


YEAR = Size()
SMALL = Size(jobs=500, events=10_000, items=200)
MANY_JOBS = Size(jobs=100_000)
MILLION = Size(events=1_000_000)


def copied(size: Size, to: Path) -> Path:
    """A plant of this size in a folder that may be written to."""
    made = HOME / "plants" / size.name
    if not made.exists():
        being_made = made.with_suffix(".part")
        shutil.rmtree(being_made, ignore_errors=True)
        being_made.mkdir(parents=True)
        asyncio.run(_make(being_made, size))
        being_made.rename(made)
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(made, to)
    return to


async def _make(path: Path, size: Size) -> None:
    export = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    projects = [project["id"] for project in export["projects"]]
    machines = [machine["id"] for machine in export["machines"]]
    async with app.opened(Folder(path)) as plant:
        await setup.name_plant(plant.store, "Planta de Medir")
        await setup.first_admin(plant.store, plant.pins, "Ana", ADMIN_PIN)
        await plant.transfer.take_in(OWNER, export)
        more = [
            (JOBS, _jobs(size.jobs - len(export["jobs"]), projects, machines)),
            (INVENTORY, _items(size.items - len(export["inventory"]))),
            (EVENTS, _events(size.events - len(export["events"]), machines)),
        ]
        for collection, rows in more:
            while batch := list(islice(rows, AT_ONCE)):
                await plant.store.door.write(partial(_keep, collection, batch), Author("import"))


def _keep(collection: Collection, batch: list[dict[str, Any]], tx: Transaction) -> None:
    for row in batch:
        tx.create(collection, row["id"], {**collection.defaults(), **{k: v for k, v in row.items() if k != "id"}})


def _jobs(count: int, projects: list[str], machines: list[str]) -> Iterator[dict[str, Any]]:
    """Most are done; one in twenty is not."""
    dice = random.Random(1)
    for number in range(count):
        done = number % 20 != 0
        yield {
            "id": f"JOBS-{BEGAN + number * 3_000}-{number:07}",
            "projectId": dice.choice(projects) if done else f"PROJECTS-{number // 200:05}",
            "machineType": "CONFORMADORA",
            "assignedMachineId": dice.choice(machines),
            "productName": f"Perfil C {dice.randrange(60, 300)} x {dice.randrange(1, 12)} m, tanda {number}",
            "targetQuantity": (target := dice.randrange(1, 400)),
            "completedQuantity": target if done else dice.randrange(target),
            "unit": "unidades",
            "status": "COMPLETED" if done else dice.choice(("PENDING", "IN_PROGRESS", "HALTED")),
            "priorityIndex": dice.randrange(1, 100),
            "operatorNotes": "Ajustar rodillos antes de empezar." if number % 7 == 0 else None,
        }


def _items(count: int) -> Iterator[dict[str, Any]]:
    dice = random.Random(2)
    for number in range(count):
        yield {
            "id": f"INVENTORY-{BEGAN + number}-{number:07}",
            "name": f"Tornillo T{dice.randrange(1, 5)} punta mecha {number}",
            "sku": f"TM-{number:06}",
            "quantity": dice.randrange(100, 10_000),
            "minThreshold": dice.randrange(10, 90),
            "unit": "units",
            "location": f"Estante {number % 40}",
        }


def _events(count: int, machines: list[str]) -> Iterator[dict[str, Any]]:
    dice = random.Random(3)
    kinds = ("JOB_START", "COIL_CHANGE", "ERROR_LOG", "QUALITY_CHECK", "CLEANING", "SCRAP_REPORT")
    for number in range(count):
        at = clock.iso(BEGAN + _YEAR * number // count)
        yield {
            "id": f"EVENTS-{BEGAN + _YEAR * number // count}-{number:08}",
            "machineId": dice.choice(machines),
            "type": dice.choice(kinds),
            "description": f"Bobina {dice.randrange(1000, 9999)} cambiada, quedan {dice.randrange(50)} m",
            "severity": "INFO",
            "timestamp": at,
            "receivedAt": at,
        }
