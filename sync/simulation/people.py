"""What people write, at the plants and at head office: one or a few rows in a transaction."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from structura_local.domain.clients import CLIENTS
from structura_local.domain.fields import Collection, Field, Kind, Merge
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.domain.machines import MACHINE_TYPES, MACHINES
from structura_local.domain.projects import PROJECTS
from structura_local.domain.row import Row
from structura_local.store.transaction import Transaction
from sync.simulation.office import Statement
from sync.simulation.world import Op

# What a newer version of the program would declare: a field, a counter and a set that this one keeps for it.
NEWER = replace(
    INVENTORY,
    fields=(
        *INVENTORY.fields,
        Field("batch", Kind.TEXT, stored=False),
        Field("reserved", Kind.NUMBER, stored=False, merge=Merge.COUNTER),
        Field("shelves", Kind.TEXTS, stored=False, merge=Merge.SET),
    ),
)


@dataclass(frozen=True, slots=True)
class Sort:
    """What people do with a kind of object: which ids there are, which fields they write."""

    collection: Collection
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    counter: str = ""
    set: str = ""
    rest: Mapping[str, Any] = field(default_factory=dict)  # what head office wants to know beside


JOB = {"projectId": "none", "machineType": "SOLDADURA", "status": "PENDING", "targetQuantity": 1, "unit": "kg"}
SORTS = (
    Sort(CLIENTS, ("C-0", "C-1", "C-2", "C-3"), ("name", "phone", "email")),
    Sort(INVENTORY, ("I-0", "I-1", "I-2"), ("name", "location"), "quantity", rest={"sku": "S-1", "unit": "kg"}),
    Sort(MACHINES, ("M-0", "M-1"), ("name", "brand"), "totalMetersProduced", "operatorIds", {"type": MACHINE_TYPES[0]}),
    Sort(JOBS, ("J-0", "J-1", "J-2"), ("productName", "notes", "operatorNotes"), "", "operatorIds", JOB),
)
NEW_SORT = Sort(NEWER, SORTS[1].ids, ("location", "batch"), "reserved", "shelves")
ELEMENTS = ("U-1", "U-2", "U-3", "U-4")
SITES = ("P-0", "P-1")  # projects, each of two jobs on the forming machine
ADDED = (1, -1, 10, -25, 0.1, 0.25, -0.000001, 3.3)


class People:
    """`rng`: this action's own; `fresh`: numbers used once in a scenario."""

    def __init__(self, rng: random.Random, fresh: "count[int]") -> None:
        self._rng = rng
        self._fresh = fresh

    def at_plant(self, *, newer: bool) -> Callable[[Transaction], list[Op]]:
        """One to three changes in one transaction."""
        sorts = [self._sort(newer=newer) for _ in range(self._rng.choice((1, 1, 1, 2, 3)))]

        def work(tx: Transaction) -> list[Op]:
            return [op for sort in sorts for op in self._change(tx, sort)]

        return work

    def at_office(self) -> Callable[[Statement], list[Op]]:
        """One to three rows in one transaction, with SQL."""
        sorts = [self._sort(newer=False) for _ in range(self._rng.choice((1, 1, 2, 3)))]

        def work(statement: Statement) -> list[Op]:
            return [op for sort in sorts for op in self._statement(statement, sort)]

        return work

    def imported(self, export: int) -> Callable[[Transaction], list[Op]]:
        """One of a few export files, the same wherever it is imported."""

        def work(tx: Transaction) -> list[Op]:
            ops: list[Op] = []
            for sort in SORTS[:3]:
                row_id = sort.ids[export % len(sort.ids)]
                data: dict[str, Any] = {name: f"w-export{export}-{name}" for name in sort.texts}
                if sort.counter:
                    data[sort.counter] = 5_000_000 + export
                ops += self._said(tx, sort, row_id, data, "import")
            return ops

        return work

    def finish(self, project: str, job: int) -> Callable[[Transaction], list[Op]]:
        """Complete one of a project's jobs on the forming machine; make the project if need be."""

        def work(tx: Transaction) -> list[Op]:
            if tx.get(PROJECTS, project) is None:
                tx.create(PROJECTS, project, {"name": project, "deadline": "2099-01-01", "status": "IN_PROGRESS"})
                for number in range(2):
                    body = {"projectId": project, "machineType": "CONFORMADORA", "status": "PENDING"}
                    tx.create(JOBS, f"{project}-{number}", {**JOBS.defaults(), **body, "productName": "panel"})
                return []
            row = tx.get(JOBS, f"{project}-{job}")
            if row is not None:
                tx.update(JOBS, row, {"status": "COMPLETED"})
            return []

        return work

    def _sort(self, *, newer: bool) -> Sort:
        return NEW_SORT if newer and self._rng.random() < 0.4 else self._rng.choice(SORTS)

    def _change(self, tx: Transaction, sort: Sort) -> list[Op]:
        rng, row_id = self._rng, self._rng.choice(sort.ids)
        row = tx.get(sort.collection, row_id)
        if row is None:
            return self._said(tx, sort, row_id, self._whole(sort), "create")
        if not row.alive:
            if rng.random() < 0.5:
                return []
            return [(sort.collection, row, tx.restore(sort.collection, row), "restore")]
        if rng.random() < 0.12:
            return [(sort.collection, row, tx.delete(sort.collection, row), "delete")]
        after = tx.update(sort.collection, row, self._news(sort, row))
        return [(sort.collection, row, after, "update")] if after is not row else []

    def _said(self, tx: Transaction, sort: Sort, row_id: str, data: dict[str, Any], kind: str) -> list[Op]:
        row, ops = tx.get(sort.collection, row_id), []
        if row is None:
            return [(sort.collection, None, tx.create(sort.collection, row_id, data), kind)]
        if not row.alive:
            before, row = row, tx.restore(sort.collection, row)
            ops.append((sort.collection, before, row, "restore"))
        after = tx.update(sort.collection, row, data)
        return [*ops, (sort.collection, row, after, kind)]

    def _statement(self, statement: Statement, sort: Sort) -> list[Op]:
        row_id = self._rng.choice(sort.ids)
        row = statement.get(sort.collection, row_id)
        if row is None:
            return [(sort.collection, None, statement.insert(sort.collection, row_id, self._whole(sort)), "create")]
        if not row.alive:
            if self._rng.random() < 0.5:
                return []
            returned, after = statement.insert_again(sort.collection, row, self._whole(sort))
            return [(sort.collection, row, returned, "restore"), (sort.collection, returned, after, "update")]
        if self._rng.random() < 0.15:
            return [(sort.collection, row, statement.delete(sort.collection, row), "delete")]
        after = statement.update(sort.collection, row, self._news(sort, row))
        return [(sort.collection, row, after, "update")] if after is not row else []

    def _whole(self, sort: Sort) -> dict[str, Any]:
        """A new object."""
        names = [sort.texts[0], *(name for name in sort.texts[1:] if self._rng.random() < 0.5)]
        data: dict[str, Any] = {name: f"w{next(self._fresh)}" for name in names}
        if sort.counter:
            data[sort.counter] = 1_000 * (1 + next(self._fresh))
        if sort.set:
            data[sort.set] = self._rng.sample(ELEMENTS, 2)
        return {**sort.rest, **data}

    def _news(self, sort: Sort, row: Row) -> dict[str, Any]:
        rng = self._rng
        kinds = ["text", "text"] + ["counter"] * 2 * bool(sort.counter) + ["set"] * bool(sort.set)
        news: dict[str, Any] = {}
        for kind in rng.sample(kinds, rng.choice((1, 1, 2))):
            if kind == "text":
                news[rng.choice(sort.texts)] = f"w{next(self._fresh)}"
            elif kind == "counter":
                news[sort.counter] = round((row.data.get(sort.counter) or 0) + rng.choice(ADDED), 6)
            else:
                news[sort.set] = rng.sample(ELEMENTS, rng.randrange(4))
        return news
