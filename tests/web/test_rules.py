"""What the server does by itself when a job completes, stock runs low or a machine stops, and the frontends' copies."""

import asyncio
import contextlib
from typing import Any

import pytest

from structura_local.store import sqlite
from tests.plant import ID, START_ISO, Api, Clock, Serve

TODAY, LATER = START_ISO[:10], "2027-06-01"


async def workshop(api: Api, *, jobs: int = 2, deadline: str = LATER) -> None:
    """A project with CONFORMADORA jobs J-1…, the machines for it, and two operators at the loading bay."""
    for body in (
        {"id": "M-1", "name": "Conformadora", "type": "CONFORMADORA", "status": "RUNNING", "currentJobId": "J-1"},
        {"id": "M-7", "name": "Panelizado", "type": "PANELIZADO"},
        {"id": "M-C", "name": "Despacho", "type": "CARGA", "operatorIds": [ID["OPERATOR"], ID["OTHER"]]},
    ):
        await api.made("/api/machines", body)
    await api.made("/api/projects", {"id": "P-1", "name": "Casa", "deadline": deadline})
    for number in range(1, jobs + 1):
        await api.made("/api/jobs", job(f"J-{number}", assignedMachineId="M-1"))


def job(row_id: str, **more: Any) -> dict[str, Any]:
    """A CONFORMADORA job of the project."""
    body = {
        "projectId": "P-1",
        "machineType": "CONFORMADORA",
        "productName": "Perfil",
        "targetQuantity": 5,
        "unit": "m",
    }
    return {"id": row_id, **body, **more}


async def complete(api: Api, row_id: str, who: str = "OPERATOR") -> None:
    """Tap 'finished'."""
    assert (await api.patch(f"/api/jobs/{row_id}", {"status": "COMPLETED"}, who)).status == 200


async def found(api: Api, path: str) -> list[dict[str, Any]]:
    """A list."""
    rows: list[dict[str, Any]] = (await api.get(path)).json
    return rows


async def test_a_completed_job_has_its_time_its_event_and_a_free_machine(api: Api) -> None:
    """completedAt is set, one JOB_COMPLETE event names job and person, the machine that was on it is idle."""
    await workshop(api)
    await complete(api, "J-1")
    assert (await api.get("/api/jobs/J-1")).json["completedAt"] == START_ISO
    (event,) = await found(api, "/api/events")
    assert (event["type"], event["machineId"]) == ("JOB_COMPLETE", "M-1")
    assert event["description"] == "Finalizado: Perfil por Olga Taller"
    machine = (await api.get("/api/machines/M-1")).json
    assert (machine["status"], machine["currentJobId"]) == ("IDLE", None)


async def test_the_answer_shows_what_the_rules_did(api: Api) -> None:
    """Body and tag are those of the object as it is now, and a retry of a POST is one although a rule added to it."""
    await workshop(api)
    answer = await api.patch("/api/jobs/J-1", {"status": "COMPLETED"}, "OPERATOR")
    assert answer.json["completedAt"] == START_ISO
    notes = {"operatorNotes": "listo"}
    assert (await api.patch("/api/jobs/J-1", notes, "OPERATOR", If_Match=answer.headers["ETag"])).status == 200
    made = job("J-9", status="COMPLETED")
    assert [(await api.post("/api/jobs", made)).status for _ in range(2)] == [201, 200]


async def test_a_machine_that_has_gone_on_is_left_alone(api: Api) -> None:
    """A machine that is on another job by now keeps it; a completedAt that was sent is kept."""
    await workshop(api)
    await api.patch("/api/machines/M-1", {"currentJobId": "J-2"})
    await api.patch("/api/jobs/J-1", {"status": "COMPLETED", "completedAt": "2027-01-14T10:00:00Z"}, "OPERATOR")
    assert (await api.get("/api/machines/M-1")).json["currentJobId"] == "J-2"
    assert (await api.get("/api/jobs/J-1")).json["completedAt"] == "2027-01-14T10:00:00Z"


