"""Reading lists: filters, search, order, pages, and answers that say 'you have it already'."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from structura_local import app, wiring
from structura_local.domain.machines import MACHINES
from structura_local.folder import Folder
from structura_local.operations.rows import Rows
from structura_local.web import lists
from structura_local.web.objects import OVERHEAD, Objects
from tests.plant import ID, OWNER, START_ISO, Api, Clock, Serve

MACHINE = {"name": "Conformadora 1", "type": "CONFORMADORA"}


def job(number: int, **more: Any) -> dict[str, Any]:
    """A job as the frontend sends it."""
    return {
        "id": f"J-{number:02}",
        "projectId": "P-1",
        "machineType": "CONFORMADORA",
        "productName": f"Perfil {number}",
        "targetQuantity": number,
        "unit": "m",
        **more,
    }


async def ids(api: Api, path: str, who: str = "ADMIN") -> list[str]:
    """The ids that a list has."""
    answer = await api.get(path, who)
    assert answer.status == 200, answer.body
    return [row["id"] for row in answer.json]


async def pages(api: Api, path: str) -> list[list[str]]:
    """The ids of all pages, following the Link."""
    found = []
    while path:
        answer = await api.get(path)
        assert answer.status == 200, answer.body
        found.append([row["id"] for row in answer.json])
        link = re.fullmatch(r'<(.*)>; rel="next"', answer.headers.get("Link", ""))
        path = link[1].removeprefix(api.url) if link else ""
    return found


async def test_equality_filters_on_scalar_fields(api: Api) -> None:
    """Text, enum, number, boolean, id; several fields are all wanted, a repeated one is any of them."""
    for body in (
        job(1, status="HALTED", assignedMachineId="M-01", isStock=True),
        job(2, assignedMachineId="M-01", tonnage=1.5),
        job(3, assignedMachineId="M-02"),
    ):
        await api.made("/api/jobs", body)
    assert await ids(api, "/api/jobs?status=HALTED") == ["J-01"]
    assert await ids(api, "/api/jobs?status=PENDING&assignedMachineId=M-01") == ["J-02"]
    assert await ids(api, "/api/jobs?assignedMachineId=M-01&assignedMachineId=M-02") == ["J-01", "J-02", "J-03"]
    assert await ids(api, "/api/jobs?targetQuantity=3") == ["J-03"]
    assert await ids(api, "/api/jobs?tonnage=1.5") == ["J-02"]
    assert await ids(api, "/api/jobs?isStock=true") == ["J-01"]
    assert await ids(api, "/api/jobs?id=J-03&id=J-01") == ["J-01", "J-03"]
    assert await ids(api, "/api/jobs?productName=Perfil%201") == ["J-01"]


async def test_a_list_shows_values_to_the_last_digit_and_character(api: Api) -> None:
    """As the objects themselves are shown, whatever SQLite would write."""
    numbers = [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, 123456789.12345679, 2**53, 2**62, 1e22, 7, 7.5]
    notes = 'a "quote", \\ and / \b\f\n\r\t \x01\x1f\x7f \u2028 ñ 😀 </script> {"a":[null]}'
    made = [job(i, targetQuantity=number, notes=notes) for i, number in enumerate(numbers, 10)]
    one_by_one = [await api.made("/api/jobs", body) for body in made]
    for path in ("/api/jobs", "/api/jobs?limit=50", "/api/jobs?unit=m&sort=id"):
        assert (await api.get(path)).json == one_by_one
    assert [row["targetQuantity"] for row in one_by_one] == numbers
    half = await pages(api, "/api/jobs?sort=-targetQuantity&limit=2")
    assert [row_id for page in half for row_id in page] == [
        row["id"] for row in sorted(made, key=lambda row: -row["targetQuantity"])
    ], "a fraction is a place to go on from"


async def test_a_list_field_is_filtered_by_what_it_contains(api: Api) -> None:
    """`operatorIds=U-2` finds the jobs that U-2 works on, whoever else does."""
    await api.made("/api/jobs", job(1, operatorIds=["U-1", "U-2"]))
    await api.made("/api/jobs", job(2, operatorIds=["U-1"]))
    await api.made("/api/jobs", job(3))
    assert await ids(api, "/api/jobs?operatorIds=U-2") == ["J-01"]
    assert await ids(api, "/api/jobs?operatorIds=U-1&operatorIds=U-2") == ["J-01", "J-02"]


async def test_since_and_until_compare_moments_not_texts(api: Api) -> None:
    """Timestamps in different zones and forms are ordered by the moment they mean; both ends count."""
    event = {"machineId": "M", "type": "CLEANING", "description": "x", "severity": "INFO"}
    for name, at in {"a": "2026-05-01T10:00:00Z", "b": "2026-05-01T08:30:00-03:00", "c": "2026-05-02"}.items():
        await api.made("/api/events", {**event, "id": name, "timestamp": at})
    assert set(await ids(api, "/api/events?since=2026-05-01T11:30:00Z")) == {"b", "c"}
    assert set(await ids(api, "/api/events?until=2026-05-01T11:30:00Z")) == {"a", "b"}
    assert set(await ids(api, "/api/events?since=2026-05-01T12:00:00%2B02:00&until=2026-05-01T10:00:00Z")) == {"a"}
    assert (await api.get("/api/jobs?since=2026-05-01")).status == 422
    assert (await api.get("/api/events?since=gestern")).status == 422


async def test_q_finds_words_as_people_type_them(api: Api) -> None:
    """Every word somewhere in the text fields, without regard to case or accents; % and _ are nothing special."""
    await api.made("/api/machines", {**MACHINE, "id": "a", "name": "Estación Panelizado", "brand": "Pinnacle"})
    await api.made("/api/machines", {**MACHINE, "id": "b", "name": "Estación de Pintura"})
    assert await ids(api, "/api/machines?q=ESTACION") == ["a", "b"]
    assert await ids(api, "/api/machines?q=estaci%C3%B3n+pinnacle") == ["a"]
    assert await ids(api, "/api/machines?q=%25") == []
    assert await ids(api, "/api/machines?q=") == ["a", "b"]


async def test_a_search_has_a_few_words(api: Api) -> None:
    """Sixteen words are searched for, spread over the fields; more, which no person types, are refused at once."""
    words = [f"w{n}" for n in range(16)]
    await api.made("/api/jobs", job(1, productName=" ".join(words[:9]), notes=" ".join(words[9:])))
    assert await ids(api, f"/api/jobs?q={'+'.join(words)}") == ["J-01"]
    assert await ids(api, f"/api/jobs?q={'+'.join([*words[1:], 'nothing'])}") == []
    for many in (words * 2, ["a"] * 3_900):
        assert (await api.get(f"/api/jobs?q={'+'.join(many)}")).status == 422


async def test_sort_puts_unset_values_first_and_last(api: Api) -> None:
    """Ascending and descending by any scalar field; equal ones by id."""
    for number, priority in ((1, 5), (2, None), (3, 1), (4, 5)):
        await api.made("/api/jobs", job(number, **({} if priority is None else {"priorityIndex": priority})))
    assert await ids(api, "/api/jobs?sort=priorityIndex") == ["J-02", "J-03", "J-01", "J-04"]
    assert await ids(api, "/api/jobs?sort=-priorityIndex") == ["J-01", "J-04", "J-03", "J-02"]
    assert (await api.get("/api/jobs?sort=operatorIds")).status == 422
    assert (await api.get("/api/jobs?sort=nothing")).status == 422


async def test_pages_by_long_texts(api: Api) -> None:
    """However long the texts that a list is sorted by, the Link to its next page is one that the server takes."""
    for number in range(4):
        await api.made("/api/jobs", job(number, notes=f"{number // 2}" + "ñ" * 60_000, productName="😀" * 4_000))
    for name in ("notes", "productName"):
        assert await pages(api, f"/api/jobs?sort={name}&limit=1") == [[f"J-{number:02}"] for number in range(4)]
    assert await pages(api, "/api/jobs?sort=-notes&limit=3") == [["J-02", "J-03", "J-00"], ["J-01"]]


@pytest.mark.parametrize("order", ["", "&sort=priorityIndex", "&sort=-priorityIndex", "&sort=unit", "&sort=-id"])
async def test_pages_show_everything_once_in_order(api: Api, order: str) -> None:
    """Following the Link from page to page gives the whole list, in its order, whatever the sort."""
    for number in range(1, 11):
        priority = {} if number % 4 == 0 else {"priorityIndex": number % 3}
        await api.made("/api/jobs", job(number, **priority))
    whole = await ids(api, f"/api/jobs?limit=1000{order}")
    found = await pages(api, f"/api/jobs?limit=3{order}")
    assert [len(page) for page in found] == [3, 3, 3, 1]
    assert [row_id for page in found for row_id in page] == whole


async def test_the_next_page_is_where_the_client_has_found_this_one(api: Api) -> None:
    """Who asks by another name of the server is sent on by that name, whoever has asked for the same list before."""
    for number in range(1, 4):
        await api.made("/api/jobs", job(number))
    for host in ("planta.local:8000", "10.0.0.7", "planta.local:8000"):
        link = (await api.get("/api/jobs?limit=2", Host=host)).headers["Link"]
        assert link.startswith(f"<http://{host}/api/jobs?limit=2&cursor=")


async def test_pages_stay_true_while_rows_come_and_go(api: Api) -> None:
    """What is written between two pages moves nothing: no row is skipped or shown twice."""
    for number in range(1, 7):
        await api.made("/api/jobs", job(number))
    first = await api.get("/api/jobs?limit=3")
    await api.delete("/api/jobs/J-02")
    await api.made("/api/jobs", job(7))
    path = first.headers["Link"].split(">")[0][1:].removeprefix(api.url)
    assert await pages(api, path) == [["J-04", "J-05", "J-06"], ["J-07"]]


async def test_the_total_comes_with_a_limit_and_only_then(api: Api) -> None:
    """`X-Total-Count` counts what the filters leave, not the page."""
    for number in range(1, 6):
        await api.made("/api/jobs", job(number, status="HALTED" if number < 4 else "PENDING"))
    assert (await api.get("/api/jobs?limit=2&status=HALTED")).headers["X-Total-Count"] == "3"
    assert (await api.get("/api/jobs?limit=2&offset=2")).headers["X-Total-Count"] == "5"
    assert "X-Total-Count" not in (await api.get("/api/jobs")).headers
    assert await ids(api, "/api/jobs?limit=2&offset=3") == ["J-04", "J-05"]
    assert await ids(api, "/api/jobs?offset=3") == ["J-04", "J-05"]


async def test_pages_of_events_go_back_in_time(api: Api, now: Clock) -> None:
    """Events come newest first, page by page, also those of one instant."""
    event = {"machineId": "M", "type": "CLEANING", "description": "x", "severity": "INFO"}
    for number in range(6):
        now.move(seconds=number % 2)
        await api.made("/api/events", {**event, "id": f"E-{number}"})
    assert await pages(api, "/api/events?limit=4") == [["E-5", "E-4", "E-3", "E-2"], ["E-1", "E-0"]]


@pytest.mark.parametrize(
    "query",
    [
        "colour=red", "workflowStages=x", "status=NEVER", "isStock=yes", "targetQuantity=many", "limit=0", "limit=1001",
        "limit=x", "limit=1&limit=2", "offset=-1", "cursor=%00", "cursor=e30", "cursor=WzFd&limit=2", "pin=1234",
        "limit=2&offset=2&cursor=WyJhIiwiYiJd", "sort=a&sort=b",
        "cursor=WzE4NDQ2NzQ0MDczNzA5NTUxNjE1LCJhIl0", "cursor=W10", "sort=unit&cursor=W3RydWUsImEiXQ",
        "sort=unit&cursor=W251bGwsbnVsbF0", "sort=unit&cursor=WyJhIiwyXQ", "sort=unit&cursor=W1tdLCJhIl0",
        "targetQuantity=1_0", "targetQuantity=%201", "targetQuantity=%D9%A1", "targetQuantity=0x1",
        "targetQuantity=nan_", "limit=%D9%A1",
    ],
)  # fmt: skip
async def test_what_a_list_cannot_be_asked_is_refused_by_name(api: Api, query: str) -> None:
    """Unknown names and impossible values are 422, never ignored and never a fault of the server."""
    answer = await api.get(f"/api/jobs?{query}")
    assert answer.status == 422, answer.body
    assert answer.json["errors"]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
async def test_numbers_that_are_none_find_nothing(api: Api, value: str) -> None:
    """Not a number and infinity are refused."""
    assert (await api.get(f"/api/jobs?targetQuantity={value}")).status == 422


async def test_an_operator_cannot_ask_for_what_they_do_not_see(api: Api) -> None:
    """Contact details cannot be filtered, sorted or searched by an operator: an answer would give them away."""
    await api.made("/api/clients", {"id": "C", "name": "Estudio", "phone": "555-1234"})
    assert await ids(api, "/api/clients?phone=555-1234") == ["C"]
    assert (await api.get("/api/clients?phone=555-1234", "OPERATOR")).status == 422
    assert (await api.get("/api/clients?sort=phone", "OPERATOR")).status == 422
    assert await ids(api, "/api/clients?q=555", "OPERATOR") == []
    assert await ids(api, "/api/clients?q=555") == ["C"]


async def test_alerts_are_filtered_by_whether_they_are_dismissed(api: Api) -> None:
    """Without the parameter the open ones, with it those asked for, both if it is given twice."""
    for name, dismissed in (("a", False), ("b", True)):
        body = {"id": name, "type": "LOW_STOCK", "message": "x", "severity": "LOW", "dismissed": dismissed}
        await api.made("/api/alerts", body)
    assert await ids(api, "/api/alerts") == ["a"]
    assert await ids(api, "/api/alerts?dismissed=true") == ["b"]
    assert set(await ids(api, "/api/alerts?dismissed=true&dismissed=false")) == {"a", "b"}


async def test_read_messages_are_each_readers_own(api: Api) -> None:
    """`isRead=true` finds a message to ALL for who has read it, and not for the others."""
    await api.made("/api/messages", {"id": "M", "to": "ALL", "content": "x"})
    await api.patch("/api/messages/M", {"isRead": True}, "OPERATOR")
    assert await ids(api, "/api/messages?isRead=true", "OPERATOR") == ["M"]
    assert await ids(api, "/api/messages?isRead=true", "OTHER") == []
    assert await ids(api, "/api/messages?isRead=false", "OTHER") == ["M"]
    assert (await api.get("/api/messages?all=true", "OPERATOR")).status == 403


async def test_an_unchanged_list_is_304(api: Api) -> None:
    """The tag of a list holds until the list changes, and comes with what lets a browser use it by itself."""
    await api.made("/api/jobs", job(1))
    first = await api.get("/api/jobs")
    assert first.headers["Cache-Control"] == "no-cache"
    again = await api.get("/api/jobs", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    await api.made("/api/machines", MACHINE)
    assert (await api.get("/api/jobs", If_None_Match=first.headers["ETag"])).status == 304
    await api.patch("/api/jobs/J-01", {"status": "HALTED"})
    changed = await api.get("/api/jobs", If_None_Match=f'"other", {first.headers["ETag"]}')
    assert changed.status == 200
    assert changed.json[0]["status"] == "HALTED"


async def test_lists_are_each_callers_own(api: Api) -> None:
    """A ready list is never given to somebody who sees less, nor is its tag taken for theirs."""
    await api.made("/api/clients", {"id": "C", "name": "Estudio", "phone": "555-1234"})
    await api.made("/api/messages", {"id": "M", "to": ID["OPERATOR"], "content": "x"})
    tag = (await api.get("/api/clients")).headers["ETag"]
    answer = await api.get("/api/clients", "OPERATOR", If_None_Match=tag)
    assert answer.status == 200
    assert "phone" not in answer.json[0]
    assert await ids(api, "/api/messages", "OPERATOR") == ["M"]
    assert await ids(api, "/api/messages", "OTHER") == []
    assert (await api.get("/api/users")).status == 200
    assert (await api.get("/api/users", "OPERATOR")).status == 403


async def test_an_object_is_304_until_it_changes(api: Api) -> None:
    """The tag that POST, GET and PATCH give is the same one while the object is the same."""
    made = await api.post("/api/jobs", job(1))
    tag = made.headers["ETag"]
    assert (await api.get("/api/jobs/J-01", If_None_Match=tag)).status == 304
    assert (await api.ask("HEAD", "/api/jobs/J-01", If_None_Match=tag)).status == 304
    assert (await api.ask("HEAD", "/api/jobs")).headers["ETag"] == (await api.get("/api/jobs")).headers["ETag"]
    patched = await api.patch("/api/jobs/J-01", {"status": "HALTED"})
    assert patched.headers["ETag"] != tag
    assert (await api.get("/api/jobs/J-01", If_None_Match=tag)).status == 200
    assert (await api.get("/api/jobs/J-01")).headers["ETag"] == patched.headers["ETag"]


async def test_if_match_that_names_nothing_matches_nothing(api: Api) -> None:
    """Empty, weak or garbled: such a condition holds for no object, and nothing is changed on it."""
    tag = (await api.post("/api/jobs", job(1))).headers["ETag"]
    for condition in ("", " ", f"W/{tag}", tag.strip('"'), '"', '"é"', ","):
        assert (await api.patch("/api/jobs/J-01", {"unit": "kg"}, If_Match=condition)).status == 412, condition
        assert (await api.delete("/api/jobs/J-01", If_Match=condition)).status == 412, condition
    assert (await api.patch("/api/jobs/J-01", {"unit": "kg"}, If_Match=f'"x", {tag}')).status == 200


async def test_if_match_protects_what_somebody_else_changed(api: Api) -> None:
    """A change or delete based on an older state is 412 and does nothing; on the present state it goes through."""
    old = (await api.post("/api/jobs", job(1))).headers["ETag"]
    new = (await api.patch("/api/jobs/J-01", {"status": "HALTED"}, If_Match=old)).headers["ETag"]
    refused = await api.patch("/api/jobs/J-01", {"status": "PENDING"}, If_Match=old)
    assert (refused.status, refused.json["status"]) == (412, 412)
    assert (await api.delete("/api/jobs/J-01", If_Match=old)).status == 412
    assert (await api.get("/api/jobs/J-01")).json["status"] == "HALTED"
    assert (await api.patch("/api/jobs/J-01", {"unit": "kg"}, If_Match="*")).status == 200
    assert (await api.delete("/api/jobs/J-01", If_Match=new)).status == 412
    assert (
        await api.delete("/api/jobs/J-01", If_Match=(await api.get("/api/jobs/J-01")).headers["ETag"])
    ).status == 200


async def test_a_projects_tag_covers_its_jobs_but_protects_the_project(api: Api) -> None:
    """A new job makes the project's page another one, yet does not stand in the way of changing the project."""
    project = {"id": "P-1", "name": "Casa", "deadline": "2027-02-01"}
    await api.made("/api/projects", project)
    tag = (await api.get("/api/projects/P-1")).headers["ETag"]
    await api.made("/api/jobs", job(1))
    page = await api.get("/api/projects/P-1", If_None_Match=tag)
    assert page.status == 200
    assert [j["id"] for j in page.json["jobs"]] == ["J-01"]
    assert (await api.patch("/api/projects/P-1", {"name": "Casa 2"}, If_Match=tag)).status == 200


