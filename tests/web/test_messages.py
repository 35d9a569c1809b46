"""Messages, events, alerts, projects: what is particular to them."""

import pytest

from tests.plant import ID, START_ISO, Api, Clock
from tests.web.contract import minimal


async def listed(api: Api, who: str, query: str = "") -> list[str]:
    return [one["id"] for one in (await api.get(f"/api/messages{query}", who)).json]


async def test_who_sees_what(api: Api) -> None:
    """A list holds what is addressed to the caller or to ALL and what the caller sent, whatever `from` says."""
    await api.made(
        "/api/messages", {"id": "to-oper", "to": ID["OPERATOR"], "content": "x", "from": "ADMIN"}, "SUPERVISOR"
    )
    await api.made("/api/messages", {"id": "to-all", "to": "ALL", "content": "x"}, "OTHER")
    await api.made("/api/messages", {"id": "to-other", "to": ID["OTHER"], "content": "x"}, "OPERATOR")
    assert await listed(api, "OPERATOR") == ["to-oper", "to-all", "to-other"]
    assert await listed(api, "SUPERVISOR") == ["to-oper", "to-all"]
    assert await listed(api, "OTHER") == ["to-all", "to-other"]
    assert await listed(api, "ADMIN") == ["to-all"]
    assert await listed(api, "ADMIN", "?all=true") == ["to-oper", "to-all", "to-other"]
    assert (await api.get("/api/messages?all=true", "SUPERVISOR")).status == 403
    assert (await api.get("/api/messages/to-oper", "OTHER")).status == 404
    assert (await api.get("/api/messages/to-oper", "SUPERVISOR")).json == {
        "id": "to-oper", "from": "ADMIN", "to": ID["OPERATOR"], "content": "x", "timestamp": START_ISO, "isRead": False,
    }  # fmt: skip


async def test_from_is_the_sender(api: Api) -> None:
    """Without `from` a message is from its sender's user id; an empty one is kept."""
    made = await api.made("/api/messages", {"to": "ALL", "content": "x"}, "OPERATOR")
    assert made["from"] == ID["OPERATOR"]
    assert (await api.made("/api/messages", {"to": "ALL", "content": "x", "from": ""}, "OPERATOR"))["from"] == ""


async def test_each_reads_for_themselves(api: Api) -> None:
    """A message to ALL is read by each reader on their own, and can be marked unread again."""
    await api.made("/api/messages", {"id": "M", "to": "ALL", "content": "x"})
    answer = await api.patch("/api/messages/M", {"isRead": True}, "OPERATOR")
    assert (answer.status, answer.json["isRead"]) == (200, True)
    for who, read in (("OPERATOR", True), ("OTHER", False), ("SUPERVISOR", False), ("ADMIN", False)):
        assert (await api.get("/api/messages/M", who)).json["isRead"] is read
        assert (await api.get("/api/messages", who)).json[0]["isRead"] is read
    await api.patch("/api/messages/M", {"isRead": True}, "OTHER")
    assert (await api.patch("/api/messages/M", {"isRead": False}, "OPERATOR")).json["isRead"] is False
    assert (await api.get("/api/messages/M", "OTHER")).json["isRead"] is True


async def test_the_owner_reads_for_nobody(api: Api) -> None:
    """A command on this machine is no user: what it says to ALL as read is unread for each, said again too."""
    running = api.folder.running()
    assert running
    for status in (201, 200):
        sent = await api.post(
            "/api/messages", {"id": "M", "to": "ALL", "content": "x", "isRead": True}, running["token"]
        )
        assert (sent.status, sent.json["isRead"]) == (status, False)
    marked = await api.patch("/api/messages/M", {"isRead": True, "content": "y"}, running["token"])
    assert (marked.status, marked.json["isRead"], marked.json["content"]) == (200, False, "y")
    assert (await api.patch("/api/messages/M", {"isRead": True}, running["token"])).json["isRead"] is False
    await api.made("/api/messages", {"id": "one", "to": ID["OTHER"], "content": "x"})
    sent_on = await api.patch("/api/messages/one", {"isRead": True, "to": "ALL"}, running["token"])
    assert (sent_on.status, sent_on.json["isRead"]) == (200, False)
    assert (await api.get("/api/messages/M", "OPERATOR")).json["isRead"] is False
    assert (await api.patch("/api/messages/M", {"isRead": True}, "OPERATOR")).json["isRead"] is True
    assert (await api.get("/api/messages/M", "OTHER")).json["isRead"] is False