async def test_the_last_conformadora_job_orders_the_panels(api: Api) -> None:
    """Not before all are complete; then one order on the first PANELIZADO machine, as the frontend writes it."""
    await workshop(api)
    await complete(api, "J-1")
    assert await found(api, "/api/jobs?machineType=PANELIZADO") == []
    await complete(api, "J-2")
    (order,) = await found(api, "/api/jobs?machineType=PANELIZADO")
    expected = {"productName": "PANELIZADO: Casa", "targetQuantity": 1, "unit": "proyecto", "priorityIndex": 99}
    expected |= {"projectId": "P-1", "assignedMachineId": "M-7", "status": "PENDING", "completedQuantity": 0}
    assert {k: v for k, v in order.items() if k not in ("id", "machineType")} == expected


async def test_a_halted_panel_job_goes_on_instead(api: Api) -> None:
    """The project's own PANELIZADO job is set PENDING if it was HALTED; no second one is made."""
    await workshop(api)
    await api.made("/api/jobs", job("J-P", machineType="PANELIZADO", status="HALTED"))
    await complete(api, "J-1")
    await complete(api, "J-2")
    (order,) = await found(api, "/api/jobs?machineType=PANELIZADO")
    assert (order["id"], order["status"]) == ("J-P", "PENDING")


async def test_a_finished_project_is_ready_for_delivery_once(api: Api) -> None:
    """One HIGH alert when the last job of all completes; it closes when a job is reopened, and comes back."""
    await workshop(api)
    await complete(api, "J-1")
    await complete(api, "J-2")
    assert await found(api, "/api/alerts?type=READY_FOR_DELIVERY") == []
    (order,) = await found(api, "/api/jobs?machineType=PANELIZADO")
    await complete(api, order["id"])
    (alert,) = await found(api, "/api/alerts?type=READY_FOR_DELIVERY")
    assert (alert["severity"], alert["relatedId"]) == ("HIGH", "P-1")
    await api.patch("/api/jobs/J-2", {"status": "IN_PROGRESS"})
    assert await found(api, "/api/alerts?type=READY_FOR_DELIVERY") == []
    await complete(api, "J-2")
    assert [a["id"] for a in await found(api, "/api/alerts?type=READY_FOR_DELIVERY")] == [alert["id"]]
    await api.patch("/api/projects/P-1", {"status": "ARCHIVED"})
    assert await found(api, "/api/alerts?type=READY_FOR_DELIVERY") == []


async def test_work_that_is_called_off_leaves_a_project_ready(api: Api) -> None:
    """The last open job may also be deleted, or moved to another project: what is left is complete, and said so."""
    await workshop(api)
    await api.made("/api/projects", {"id": "P-2", "name": "Galpón", "deadline": LATER})
    await complete(api, "J-1")
    await api.patch("/api/jobs/J-2", {"projectId": "P-2"})
    (alert,) = await found(api, "/api/alerts?type=READY_FOR_DELIVERY")
    assert alert["relatedId"] == "P-1"
    await api.made("/api/jobs", job("J-3", projectId="P-2", machineType="CARGA", status="COMPLETED"))
    assert (await api.delete("/api/jobs/J-2")).status == 200
    assert {a["relatedId"] for a in await found(api, "/api/alerts?type=READY_FOR_DELIVERY")} == {"P-1", "P-2"}
    await api.patch("/api/jobs/J-3", {"projectId": "P-1", "status": "PENDING"})
    assert await found(api, "/api/alerts?type=READY_FOR_DELIVERY") == []


@pytest.mark.parametrize("status", ["COMPLETED", "ARCHIVED"])
async def test_what_is_delivered_is_not_ready_for_it(api: Api, status: str) -> None:
    """Work that is finished afterwards, as people tidy up, raises no alert that nobody would close."""
    await workshop(api, jobs=1, deadline=TODAY)
    await api.patch("/api/projects/P-1", {"status": status})
    await complete(api, "J-1")
    (order,) = await found(api, "/api/jobs?machineType=PANELIZADO")
    await complete(api, order["id"])
    assert await found(api, "/api/alerts?relatedId=P-1") == []
    assert await found(api, "/api/messages?all=true") == []


