"""What the server does by itself, in the transaction of the write that causes it; the frontends' own copies are known.

Rules look at each changed row as it was and as it is, so that they act when a cause appears and when it goes, once.
What they make has an id derived from its cause: two PCs that act on the same cause make the same row. They also run on
what a sync brings, where two changes made apart may only together be a cause; what belongs to one change alone (its
event, its time, its machine) was done where it was made.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from structura_local import clock
from structura_local.domain.alerts import ALERTS
from structura_local.domain.events import EVENTS
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.domain.machines import MACHINES
from structura_local.domain.messages import MESSAGES
from structura_local.domain.projects import PROJECTS
from structura_local.domain.row import Row
from structura_local.domain.users import USERS
from structura_local.store.transaction import Author, Touched, Transaction

SERVER = "RULE-"  # how the ids of what rules make begin
LAST_LOOK = "rules_day"  # in the node's state: the day of the last look at the calendar
DELAY_WINDOW = timedelta(days=2)
PANELIZADO_ORDER = {"targetQuantity": 1, "unit": "proyecto", "priorityIndex": 99}
LOGISTICS = "LOGÍSTICA: CARGA DEL DÍA"


def derived_id(*cause: str) -> str:
    """The id of what a cause makes, the same on every node."""
    return SERVER + hashlib.blake2b("|".join(cause).encode(), digest_size=12).hexdigest()


class Rules:
    """`zone` is the plant's time zone; it decides what 'today' is."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._on: Mapping[str, Callable[[Transaction, Touched, bool], None]] = {
            JOBS.table: self._job,
            PROJECTS.table: self._project,
            MACHINES.table: self._machine,
            INVENTORY.table: self._item,
        }

    def __call__(self, tx: Transaction) -> None:
        """Run the rules on what a write has changed, and on what they change in turn."""
        came_by_sync = tx.author.origin == "sync"
        caused = tx.author
        while tx.settled < len(tx.touched):  # which grows while the rules write
            touched = tx.touched[tx.settled]
            tx.settled += 1
            rule = self._on.get(touched.collection.table)
            if rule is None or (came_by_sync and touched.before is None):
                continue  # what is new here was new, with its rules, where it was made
            tx.author = Author("rules", caused.user_id)
            rule(tx, touched, came_by_sync)
        tx.author = caused

    def every_day(self, tx: Transaction) -> None:
        """Look at the deadlines that have come near since the last look; once a day, however often it is called."""
        today, looked = self._today(tx), tx.state(LAST_LOOK)
        if looked == today.isoformat():
            return
        for project in tx.find(PROJECTS):
            unfinished = len(_unfinished(_jobs(tx, project.id)))
            before = looked is not None and _at_risk(project, unfinished, date.fromisoformat(looked))
            self._delay(tx, project, before=before, after=_at_risk(project, unfinished, today))
        tx.set_state(LAST_LOOK, today.isoformat())

    # Jobs

    def _job(self, tx: Transaction, touched: Touched, came_by_sync: bool) -> None:
        before, job = touched.before, touched.after
        if _is_complete(job) and not (before and _is_complete(before)):
            if not came_by_sync:
                self._completed(tx, job)
            self._order_panels(tx, job)
            self._ready(tx, job)
        project = tx.get(PROJECTS, str(job.data.get("projectId")))
        if project is None or not project.alive:
            return
        jobs = _jobs(tx, project.id)
        others = len(_unfinished([other for other in jobs if other.id != job.id]))
        was = others + (before is not None and before.alive and not _is_complete(before))
        unfinished = len(_unfinished(jobs))
        today = self._today(tx)
        self._delay(tx, project, before=_at_risk(project, was, today), after=_at_risk(project, unfinished, today))
        if unfinished or not jobs:
            _close(tx, "READY_FOR_DELIVERY", project.id)

    def _completed(self, tx: Transaction, job: Row) -> None:
        if not job.data.get("completedAt"):
            tx.update(JOBS, job, {"completedAt": clock.iso(tx.at)})
        machine_id = job.data.get("assignedMachineId")
        event_id = derived_id("JOB_COMPLETE", job.id, job.stamp("status"))
        if tx.get(EVENTS, event_id) is None:
            user = tx.get(USERS, tx.author.user_id or "")
            who = user.data["name"] if user else "el sistema"
            now = clock.iso(tx.at)
            event = {
                "machineId": machine_id or "TALLER",
                "type": "JOB_COMPLETE",
                "description": f"Finalizado: {job.data.get('productName')} por {who}",
                "severity": "INFO",
                "timestamp": now,
                "receivedAt": now,
            }
            tx.create(EVENTS, event_id, event)
        machine = tx.get(MACHINES, machine_id) if machine_id else None
        if machine and machine.alive and machine.data.get("currentJobId") == job.id:
            tx.update(MACHINES, machine, {"status": "IDLE", "currentJobId": None})

    def _order_panels(self, tx: Transaction, job: Row) -> None:
        project_id = str(job.data.get("projectId"))
        jobs = _jobs(tx, project_id)
        formed = [other for other in jobs if other.data.get("machineType") == "CONFORMADORA"]
        project = tx.get(PROJECTS, project_id)
        if job.data.get("machineType") != "CONFORMADORA" or _unfinished(formed) or not project or not project.alive:
            return
        panels = [other for other in jobs if other.data.get("machineType") == "PANELIZADO"]
        for halted in (other for other in panels if other.data.get("status") == "HALTED"):
            tx.update(JOBS, halted, {"status": "PENDING"})
        if panels:
            return
        machines = tx.find(MACHINES, type="PANELIZADO")
        order = {
            **JOBS.defaults(),
            **PANELIZADO_ORDER,
            "projectId": project_id,
            "machineType": "PANELIZADO",
            "productName": f"PANELIZADO: {project.data['name']}",
            "assignedMachineId": min(machines, key=lambda m: (m.born, m.id)).id if machines else None,
        }
        _make(tx, JOBS, derived_id("PANELIZADO", project_id, *sorted(other.id for other in formed)), order)

    def _ready(self, tx: Transaction, job: Row) -> None:
        project = tx.get(PROJECTS, str(job.data.get("projectId")))
        jobs = _jobs(tx, project.id) if project else []
        if project is None or not project.alive or _unfinished(jobs):
            return
        cause = (project.id, *sorted(other.id for other in jobs))
        name = project.data["name"]
        message = f"PROYECTO LISTO: {name} está pronto para despacho."
        _raise(tx, "READY_FOR_DELIVERY", "HIGH", project.id, message, derived_id("READY_FOR_DELIVERY", *cause))
        if _day(project.data.get("deadline"), self._zone) == self._today(tx):
            content = f"INSTRUCCIÓN DE CARGA: El proyecto {name} está finalizado y debe despacharse HOY."
            loaders = {o for m in tx.find(MACHINES, type="CARGA") for o in m.data.get("operatorIds") or ()}
            for operator in sorted(loaders):
                message_id = derived_id("CARGA", operator, *cause)
                if tx.get(MESSAGES, message_id) is None:
                    body = {"from": LOGISTICS, "to": operator, "content": content, "timestamp": clock.iso(tx.at)}
                    tx.create(MESSAGES, message_id, {**MESSAGES.defaults(), **body})

    # Projects, machines, stock

    def _project(self, tx: Transaction, touched: Touched, came_by_sync: bool) -> None:
        before, project = touched.before, touched.after
        unfinished = len(_unfinished(_jobs(tx, project.id)))
        today = self._today(tx)
        was = before is not None and _at_risk(before, unfinished, today)
        self._delay(tx, project, before=was, after=_at_risk(project, unfinished, today))
        if not project.alive or project.data.get("status") in ("COMPLETED", "ARCHIVED"):
            _close(tx, "READY_FOR_DELIVERY", project.id)

    def _machine(self, tx: Transaction, touched: Touched, came_by_sync: bool) -> None:
        machine, name = touched.after, touched.after.data.get("name")
        _watch(tx, touched, _stopped, "MACHINE_STOPPED", "HIGH", f"MÁQUINA DETENIDA: {name}.")
        metres = machine.data.get("totalMetersProduced", 0)
        text = f"MANTENIMIENTO: {name} lleva {metres:g} m producidos."
        _watch(tx, touched, _maintenance_due, "MAINTENANCE_DUE", "MEDIUM", text)

    def _item(self, tx: Transaction, touched: Touched, came_by_sync: bool) -> None:
        data = touched.after.data
        text = f"STOCK BAJO: {data.get('name')}, quedan {data.get('quantity', 0):g} {data.get('unit')}."
        _watch(tx, touched, _low, "LOW_STOCK", "MEDIUM", text)

    def _delay(self, tx: Transaction, project: Row, *, before: bool, after: bool) -> None:
        text = f"RIESGO DE ATRASO: {project.data.get('name')} vence el {project.data.get('deadline')}."
        _turn(tx, "DELAY_RISK", "HIGH", project.id, text, before=before, after=after)

    def _today(self, tx: Transaction) -> date:
        return datetime.fromtimestamp(tx.at / 1000, self._zone).date()


