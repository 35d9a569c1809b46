"""What the server does by itself, in the transaction of the write that causes it; the frontends' own copies are known.

Rules look at each changed row as it was and as it is, so that they act when a cause appears and when it goes, once.
What they make has an id derived from its cause: two PCs that act on the same cause make the same row. They also run on
what a sync brings, where two changes made apart may only together be a cause; what belongs to one change alone (its
event, its time, its machine) was done where it was made.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from structura_local import clock
from structura_local.domain.actors import ACTORS, HEAD_OFFICE
from structura_local.domain.alerts import ALERTS
from structura_local.domain.events import EVENTS
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.domain.machines import MACHINES
from structura_local.domain.messages import MESSAGES
from structura_local.domain.projects import PROJECTS
from structura_local.domain.row import Row
from structura_local.domain.stamp import split
from structura_local.domain.users import USERS
from structura_local.operations import copies
from structura_local.operations.copies import derived_id, open_alerts
from structura_local.store.node import exchanging_all
from structura_local.store.transaction import Author, Touched, Transaction

LAST_LOOK = "rules_day"  # in the node's state: the day of the last look at the calendar
DELAY_WINDOW = timedelta(days=2)
LOGISTICS = "LOGÍSTICA: CARGA DEL DÍA"


# What nobody may choose twice, by collection: the field, and the alert about two that met through a sync.
_UNIQUE: Mapping[str, tuple[str, str]] = {
    INVENTORY.table: ("sku", "SKU REPETIDO: {value} en {names}. Cambie uno."),
    USERS.table: ("pinLookup", "PIN REPETIDO: {names}. Ninguno puede entrar hasta que se cambie uno."),
}


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
        """Run the rules on what a write has changed, and on what they change in turn.

        What follows from a change that a sync brought is written as of that change: whatever somebody made of it
        meanwhile elsewhere is later, and stays. A full exchange runs no rules: all that followed comes with it.
        """
        came_by_sync = tx.author.origin == "sync"
        if came_by_sync and exchanging_all(tx):
            tx.settled = len(tx.touched)
        caused = tx.author
        while tx.settled < len(tx.touched):  # which grows while the rules write
            touched = tx.touched[tx.settled]
            tx.settled += 1
            rule = self._on.get(touched.collection.table)
            if rule is None and touched.collection.table not in _UNIQUE:
                continue
            if came_by_sync:
                tx.author, tx.as_of = Author("derived"), touched.since
            else:
                tx.author = Author("rules", caused.user_id)
            _watch_duplicates(tx, touched)
            # What is new here was new, with its rules, where it was made; head office has none.
            made_elsewhere = came_by_sync and touched.before is None and not _by_head_office(tx, touched.after.born)
            if rule is not None and not made_elsewhere:
                rule(tx, touched, came_by_sync)
        tx.author, tx.as_of = caused, None

    def every_day(self, tx: Transaction) -> None:
        """Look at the deadlines that have come near since the last look; once a day, however often it is called."""
        today, looked = self._today(tx), tx.state(LAST_LOOK)
        if looked == today.isoformat():
            return
        for project in tx.find(PROJECTS):
            unfinished = _unfinished(tx, project.id)
            before = looked is not None and self._at_risk(project, unfinished, date.fromisoformat(looked))
            self._delay(tx, project, before=before, after=self._at_risk(project, unfinished, today))
        tx.set_state(LAST_LOOK, today.isoformat())

    # Jobs

    def _job(self, tx: Transaction, touched: Touched, came_by_sync: bool) -> None:
        before, job = touched.before, touched.after
        completes = _is_complete(job) and not (before and _is_complete(before))
        if completes:
            was_finished = before and before.data.get("status") == "COMPLETED"  # and comes back: it was done long ago
            if not was_finished and (not came_by_sync or _by_head_office(tx, job.stamp("status"))):
                self._completed(tx, job)
            self._order_panels(tx, job)
        if before and _standing(before) == _standing(job):
            return  # its project's work is what it was
        for project_id in dict.fromkeys(str(row.data.get("projectId")) for row in (before, job) if row):
            project = tx.get(PROJECTS, project_id)
            if project is not None and project.alive:
                self._work_changed(tx, project, touched, completes=completes)

    def _work_changed(self, tx: Transaction, project: Row, touched: Touched, *, completes: bool) -> None:
        """What a job's change means for the project that it belongs to, or belonged to."""
        before, job = touched.before, touched.after
        unfinished = _unfinished(tx, project.id)
        was = _unfinished(tx, project.id, job.id)
        was += bool(before and before.alive and _is_of(before, project) and not _is_complete(before))
        today = self._today(tx)
        self._delay(
            tx, project, before=self._at_risk(project, was, today), after=self._at_risk(project, unfinished, today)
        )
        if unfinished or not tx.count(JOBS, projectId=project.id):
            _close(tx, "READY_FOR_DELIVERY", project.id)
        elif (was or completes) and not _is_over(project):
            self._ready(tx, project)

    def _completed(self, tx: Transaction, job: Row) -> None:
        if not job.data.get("completedAt"):
            tx.update(JOBS, tx.get(JOBS, job.id) or job, {"completedAt": clock.iso(tx.at)})
        machine_id = job.data.get("assignedMachineId")
        event_id = copies.event_id(job)
        if tx.get(EVENTS, event_id) is None and not copies.event_came_first(tx, job):
            user = tx.get(USERS, tx.author.user_id or "")
            who = user.data["name"] if user else "el sistema"
            now = clock.iso(tx.at)
            event = {
                "machineId": machine_id or copies.WORKSHOP,
                "type": "JOB_COMPLETE",
                "description": f"{copies.finished(job)}{who}",
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
        project = tx.get(PROJECTS, project_id)
        if job.data.get("machineType") != "CONFORMADORA" or not project or not project.alive:
            return
        if tx.count(JOBS, but={"status": "COMPLETED"}, projectId=project_id, machineType="CONFORMADORA"):
            return
        panels = tx.find(JOBS, projectId=project_id, machineType="PANELIZADO")
        for halted in (other for other in panels if other.data.get("status") == "HALTED"):
            tx.update(JOBS, halted, {"status": "PENDING"})
        if panels:
            return
        machines = tx.find(MACHINES, type="PANELIZADO")
        order = {
            **JOBS.defaults(),
            **copies.PANELIZADO_ORDER,
            "projectId": project_id,
            "machineType": "PANELIZADO",
            "productName": copies.panels_of(project),
            "assignedMachineId": min(machines, key=lambda m: (m.born, m.id)).id if machines else None,
        }
        job_id = derived_id("PANELIZADO", project_id)  # whichever jobs have arrived here yet
        made = tx.get(JOBS, job_id)
        if made is not None and made.alive:  # and is another project's by now, or for another kind of machine
            formed = tx.find(JOBS, projectId=project_id, machineType="CONFORMADORA")
            job_id = derived_id("PANELIZADO", project_id, *sorted(other.id for other in formed))
        _make(tx, JOBS, job_id, order)

    def _ready(self, tx: Transaction, project: Row) -> None:
        name = project.data["name"]
        message = f"PROYECTO LISTO: {name} está pronto para despacho."
        _raise(tx, "READY_FOR_DELIVERY", "HIGH", project.id, message, derived_id("READY_FOR_DELIVERY", project.id))
        if _day(project.data.get("deadline"), self._zone) == self._today(tx):
            content = f"INSTRUCCIÓN DE CARGA: El proyecto {name} está finalizado y debe despacharse HOY."
            cause = (project.id, *sorted(job.id for job in tx.find(JOBS, projectId=project.id)))
            loaders = {o for m in tx.find(MACHINES, type="CARGA") for o in m.data.get("operatorIds") or ()}
            for operator in sorted(loaders):
                message_id = derived_id("CARGA", operator, *cause)
                body = {"from": LOGISTICS, "to": operator, "content": content, "timestamp": clock.iso(tx.at)}
                if tx.get(MESSAGES, message_id) is None and copies.message(tx, body) is None:
                    tx.create(MESSAGES, message_id, {**MESSAGES.defaults(), **body})

    # Projects, machines, stock

    def _project(self, tx: Transaction, touched: Touched, came_by_sync: bool) -> None:
        before, project = touched.before, touched.after
        unfinished = _unfinished(tx, project.id)
        today = self._today(tx)
        was = before is not None and self._at_risk(before, unfinished, today)
        self._delay(tx, project, before=was, after=self._at_risk(project, unfinished, today))
        if not project.alive or _is_over(project):
            _close(tx, "READY_FOR_DELIVERY", project.id)

    def _machine(self, tx: Transaction, touched: Touched, came_by_sync: bool) -> None:
        machine, name = touched.after, touched.after.data.get("name")
        _watch(tx, touched, _stopped, "MACHINE_STOPPED", "HIGH", f"MÁQUINA DETENIDA: {name}.")
        metres = machine.data.get("totalMetersProduced", 0)
        text = f"MANTENIMIENTO: {name} lleva {_said(metres)} m producidos."
        _watch(tx, touched, _maintenance_due, "MAINTENANCE_DUE", "MEDIUM", text)

    def _item(self, tx: Transaction, touched: Touched, came_by_sync: bool) -> None:
        data = touched.after.data
        text = f"STOCK BAJO: {data.get('name')}, quedan {_said(data.get('quantity', 0))} {data.get('unit')}."
        _watch(tx, touched, _low, "LOW_STOCK", "MEDIUM", text)

    def _delay(self, tx: Transaction, project: Row, *, before: bool, after: bool) -> None:
        text = f"RIESGO DE ATRASO: {project.data.get('name')} vence el {project.data.get('deadline')}."
        _turn(tx, "DELAY_RISK", "HIGH", project.id, text, before=before, after=after)

    def _at_risk(self, project: Row, unfinished: int, today: date) -> bool:
        deadline = _day(project.data.get("deadline"), self._zone)
        wanted = project.alive and unfinished and not _is_over(project)
        return bool(wanted and deadline and deadline - today <= DELAY_WINDOW)

    def _today(self, tx: Transaction) -> date:
        return datetime.fromtimestamp(tx.at / 1000, self._zone).date()


def raise_guessing(tx: Transaction, address: str) -> None:
    """Tell the administrators that somebody at this address tries PINs."""
    text = f"PIN: demasiados intentos fallidos desde {address}."
    _raise(tx, "OPERATOR_ALERT", "HIGH", "login", text, derived_id("OPERATOR_ALERT", "login"))


def _by_head_office(tx: Transaction, stamp: str) -> bool:
    actor = tx.get(ACTORS, split(stamp).actor)
    return actor is not None and actor.data.get("node") == HEAD_OFFICE


def _is_of(job: Row, project: Row) -> bool:
    return job.data.get("projectId") == project.id


def _is_complete(job: Row) -> bool:
    return job.alive and job.data.get("status") == "COMPLETED"


def _unfinished(tx: Transaction, project_id: str, but_for: str = "") -> int:
    """How many of a project's jobs there is still to be done; `but_for`: the one of this id aside."""
    return tx.count(JOBS, but={"status": "COMPLETED", "id": but_for}, projectId=project_id)


def _standing(job: Row) -> tuple[bool, bool, Any]:
    """What a job is to its project."""
    return job.alive, _is_complete(job), job.data.get("projectId")


def _stopped(machine: Row) -> bool:
    return machine.data.get("status") == "ERROR"


def _maintenance_due(machine: Row) -> bool:
    due = machine.data.get("nextMaintenanceMeters", 0)
    return bool(0 < due <= machine.data.get("totalMetersProduced", 0))


def _low(item: Row) -> bool:
    return bool(item.data.get("quantity", 0) <= item.data.get("minThreshold", 0))


def _is_over(project: Row) -> bool:
    return project.data.get("status") in ("COMPLETED", "ARCHIVED")


def _said(number: float) -> str:
    """A number as people write it, with all its digits: not 3.6e+06."""
    return f"{number:.15g}"


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


def _watch_duplicates(tx: Transaction, touched: Touched) -> None:
    """An alert while two objects share what nobody may choose twice: each was free where it was chosen."""
    collection, (field, sentence) = touched.collection, _UNIQUE.get(touched.collection.table, ("", ""))
    if touched.before and _claim(touched.before, field) == _claim(touched.after, field):
        return
    for row in (touched.before, touched.after) if field else ():
        value = row.data.get(field) if row else None
        if value is None:
            continue
        sharing = tx.find(collection, **{field: value})
        alert_id = derived_id("OPERATOR_ALERT", field, str(value))
        if len(sharing) > 1:
            names = ", ".join(sorted(str(other.data.get("name")) for other in sharing))
            message = sentence.format(value=value, names=names)
            _raise(tx, "OPERATOR_ALERT", "HIGH", min(other.id for other in sharing), message, alert_id)
        elif (alert := tx.get(ALERTS, alert_id)) and alert.alive and not alert.data.get("dismissed"):
            tx.update(ALERTS, alert, {"dismissed": True})


def _claim(row: Row, field: str) -> tuple[bool, Any]:
    return row.alive, row.data.get(field)


def _turn(tx: Transaction, kind: str, severity: str, related: str, message: str, *, before: bool, after: bool) -> None:
    if after and not before:
        _raise(tx, kind, severity, related, message, derived_id(kind, related))
    elif before and not after:
        _close(tx, kind, related)


def _close(tx: Transaction, kind: str, related: str) -> None:
    for alert in open_alerts(tx, kind, related):
        tx.update(ALERTS, alert, {"dismissed": True})


def _raise(tx: Transaction, kind: str, severity: str, related: str, message: str, alert_id: str) -> None:
    if open_alerts(tx, kind, related):
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