async def test_due_today_each_loader_gets_one_message(api: Api) -> None:
    """If the deadline is today, the operators of the CARGA machine are told, each once; else nobody."""
    await workshop(api, jobs=1, deadline=TODAY)
    await complete(api, "J-1")
    (order,) = await found(api, "/api/jobs?machineType=PANELIZADO")
    await complete(api, order["id"])
    messages = await found(api, "/api/messages?all=true")
    assert sorted(m["to"] for m in messages) == sorted([ID["OPERATOR"], ID["OTHER"]])
    assert {m["from"] for m in messages} == {"LOGÍSTICA: CARGA DEL DÍA"}
    assert {m["content"] for m in messages} == {
        "INSTRUCCIÓN DE CARGA: El proyecto Casa está finalizado y debe despacharse HOY."
    }


async def test_today_is_the_plants(serve: Serve) -> None:
    """At 08:00 UTC it is still yesterday in Los Angeles: a deadline of that day is today there."""
    async with serve(time_zone="America/Los_Angeles") as api:
        await workshop(api, jobs=1, deadline="2027-01-15")
        await complete(api, "J-1")
        (order,) = await found(api, "/api/jobs?machineType=PANELIZADO")
        await complete(api, order["id"])
        assert len(await found(api, "/api/messages?all=true")) == 2


class Terminal:
    """A tablet whose frontend runs the rules too: it completes a job and sends what it makes of that."""

    def __init__(self, api: Api, project: str, who: str) -> None:
        self.api = api
        self.project = project
        self.who = who
        self.person = {"OPERATOR": "Olga Taller", "OTHER": "Óscar Taller"}[who]

    async def finish(self, job_id: str, machine: str) -> None:
        await complete(self.api, job_id, self.who)

    async def report(self, job_id: str, machine: str) -> None:
        description = f"Finalizado: Perfil por {self.person}"
        await self.send("events", machineId=machine, type="JOB_COMPLETE", severity="INFO", description=description)

    async def free(self, job_id: str, machine: str) -> None:
        change = {"status": "IDLE", "currentJobId": None}
        assert (await self.api.patch(f"/api/machines/{machine}", change, self.who)).status == 200

    async def order_panels(self, job_id: str, machine: str) -> str:
        name = f"PANELIZADO: Casa {self.project}"
        body = {"projectId": self.project, "machineType": "PANELIZADO", "productName": name, "targetQuantity": 1}
        order = {"unit": "proyecto", "priorityIndex": 99, "status": "PENDING", "id": f"JOBS-{job_id}"}
        return await self.send("jobs", **body, **order)

    async def warn(self, job_id: str, machine: str) -> None:
        alert = {"type": "READY_FOR_DELIVERY", "message": "listo", "severity": "HIGH", "relatedId": self.project}
        await self.send("alerts", id=f"ALERT-{job_id}", **alert)

    async def tell(self, job_id: str, machine: str) -> None:
        content = f"INSTRUCCIÓN DE CARGA: El proyecto Casa {self.project} está finalizado y debe despacharse HOY."
        for operator in (ID["OPERATOR"], ID["OTHER"]):
            await self.send("messages", **{"from": "LOGÍSTICA: CARGA DEL DÍA"}, to=operator, content=content)

    async def send(self, path: str, **body: Any) -> str:
        answer = await self.api.post(f"/api/{path}", body, self.who)
        assert answer.status in (200, 201), answer.body
        row_id: str = answer.json["id"]
        return row_id

    async def one_after_the_other(self, job_id: str, machine: str) -> None:
        """Each call waits for the one before; the project's are made by whoever sees all its jobs complete."""
        await self.finish(job_id, machine)
        await self.report(job_id, machine)
        await self.free(job_id, machine)
        query = f"/api/jobs?projectId={self.project}&machineType=CONFORMADORA&status=PENDING"
        if not await found(self.api, query):
            await complete(self.api, await self.order_panels(job_id, machine), self.who)
            await self.warn(job_id, machine)
            await self.tell(job_id, machine)

    async def all_at_once(self, job_id: str, machine: str) -> None:
        """What follows from a tap is sent with it, and may overtake it."""
        calls = [self.tell, self.warn, self.free, self.report, self.finish]
        order, *_ = await asyncio.gather(*(call(job_id, machine) for call in (self.order_panels, *calls)))
        await complete(self.api, order, self.who)


