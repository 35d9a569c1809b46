"""The collections whose habits fit in a few lines."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from structura_local import clock
from structura_local.domain.access import OPERATOR, Caller
from structura_local.domain.alerts import ALERTS
from structura_local.domain.clients import CLIENTS, CONTACT_DETAILS
from structura_local.domain.events import EVENTS
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.domain.projects import PROJECTS
from structura_local.domain.query import Query
from structura_local.domain.row import Row
from structura_local.errors import AppError
from structura_local.operations import copies
from structura_local.operations.queries import Options
from structura_local.operations.rows import Rows, Shown
from structura_local.store.store import Store
from structura_local.store.transaction import Transaction

NEWEST_EVENTS = 500


class Jobs(Rows):
    """An operator may order a PANELIZADO job, and no other."""

    ruled = frozenset({"completedAt"})

    def __init__(self, store: Store) -> None:
        super().__init__(JOBS, store)

    def check_create(self, caller: Caller, body: Mapping[str, Any]) -> None:
        if caller.role == OPERATOR and body["machineType"] != "PANELIZADO":
            raise AppError("forbidden", role=caller.role)

    def copied(self, tx: Transaction, body: Mapping[str, Any]) -> Row | None:
        return copies.order(tx, body)


class Projects(Rows):
    """One project is shown with its jobs."""

    alone = False

    def __init__(self, store: Store) -> None:
        super().__init__(PROJECTS, store)

    async def get(self, caller: Caller, row_id: str) -> Shown:
        project = await super().get(caller, row_id)
        jobs = await self.store.reader.find(JOBS, projectId=row_id)
        return replace(project, data={**project.data, "jobs": [JOBS.public(job.id, job.data) for job in jobs]})

    def check_dependants(self, tx: Transaction, row: Row) -> None:
        unfinished = [job for job in tx.find(JOBS, projectId=row.id) if job.data.get("status") != "COMPLETED"]
        if unfinished:
            names = ", ".join(str(job.data.get("productName")) for job in unfinished[:5])
            raise AppError("project-blocked", count=len(unfinished), names=names)


class Clients(Rows):
    """An operator sees no contact details."""

    as_stored = False

    def __init__(self, store: Store) -> None:
        super().__init__(CLIENTS, store)

    def show(self, row: Row, caller: Caller) -> dict[str, Any]:
        hidden = self.hidden(caller)
        return {k: v for k, v in super().show(row, caller).items() if k not in hidden}

    def view(self, caller: Caller) -> str:
        return "named" if self.hidden(caller) else ""

    def hidden(self, caller: Caller) -> frozenset[str]:
        return CONTACT_DETAILS if caller.role == OPERATOR else frozenset()

    def check_dependants(self, tx: Transaction, row: Row) -> None:
        projects = tx.find(PROJECTS, clientId=row.id)
        still = [project for project in projects if project.data.get("status") not in ("COMPLETED", "ARCHIVED")]
        if still:
            names = ", ".join(str(project.data.get("name")) for project in still[:5])
            raise AppError("client-blocked", count=len(still), names=names)


class Inventory(Rows):
    """No two items share a SKU."""

    def __init__(self, store: Store) -> None:
        super().__init__(INVENTORY, store)

    def check_unique(self, tx: Transaction, row_id: str, data: Mapping[str, Any]) -> None:
        for other in tx.find(INVENTORY, sku=data["sku"]) if "sku" in data else ():
            if other.id != row_id:
                raise AppError("sku-taken", sku=data["sku"], id=other.id)

    def changes(self, tx: Transaction, caller: Caller, row: Row, body: Mapping[str, Any]) -> dict[str, Any]:
        if body.get("sku") != row.data.get("sku"):
            self.check_unique(tx, row.id, body)
        return dict(body)


class Received(Rows):
    """Alerts and events carry when the server received them, which is the order of their lists."""

    def filled(self, tx: Transaction, caller: Caller) -> dict[str, Any]:
        now = clock.iso(tx.at)
        return {"timestamp": now, "receivedAt": now}


class Alerts(Received):
    """Dismissed alerts are only listed when asked for."""

    def __init__(self, store: Store) -> None:
        super().__init__(ALERTS, store)

    def query(self, caller: Caller, options: Options) -> Query:
        return super().query(caller, {"dismissed": ["false"], **options})

    def copied(self, tx: Transaction, body: Mapping[str, Any]) -> Row | None:
        return copies.alert(tx, body)


class Events(Received):
    """The list is the newest 500."""

    def __init__(self, store: Store) -> None:
        super().__init__(EVENTS, store)

    def query(self, caller: Caller, options: Options) -> Query:
        query = super().query(caller, options)
        return query if query.limit else replace(query, limit=NEWEST_EVENTS)

    def copied(self, tx: Transaction, body: Mapping[str, Any]) -> Row | None:
        return copies.event(tx, body)