def raise_guessing(tx: Transaction, address: str) -> None:
    """Tell the administrators that somebody at this address tries PINs."""
    text = f"PIN: demasiados intentos fallidos desde {address}."
    _raise(tx, "OPERATOR_ALERT", "HIGH", "login", text, derived_id("OPERATOR_ALERT", "login"))


# The frontends' own copies of what the rules make


def order_copied(tx: Transaction, body: Mapping[str, Any]) -> Row | None:
    """The PANELIZADO job that a frontend orders although its project has it."""
    if body.get("machineType") != "PANELIZADO" or any(body.get(k) != v for k, v in PANELIZADO_ORDER.items()):
        return None
    project = tx.get(PROJECTS, body["projectId"])
    if project is None or body["productName"] != f"PANELIZADO: {project.data.get('name')}":
        return None
    jobs = tx.find(JOBS, projectId=body["projectId"], machineType="PANELIZADO", productName=body["productName"])
    return jobs[0] if jobs else None


def event_copied(tx: Transaction, body: Mapping[str, Any]) -> Row | None:
    """The server's own event of a job's completion that a frontend reports within a minute."""
    product, found, _ = body["description"].rpartition(" por ")
    if body["type"] != "JOB_COMPLETE" or not found or not product.startswith("Finalizado: "):
        return None
    for event in tx.received_since(EVENTS, clock.iso(tx.at - 60_000)):
        same = (event.data.get("machineId"), event.data.get("type")) == (body["machineId"], "JOB_COMPLETE")
        if same and event.id.startswith(SERVER) and event.data["description"].startswith(product + " por "):
            return event
    return None