@pytest.mark.parametrize("panels", ["no panels", "panels done"])
@pytest.mark.parametrize("way", ["one after the other", "all at once"])
async def test_two_terminals_finish_the_last_two_jobs_at_once(api: Api, way: str, panels: str) -> None:
    """Both run the frontend's own follow-up calls, a hundred times in all: one order, alert, message, event each."""
    for body in (
        {"id": "M-7", "name": "Panelizado", "type": "PANELIZADO"},
        {"id": "M-C", "name": "Despacho", "type": "CARGA", "operatorIds": [ID["OPERATOR"], ID["OTHER"]]},
    ):
        await api.made("/api/machines", body)
    for turn in range(25):
        project, machines = f"P-{turn}", [f"M-{turn}-A", f"M-{turn}-{'AB'[turn % 2]}"]
        await api.made("/api/projects", {"id": project, "name": f"Casa {project}", "deadline": TODAY})
        if panels == "panels done":
            order = {"targetQuantity": 1, "unit": "proyecto", "priorityIndex": 99, "status": "COMPLETED"}
            name = f"PANELIZADO: Casa {project}"
            panel = job(f"{project}-P", projectId=project, machineType="PANELIZADO", productName=name)
            await api.made("/api/jobs", {**panel, **order})
        for number, machine in enumerate(machines):
            name = f"J-{turn}-{number}"
            on = {"status": "RUNNING", "currentJobId": name}
            await api.post("/api/machines", {"id": machine, "name": machine, "type": "CONFORMADORA", **on})
            await api.made("/api/jobs", job(name, projectId=project, assignedMachineId=machine))
        terminals = [Terminal(api, project, who) for who in ("OPERATOR", "OTHER")]
        taps = [
            getattr(terminal, way.replace(" ", "_"))(f"J-{turn}-{number}", machines[number])
            for number, terminal in enumerate(terminals)
        ]
        await asyncio.gather(*(taps if turn % 4 < 2 else reversed(taps)))
        await check_once(api, project, machines)


async def check_once(api: Api, project: str, machines: list[str]) -> None:
    """Everything that follows from a project's last two jobs is here, once."""
    assert len(await found(api, f"/api/jobs?projectId={project}&machineType=PANELIZADO")) == 1
    assert len(await found(api, f"/api/alerts?type=READY_FOR_DELIVERY&relatedId={project}")) == 1
    messages = await found(api, f"/api/messages?all=true&q={project}")
    told = [m["to"] for m in messages if f"Casa {project} está" in m["content"]]
    assert sorted(told) == sorted([ID["OPERATOR"], ID["OTHER"]])
    for machine in set(machines):
        events = await found(api, f"/api/events?type=JOB_COMPLETE&machineId={machine}")
        assert len(events) == machines.count(machine)
        freed = (await api.get(f"/api/machines/{machine}")).json
        assert (freed["status"], freed["currentJobId"]) == ("IDLE", None)


async def test_a_finished_job_that_comes_back_was_finished_before(api: Api) -> None:
    """Nobody finishes it now: it gets no time and no event, and its machine goes on. Its project is ready again."""
    machine = {"id": "M-1", "name": "Conf", "type": "CONFORMADORA", "status": "RUNNING", "currentJobId": "J-1"}
    project = {"id": "P-1", "name": "Casa", "deadline": LATER, "status": "IN_PROGRESS"}
    done = job("J-1", machineType="HERRERIA", status="COMPLETED", assignedMachineId="M-1")
    data = {"machines": [machine], "projects": [project], "jobs": [done]}
    assert (await api.post("/api/system/import", data)).status == 200
    was = (await api.get("/api/jobs/J-1")).json
    await api.delete("/api/jobs/J-1")
    assert (await api.post("/api/system/trash/jobs/J-1/restore")).json == was
    assert await found(api, "/api/events") == []
    assert (await api.get("/api/machines/M-1")).json["status"] == "RUNNING"
    assert [alert["type"] for alert in await found(api, "/api/alerts")] == ["READY_FOR_DELIVERY"]


async def test_another_panel_job_is_an_order_like_any_other(api: Api) -> None:
    """Only exactly the frontend's own copy is recognised."""
    await workshop(api, jobs=1)
    await complete(api, "J-1")
    body = {"projectId": "P-1", "machineType": "PANELIZADO", "productName": "PANELIZADO: Casa", "targetQuantity": 2}
    assert (await api.post("/api/jobs", {**body, "unit": "proyecto", "priorityIndex": 99}, "OPERATOR")).status == 201
    assert len(await found(api, "/api/jobs?machineType=PANELIZADO")) == 2