async def test_what_one_has_read_is_new_to_all(api: Api) -> None:
    """A message that goes on to ALL is unread for each, but for who says otherwise of themselves."""
    for row_id, said in (("A", {}), ("B", {"isRead": True})):
        await api.made("/api/messages", {"id": row_id, "to": ID["OPERATOR"], "content": "x"})
        await api.patch(f"/api/messages/{row_id}", {"isRead": True}, "OPERATOR")
        assert (await api.patch(f"/api/messages/{row_id}", {"to": "ALL", **said})).json["isRead"] is bool(said)
        for who in ("OPERATOR", "OTHER"):
            assert (await api.get(f"/api/messages/{row_id}", who)).json["isRead"] is False


async def test_read_by_the_receiver(api: Api) -> None:
    """A message to one person is read for everybody who sees it."""
    await api.made("/api/messages", {"id": "M", "to": ID["OPERATOR"], "content": "x"})
    assert (await api.patch("/api/messages/M", {"isRead": True}, "OPERATOR")).status == 200
    assert (await api.get("/api/messages/M")).json["isRead"] is True


async def test_only_marking_as_read(api: Api) -> None:
    """Their own messages others may mark as read and delete, not rewrite."""
    await api.made("/api/messages", {"id": "M", "to": ID["OPERATOR"], "content": "x"})
    for change in ({"content": "y"}, {"to": "ALL"}, {"from": "y"}, {"timestamp": "2020-01-01"}):
        assert (await api.patch("/api/messages/M", change, "OPERATOR")).status == 403
    assert (await api.delete("/api/messages/M", "OTHER")).status == 404
    assert (await api.delete("/api/messages/M", "OPERATOR")).status == 200


async def test_retry_after_it_was_read(api: Api) -> None:
    """A retried POST of a message to ALL is the same message still after somebody has read it."""
    body = {"id": "M", "to": "ALL", "content": "x"}
    await api.made("/api/messages", body)
    await api.patch("/api/messages/M", {"isRead": True}, "OPERATOR")
    assert (await api.post("/api/messages", body)).status == 200


async def test_newest_by_time_of_receipt(api: Api, now: Clock) -> None:
    """A tablet with a fast clock does not own the top of the events and alerts."""
    for path in ("events", "alerts"):
        await api.made(f"/api/{path}", minimal(path, id="fast", timestamp="2099-01-01T00:00:00.000Z"))
        now.move(seconds=1)
        await api.made(f"/api/{path}", minimal(path, id="slow", timestamp="2001-01-01T00:00:00.000Z"))
        assert [one["id"] for one in (await api.get(f"/api/{path}")).json] == ["slow", "fast"]


async def test_newest_500_events(api: Api) -> None:
    """The list of events is the newest 500; each older one is still there by its id."""
    rows = [minimal("events", id=f"E-{n}", timestamp=f"2026-01-01T00:{n // 60:02d}:{n % 60:02d}Z") for n in range(510)]
    assert (await api.post("/api/system/import", {"events": rows})).status == 200
    listed = [one["id"] for one in (await api.get("/api/events")).json]
    assert listed == [f"E-{n}" for n in range(509, 9, -1)]
    assert (await api.get("/api/events/E-0")).status == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT"])
async def test_events_are_a_log(api: Api, method: str) -> None:
    """An event is neither changed nor deleted: 405, and what is possible."""
    await api.made("/api/events", minimal("events", id="E"))
    answer = await api.ask(method, "/api/events/E", {})
    assert answer.status == 405
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == {"GET", "HEAD"}
    assert (await api.get("/api/events/E")).status == 200