def alert_copied(tx: Transaction, body: Mapping[str, Any]) -> Row | None:
    """The open alert about the same cause."""
    if body["type"] not in _WATCHED or not body.get("relatedId") or body.get("dismissed"):
        return None
    return next(iter(_open(tx, body["type"], body["relatedId"])), None)


def message_copied(tx: Transaction, body: Mapping[str, Any]) -> Row | None:
    """The loading instruction that the server has sent this operator within a day."""
    if not body["content"].startswith("INSTRUCCIÓN DE CARGA: "):
        return None
    day_ago = tx.at - 86_400_000
    for message in tx.find(MESSAGES, to=body["to"], content=body["content"]):
        if message.id.startswith(SERVER) and (clock.epoch_ms(message.data.get("timestamp")) or 0) > day_ago:
            return message
    return None


_WATCHED = frozenset({"READY_FOR_DELIVERY", "LOW_STOCK", "MAINTENANCE_DUE", "MACHINE_STOPPED", "DELAY_RISK"})


def _jobs(tx: Transaction, project_id: str) -> list[Row]:
    return tx.find(JOBS, projectId=project_id)


def _is_complete(job: Row) -> bool:
    return job.alive and job.data.get("status") == "COMPLETED"


def _unfinished(jobs: list[Row]) -> list[Row]:
    return [job for job in jobs if not _is_complete(job)]


def _stopped(machine: Row) -> bool:
    return machine.data.get("status") == "ERROR"


def _maintenance_due(machine: Row) -> bool:
    due = machine.data.get("nextMaintenanceMeters", 0)
    return bool(0 < due <= machine.data.get("totalMetersProduced", 0))


def _low(item: Row) -> bool:
    return bool(item.data.get("quantity", 0) <= item.data.get("minThreshold", 0))


def _at_risk(project: Row, unfinished: int, today: date) -> bool:
    deadline = _day(project.data.get("deadline"), None)
    over = project.data.get("status") in ("COMPLETED", "ARCHIVED")
    return bool(project.alive and unfinished and not over and deadline and deadline - today <= DELAY_WINDOW)


def _day(moment: str | None, zone: tzinfo | None) -> date | None:
    try:
        parsed = datetime.fromisoformat(moment or "")
        return (parsed.astimezone(zone) if parsed.tzinfo else parsed).date()
    except (ValueError, OverflowError):
        return None


def _watch(
    tx: Transaction, touched: Touched, cause: Callable[[Row], bool], kind: str, severity: str, message: str
) -> None:
    """An alert while a row itself is its cause."""
    before, after = touched.before, touched.after
    was = before is not None and before.alive and cause(before)
    _turn(tx, kind, severity, after.id, message, before=was, after=after.alive and cause(after))


def _turn(tx: Transaction, kind: str, severity: str, related: str, message: str, *, before: bool, after: bool) -> None:
    if after and not before:
        _raise(tx, kind, severity, related, message, derived_id(kind, related))
    elif before and not after:
        _close(tx, kind, related)


def _open(tx: Transaction, kind: str, related: str) -> list[Row]:
    return tx.find(ALERTS, relatedId=related, type=kind, dismissed=False)


def _close(tx: Transaction, kind: str, related: str) -> None:
    for alert in _open(tx, kind, related):
        tx.update(ALERTS, alert, {"dismissed": True})


def _raise(tx: Transaction, kind: str, severity: str, related: str, message: str, alert_id: str) -> None:
    if _open(tx, kind, related):
        return
    now = clock.iso(tx.at)
    said = {"type": kind, "message": message, "severity": severity, "relatedId": related}
    _make(tx, ALERTS, alert_id, {**said, "timestamp": now, "dismissed": False, "receivedAt": now})


def _make(tx: Transaction, collection: Any, row_id: str, data: Mapping[str, Any]) -> None:
    """The row that a cause makes; one that was closed or deleted since comes back to life."""
    row = tx.get(collection, row_id)
    if row is None:
        tx.create(collection, row_id, data)
        return
    tx.update(collection, row if row.alive else tx.restore(collection, row), data)
