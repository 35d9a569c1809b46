"""What frontends make of the rules' results: they run the same rules, in each browser, and send what these gave them.

Each function finds what is here already, by whoever, so that a copy does not become a second one. A copy may even be
faster than the write that causes it, when a frontend sends both at once.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from structura_local import clock
from structura_local.domain import stamp
from structura_local.domain.alerts import ALERTS
from structura_local.domain.events import EVENTS
from structura_local.domain.jobs import JOBS
from structura_local.domain.messages import MESSAGES
from structura_local.domain.projects import PROJECTS
from structura_local.domain.row import Row
from structura_local.store.transaction import Transaction

SERVER = "RULE-"  # how the ids of what rules make begin
WORKSHOP = "TALLER"  # the machine of an event that no machine has
PANELIZADO_ORDER = {"targetQuantity": 1, "unit": "proyecto", "priorityIndex": 99}
SAME_EVENT = 60_000  # ms within which two reports of a completion are one
SAME_MESSAGE = 86_400_000  # ms within which two loading instructions are one

_LOADING = "INSTRUCCIÓN DE CARGA: "
_WATCHED = frozenset({"READY_FOR_DELIVERY", "LOW_STOCK", "MAINTENANCE_DUE", "MACHINE_STOPPED", "DELAY_RISK"})


def derived_id(*cause: str) -> str:
    """The id of what a cause makes, the same on every node."""
    return SERVER + hashlib.blake2b("|".join(cause).encode(), digest_size=12).hexdigest()


def event_id(job: Row) -> str:
    """The id of the server's event of a job's completion."""
    return derived_id("JOB_COMPLETE", job.id, job.stamp("status"))


def finished(job: Row) -> str:
    """How the description of that event begins; who did it follows."""
    return f"Finalizado: {job.data.get('productName')} por "


def panels_of(project: Row) -> str:
    """The product of a project's PANELIZADO order."""
    return f"PANELIZADO: {project.data.get('name')}"


def order(tx: Transaction, body: Mapping[str, Any]) -> Row | None:
    """The PANELIZADO job that a frontend orders although its project has it."""
    if body.get("machineType") != "PANELIZADO" or any(body.get(k) != v for k, v in PANELIZADO_ORDER.items()):
        return None
    project = tx.get(PROJECTS, body["projectId"])
    if project is None or body["productName"] != panels_of(project):
        return None
    jobs = tx.find(JOBS, projectId=body["projectId"], machineType="PANELIZADO", productName=body["productName"])
    return jobs[0] if jobs else None


def event(tx: Transaction, body: Mapping[str, Any]) -> Row | None:
    """The server's own event of a job's completion that a frontend reports within a minute."""
    product, found, _ = body["description"].rpartition(" por ")
    if body["type"] != "JOB_COMPLETE" or not found or not product.startswith("Finalizado: "):
        return None
    return next(iter(_completions(tx, body["machineId"], f"{product} por ", by_rules=True)), None)


def event_came_first(tx: Transaction, job: Row) -> bool:
    """Whether a frontend has reported this job's completion before it told of it.

    Jobs of one product on one machine are told apart by counting: each that has no event of the server's own has taken
    one of the frontends'.
    """
    machine = job.data.get("assignedMachineId")
    first = _completions(tx, machine or WORKSHOP, finished(job), by_rules=False)
    if not first:
        return False
    alike = tx.find(JOBS, assignedMachineId=machine, productName=job.data.get("productName"), status="COMPLETED")
    taken = [
        other
        for other in alike
        if other.id != job.id
        and stamp.split(other.stamp("status")).ms > tx.at - SAME_EVENT
        and tx.get(EVENTS, event_id(other)) is None
    ]
    return len(first) > len(taken)


def alert(tx: Transaction, body: Mapping[str, Any]) -> Row | None:
    """The open alert about the same cause."""
    if body["type"] not in _WATCHED or not body.get("relatedId") or body.get("dismissed"):
        return None
    return next(iter(open_alerts(tx, body["type"], body["relatedId"])), None)


def message(tx: Transaction, body: Mapping[str, Any]) -> Row | None:
    """The same loading instruction to this operator, of the last day."""
    if not body["content"].startswith(_LOADING):
        return None
    for sent in tx.find(MESSAGES, to=body["to"], content=body["content"]):
        if stamp.split(sent.born).ms > tx.at - SAME_MESSAGE:
            return sent
    return None


def open_alerts(tx: Transaction, kind: str, related: str) -> list[Row]:
    """The alerts of a kind about a thing that nobody and nothing has closed."""
    return tx.find(ALERTS, relatedId=related, type=kind, dismissed=False)


def _completions(tx: Transaction, machine: str, beginning: str, *, by_rules: bool) -> list[Row]:
    moment = clock.iso(tx.at - SAME_EVENT)
    return tx.completions_since(EVENTS, moment, machine, beginning, pattern=f"{SERVER}*", like=by_rules)