async def test_an_event_after_a_minute_is_another_one(api: Api, now: Clock) -> None:
    """The frontend's event within 60 s is the server's own; a later one, or of another product, is new."""
    await workshop(api)
    await complete(api, "J-1")
    event = {"machineId": "M-1", "type": "JOB_COMPLETE", "severity": "INFO"}
    other = {**event, "description": "Finalizado: Otro por Olga"}
    assert (await api.post("/api/events", other, "OPERATOR")).status == 201
    now.move(seconds=61)
    same = {**event, "description": "Finalizado: Perfil por Olga"}
    assert (await api.post("/api/events", same, "OPERATOR")).status == 201


async def test_a_report_that_overtakes_its_completion_counts_for_one(api: Api) -> None:
    """The frontend's event came first: the server makes none for that job, but one for the next of the same product."""
    await workshop(api)
    report = {"machineId": "M-1", "type": "JOB_COMPLETE", "severity": "INFO", "description": "Finalizado: Perfil por O"}
    assert (await api.post("/api/events", report, "OPERATOR")).status == 201
    await complete(api, "J-1")
    assert len(await found(api, "/api/events")) == 1
    await complete(api, "J-2")
    assert len(await found(api, "/api/events")) == 2
    assert (await api.post("/api/events", report, "OTHER")).status == 200


async def test_low_stock_is_said_once_and_taken_back(api: Api) -> None:
    """One MEDIUM alert at or under the threshold, none for the next withdrawal, closed by refilling, raised again."""
    await api.made(
        "/api/inventory", {"id": "I", "name": "Tornillos", "sku": "T", "unit": "kg", "quantity": 50, "minThreshold": 10}
    )

    async def open_alerts() -> list[str]:
        return [f"{a['severity']} {a['relatedId']}" for a in await found(api, "/api/alerts?type=LOW_STOCK")]

    for quantity, expected in ((11, []), (10, ["MEDIUM I"]), (4, ["MEDIUM I"]), (60, []), (9.5, ["MEDIUM I"])):
        await api.patch("/api/inventory/I", {"quantity": quantity}, "OPERATOR")
        assert await open_alerts() == expected, quantity
    (alert,) = await found(api, "/api/alerts?type=LOW_STOCK")
    await api.patch(f"/api/alerts/{alert['id']}", {"dismissed": True}, "OPERATOR")
    await api.patch("/api/inventory/I", {"quantity": 8}, "OPERATOR")
    assert await open_alerts() == [], "what somebody has dismissed stays so while its cause lasts"
    await api.delete("/api/inventory/I")
    assert await open_alerts() == []


async def test_a_stopped_machine_and_one_due_for_maintenance(api: Api) -> None:
    """MACHINE_STOPPED while in ERROR; MAINTENANCE_DUE from the metres on that are set, none if none are."""
    await api.made("/api/machines", {"id": "M", "name": "Conf", "type": "CONFORMADORA", "nextMaintenanceMeters": 100})
    await api.made("/api/machines", {"id": "N", "name": "Otra", "type": "CONFORMADORA", "totalMetersProduced": 9})
    await api.patch("/api/machines/M", {"status": "ERROR"}, "OPERATOR")
    (stopped,) = await found(api, "/api/alerts")
    assert (stopped["type"], stopped["severity"], stopped["relatedId"]) == ("MACHINE_STOPPED", "HIGH", "M")
    await api.patch("/api/machines/M", {"status": "RUNNING", "totalMetersProduced": 100}, "OPERATOR")
    (due,) = await found(api, "/api/alerts")
    assert (due["type"], due["severity"], due["relatedId"]) == ("MAINTENANCE_DUE", "MEDIUM", "M")
    await api.patch("/api/machines/M", {"nextMaintenanceMeters": 5000})
    assert await found(api, "/api/alerts") == []