async def test_dismissed_alerts(api: Api) -> None:
    """Dismissed alerts are left out of the list unless asked for, and stay reachable by id."""
    for name in ("a", "b"):
        await api.made("/api/alerts", minimal("alerts", id=name))
    assert (await api.patch("/api/alerts/a", {"dismissed": True}, "OPERATOR")).json["dismissed"] is True

    async def ids(query: str) -> list[str]:
        return [one["id"] for one in (await api.get(f"/api/alerts{query}")).json]

    assert await ids("") == ["b"]
    assert await ids("?dismissed=false") == ["b"]
    assert await ids("?dismissed=true") == ["a"]
    assert (await api.get("/api/alerts/a")).json["dismissed"] is True
    assert (await api.get("/api/alerts?dismissed=maybe")).status == 422


async def test_project_with_its_jobs(api: Api) -> None:
    """One project is shown with its jobs in creation order; the list is without them."""
    await api.made("/api/projects", minimal("projects", id="P-1"))
    jobs = [await api.made("/api/jobs", minimal("jobs", id=f"J-{n}", projectId="P-1")) for n in (2, 1)]
    await api.made("/api/jobs", minimal("jobs", id="J-3", projectId="P-2"))
    await api.made("/api/jobs", minimal("jobs", id="J-4", projectId="P-1"))
    await api.delete("/api/jobs/J-4")
    assert (await api.get("/api/projects/P-1")).json["jobs"] == jobs
    assert "jobs" not in (await api.get("/api/projects")).json[0]


async def test_sku_is_unique(api: Api) -> None:
    """A second item with a SKU is refused and the sentence says who has it; a deleted one gives it back."""
    await api.made("/api/inventory", minimal("inventory", id="A", sku="S-1"))
    await api.made("/api/inventory", minimal("inventory", id="B", sku="S-2"))
    for answer in (
        await api.post("/api/inventory", minimal("inventory", sku="S-1")),
        await api.patch("/api/inventory/B", {"sku": "S-1"}),
    ):
        assert answer.status == 409
        assert "S-1" in answer.json["detail"]
    assert (await api.patch("/api/inventory/A", {"sku": "S-1", "name": "x"})).status == 200
    await api.delete("/api/inventory/A")
    assert (await api.patch("/api/inventory/B", {"sku": "S-1"})).status == 200


async def test_only_whom_a_message_is_for_can_have_read_it(api: Api) -> None:
    """Its sender cannot mark it read for them; one to ALL that is sent as read is read by its sender alone."""
    await api.made("/api/messages", {"id": "M", "to": ID["OTHER"], "content": "x"}, "OPERATOR")
    assert (await api.patch("/api/messages/M", {"isRead": True}, "OPERATOR")).status == 403
    assert (await api.patch("/api/messages/M", {"isRead": True}, "OTHER")).json["isRead"] is True
    body = {"id": "A", "to": "ALL", "content": "x", "isRead": True}
    assert (await api.made("/api/messages", body, "OPERATOR"))["isRead"] is True
    assert (await api.post("/api/messages", body, "OPERATOR")).status == 200
    assert (await api.get("/api/messages/A", "OTHER")).json["isRead"] is False


async def test_a_message_to_all_is_not_for_each_to_delete(api: Api) -> None:
    """Its sender may, and an ADMIN; whoever it reached may not."""
    for name in ("A", "B"):
        await api.made("/api/messages", {"id": name, "to": "ALL", "content": "x"}, "OPERATOR")
    assert (await api.delete("/api/messages/A", "OTHER")).status == 403
    assert (await api.delete("/api/messages/A", "OPERATOR")).status == 200
    assert (await api.delete("/api/messages/B")).status == 200


async def test_messages_are_sorted_by_what_their_reader_sees(api: Api) -> None:
    """`sort=isRead` goes by each reader's own marks, also from page to page."""
    for name in ("A", "B", "C"):
        await api.made("/api/messages", {"id": name, "to": "ALL", "content": "x"})
    await api.patch("/api/messages/B", {"isRead": True}, "OPERATOR")
    for who, unread_first in (("OPERATOR", ["A", "C", "B"]), ("OTHER", ["A", "B", "C"])):
        listed = (await api.get("/api/messages?sort=isRead", who)).json
        assert [message["id"] for message in listed] == unread_first
        found, path = [], "/api/messages?sort=isRead&limit=1"
        while path:
            answer = await api.get(path, who)
            found += [message["id"] for message in answer.json]
            link = answer.headers.get("Link", "").partition(">")[0]
            path = link.removeprefix(f"<{api.url}")
        assert found == unread_first