async def test_a_list_field_of_timestamps_is_as_it_was_sent(api: Api) -> None:
    """Filtering by a moment's text finds what was stored as sent."""
    made = await api.made("/api/alerts", {"id": "a", "type": "LOW_STOCK", "message": "x", "severity": "LOW"})
    assert made["timestamp"] == START_ISO
    assert await ids(api, f"/api/alerts?timestamp={START_ISO}") == ["a"]


async def test_ready_lists_are_bounded_in_number(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for ever new queries does not fill the memory; what is asked for often stays ready."""
    monkeypatch.setattr(lists, "MAX_LISTS", 8)
    kept: list[lists.Lists] = []
    monkeypatch.setattr(wiring, "Lists", lambda: kept.append(lists.Lists()) or kept[-1])
    async with serve() as api:
        for number in range(40):
            assert await ids(api, f"/api/jobs?q={number}") == []
    assert len(kept[0]._ready) == 8


async def test_an_object_that_many_ask_for_at_once_is_kept_once(data_dir: Path, now: Clock) -> None:
    """As when all terminals hear of a change: what is ready counts as what it is, or there would soon be no room."""
    async with app.opened(Folder(data_dir), now) as plant:
        noun, ready = Rows(MACHINES, plant.store), Objects()
        await noun.create(OWNER, {"id": "M-1", "name": "Torno", "type": "CARGA"})
        await asyncio.gather(*(ready.get(noun, OWNER, "M-1") for _ in range(20)))
        once = ready._bytes
        ready.changed([("machines", "M-1")])
        assert (ready._bytes, once) == (0, len((await ready.get(noun, OWNER, "M-1")).body) + OVERHEAD)