async def test_alerts_say_numbers_with_all_their_digits(api: Api) -> None:
    """A machine makes millions of metres in its life."""
    made = {"totalMetersProduced": 3_612_345.5, "nextMaintenanceMeters": 3_600_000}
    await api.made("/api/machines", {"id": "M", "name": "Conf", "type": "CONFORMADORA", **made})
    stock = {"quantity": 1_234_567, "minThreshold": 2_000_000}
    await api.made("/api/inventory", {"id": "I", "name": "Tornillo", "sku": "T", "unit": "units", **stock})
    assert {alert["message"] for alert in await found(api, "/api/alerts")} == {
        "MANTENIMIENTO: Conf lleva 3612345.5 m producidos.",
        "STOCK BAJO: Tornillo, quedan 1234567 units.",
    }


async def test_a_near_deadline_with_work_left_is_a_risk(api: Api) -> None:
    """DELAY_RISK within two days while jobs are unfinished; gone when they are done or the deadline moves."""
    await workshop(api, jobs=1, deadline="2027-01-17")
    assert [a["relatedId"] for a in await found(api, "/api/alerts?type=DELAY_RISK")] == ["P-1"]
    await api.patch("/api/projects/P-1", {"deadline": LATER})
    assert await found(api, "/api/alerts?type=DELAY_RISK") == []
    await api.patch("/api/projects/P-1", {"deadline": TODAY})
    assert len(await found(api, "/api/alerts?type=DELAY_RISK")) == 1
    await complete(api, "J-1")
    (order,) = await found(api, "/api/jobs?machineType=PANELIZADO")
    await complete(api, order["id"])
    assert await found(api, "/api/alerts?type=DELAY_RISK") == []


async def test_a_deadline_with_a_time_is_a_day_of_the_plants(serve: Serve) -> None:
    """In Los Angeles the small hours of the 18th in UTC are still the 17th: two days away."""
    async with serve(time_zone="America/Los_Angeles") as api:
        await workshop(api, jobs=1, deadline="2027-01-18T02:00:00Z")
        assert [a["relatedId"] for a in await found(api, "/api/alerts?type=DELAY_RISK")] == ["P-1"]


async def test_deadlines_come_near_by_themselves(serve: Serve, now: Clock) -> None:
    """Nobody touches the project: the look at the calendar finds it, once, and leaves what was dismissed alone."""
    async with serve() as api:
        await workshop(api, jobs=1, deadline="2027-01-20")
        assert await found(api, "/api/alerts?type=DELAY_RISK") == []
    now.move(hours=24 * 4)

    async def alerts() -> list[dict[str, Any]]:
        async with serve() as api:
            token = await api.token("11112222")
            listed: list[dict[str, Any]] = (await api.get("/api/alerts?type=DELAY_RISK", token)).json
            for alert in listed:
                await api.patch(f"/api/alerts/{alert['id']}", {"dismissed": True}, token)
            return listed

    assert len(await alerts()) == 1
    assert await alerts() == []
    now.move(hours=24)
    assert await alerts() == []


async def test_an_import_runs_no_rules(api: Api) -> None:
    """Data that comes in as a file is taken as it is."""
    item = {"id": "I", "name": "x", "sku": "x", "unit": "kg", "quantity": 0, "minThreshold": 5}
    done = job("J-1", status="COMPLETED")
    assert (await api.post("/api/system/import", {"inventory": [item], "jobs": [done]})).status == 200
    assert await found(api, "/api/alerts") == await found(api, "/api/events") == []


async def test_what_the_server_does_is_logged_as_its_own(api: Api) -> None:
    """The change log tells a rule's writes from the person's, and says whose tap set them off."""
    await workshop(api, jobs=1)
    await complete(api, "J-1")
    with contextlib.closing(sqlite.connect(api.folder.database, read_only=True)) as database:
        logged = database.execute(
            "SELECT collection, kind, origin, user_id FROM change_log"
            " WHERE tx = (SELECT max(tx) FROM change_log) AND collection <> 'actors'"
        ).fetchall()
    assert logged[0] == ("jobs", "update", "api", ID["OPERATOR"])
    assert {line[:3] for line in logged[1:]} == {
        ("jobs", "update", "rules"),  # completedAt
        ("events", "create", "rules"),
        ("machines", "update", "rules"),
        ("jobs", "create", "rules"),  # PANELIZADO
    }
    assert {line[3] for line in logged} == {ID["OPERATOR"]}
