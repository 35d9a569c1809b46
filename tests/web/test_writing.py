"""Writing safely: retries, differences instead of values, and what is refused because others hang on it."""

from typing import Any

import pytest

from tests.plant import Api, Clock, Serve

EVENT = {"machineId": "M", "type": "CLEANING", "description": "x", "severity": "INFO"}
ITEM = {"id": "I", "name": "Tornillos", "sku": "T", "unit": "kg", "quantity": 100}
MACHINE = {"id": "M", "name": "Conf", "type": "CONFORMADORA", "operatorIds": ["U-1", "U-2"]}
PROJECT = {"id": "P", "name": "Casa", "deadline": "2027-06-01", "clientId": "C"}
JOB = {"id": "J", "projectId": "P", "machineType": "CARGA", "productName": "Perfil", "targetQuantity": 1, "unit": "m"}


async def test_a_request_sent_twice_is_done_once(serve: Serve, now: Clock) -> None:
    """Same key and body: the first answer again, also after a restart and when the object has changed since."""
    async with serve() as api:
        first = await api.post("/api/messages", {"to": "ALL", "content": "hola"}, Idempotency_Key="k-1")
        assert first.status == 201
        await api.patch(f"/api/messages/{first.json['id']}", {"content": "adiós"})
    now.move(hours=1)
    async with serve() as api:
        again = await api.post("/api/messages", {"to": "ALL", "content": "hola"}, Idempotency_Key="k-1")
        assert (again.status, again.body) == (201, first.body)
        assert again.headers["ETag"] == first.headers["ETag"]
        assert len((await api.get("/api/messages?all=true")).json) == 1


async def test_a_key_belongs_to_one_request(api: Api) -> None:
    """Another body or collection under the same key is 422; another user's key is another key."""
    assert (await api.post("/api/events", EVENT, Idempotency_Key="k")).status == 201
    other = await api.post("/api/events", {**EVENT, "description": "y"}, Idempotency_Key="k")
    assert (other.status, other.json["type"]) == (422, "/problems/key-reused")
    assert (await api.post("/api/messages", {"to": "ALL", "content": "x"}, Idempotency_Key="k")).status == 422
    assert (await api.post("/api/events", EVENT, "OPERATOR", Idempotency_Key="k")).status == 201
    assert len((await api.get("/api/events")).json) == 2


async def test_a_difference_sent_twice_counts_once(serve: Serve) -> None:
    """A PATCH takes a key too: the first answer again, across a restart, though its If-Match holds no longer."""
    async with serve() as api:
        made = await api.post("/api/inventory", ITEM)
        sent = {"Idempotency_Key": "k", "If_Match": made.headers["ETag"]}
        first = await api.patch("/api/inventory/I", {"quantity": {"add": -20}}, **sent)
        assert (first.status, first.json["quantity"]) == (200, 80)
    async with serve() as api:
        again = await api.patch("/api/inventory/I", {"quantity": {"add": -20}}, **sent)
        assert (again.status, again.body, again.headers["ETag"]) == (200, first.body, first.headers["ETag"])
        assert (await api.get("/api/inventory/I")).json["quantity"] == 80


async def test_a_key_belongs_to_one_change(api: Api) -> None:
    """The same change of another object, or another change, under the same key is 422; what failed keeps no answer."""
    await api.made("/api/inventory", ITEM)
    await api.made("/api/inventory", {**ITEM, "id": "I-2", "sku": "T-2"})
    add = {"quantity": {"add": 1}}
    assert (await api.patch("/api/inventory/I-3", add, Idempotency_Key="k")).status == 404
    assert (await api.patch("/api/inventory/I", add, Idempotency_Key="k")).status == 200
    assert (await api.patch("/api/inventory/I-2", add, Idempotency_Key="k")).status == 422
    assert (await api.patch("/api/inventory/I", {"quantity": {"add": 2}}, Idempotency_Key="k")).status == 422
    assert (await api.patch("/api/inventory/I", add, "SUPERVISOR", Idempotency_Key="k")).json["quantity"] == 102


async def test_a_key_holds_for_a_day(serve: Serve, now: Clock) -> None:
    """After 24 hours the same key is a new request."""
    async with serve() as api:
        await api.post("/api/events", EVENT, Idempotency_Key="k")
        now.move(hours=25)
        token = await api.token("11112222")
        assert (await api.post("/api/events", EVENT, token, Idempotency_Key="k")).status == 201
        assert len((await api.get("/api/events", token)).json) == 2


async def test_a_refused_request_keeps_no_answer(api: Api) -> None:
    """What failed may be tried again under its key, and a user's PIN is no difference that a retry could not have."""
    await api.made("/api/inventory", ITEM)
    twin = {**ITEM, "id": "I-2"}
    assert (await api.post("/api/inventory", twin, Idempotency_Key="k")).status == 409
    await api.delete("/api/inventory/I")
    assert (await api.post("/api/inventory", twin, Idempotency_Key="k")).status == 201
    user = {"name": "Nora", "role": "OPERATOR", "pin": "90909090"}
    first = await api.post("/api/users", user, Idempotency_Key="u")
    again = await api.post("/api/users", user, Idempotency_Key="u")
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert (await api.post("/api/users", {**user, "pin": "90909091"}, Idempotency_Key="u")).status == 422


@pytest.mark.parametrize("key", ["", "x" * 256, "\t"])
async def test_a_key_that_cannot_be_one_is_refused(api: Api, key: str) -> None:
    """1 to 255 printable characters."""
    assert (await api.post("/api/events", EVENT, Idempotency_Key=key)).status == 422


async def test_counters_take_differences(api: Api) -> None:
    """`{"add": n}` is exact, decimals too, whatever the value is by now; a bare value is still a value."""
    await api.made("/api/inventory", ITEM)
    for change, expected in (({"add": -20}, 80), ({"add": 0.1}, 80.1), ({"add": 0.2}, 80.3), (5, 5), ({"add": -6}, -1)):
        answer = await api.patch("/api/inventory/I", {"quantity": change}, "OPERATOR")
        assert (answer.status, answer.json["quantity"]) == (200, expected)


async def test_a_counter_keeps_its_range(api: Api) -> None:
    """Metres produced cannot become less than nothing."""
    await api.made("/api/machines", MACHINE)
    answer = await api.patch("/api/machines/M", {"totalMetersProduced": {"add": -1}})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "totalMetersProduced")


@pytest.mark.parametrize("value", [10**15 + 1, -(10**15) - 1, 1e300, {"add": 1e300}, {"add": 10**15 - 99}])
async def test_a_counter_stays_where_decimals_are_exact(api: Api, value: Any) -> None:
    """A value or a total beyond ±10^15 is refused by the field's name; up to there all is taken."""
    await api.made("/api/inventory", ITEM)
    answer = await api.patch("/api/inventory/I", {"quantity": value})
    assert answer.status == 422
    (fault,) = answer.json["errors"]
    assert fault["field"].partition(".")[0] == "quantity"
    assert "000000000000000" in fault["msg"]
    assert (await api.get("/api/inventory/I")).json["quantity"] == 100
    if not isinstance(value, dict):
        made = await api.post("/api/inventory", {**ITEM, "id": "I-2", "sku": "T-2", "quantity": value})
        assert made.status == 422
    for good in (10**15, -(10**15), {"add": 2 * 10**15}):
        assert (await api.patch("/api/inventory/I", {"quantity": good})).status == 200
    assert (await api.get("/api/inventory/I")).json["quantity"] == 10**15


@pytest.mark.parametrize(
    "number",
    ["1.0", "-0.0", "0.1", "9007199254740992", "9007199254740993", "9007199254740994.0", "1e16", "-123456789012345678",
     "9223372036854774784.0", "-9223372036854774784", "9223372036854775807", "-9223372036854775808", "1e19", "1e308"],
)  # fmt: skip
async def test_a_number_is_read_as_it_was_answered(serve: Serve, number: str) -> None:
    """The same bytes and the same entity tag, also of one that a double does not hold exactly, and after a restart."""
    raw = f'{{"id": "M", "name": "x", "type": "CONFORMADORA", "temperature": {number}}}'.encode()
    async with serve() as api:
        seen = [await api.ask("POST", "/api/machines", raw=raw), await api.get("/api/machines/M")]
        assert [answer.status for answer in seen] == [201, 200]
        assert seen[0].json["temperature"] == float(number)
        assert (await api.get("/api/machines")).json[-1] == seen[0].json
    async with serve() as api:
        seen += [await api.get("/api/machines/M"), await api.patch("/api/machines/M", {"name": "x"})]
    assert len({(answer.headers["ETag"], answer.body) for answer in seen}) == 1


async def test_the_same_elements_in_another_order_are_no_change(api: Api) -> None:
    """A set sent back otherwise sorted keeps its version, and nothing is logged."""
    made = await api.post("/api/machines", MACHINE)
    answer = await api.patch("/api/machines/M", {"operatorIds": ["U-2", "U-1", "U-2"]})
    assert (answer.status, answer.json) == (200, made.json)
    assert answer.headers["ETag"] == made.headers["ETag"]
    (entry,) = (await api.get("/api/system/changes?rowId=M")).json
    assert entry["kind"] == "create"
    again = await api.post("/api/machines", {**MACHINE, "id": "M-2", "operatorIds": ["U-1", "U-1"]})
    assert (again.status, again.json["operatorIds"]) == (201, ["U-1"])
    assert (await api.post("/api/machines", {**MACHINE, "id": "M-2", "operatorIds": ["U-1", "U-1"]})).status == 200


async def test_an_emptied_set_is_there(api: Api) -> None:
    """All taken off is an empty list; a job's may be unset and is left out then."""
    await api.made("/api/machines", MACHINE)
    assert (await api.patch("/api/machines/M", {"operatorIds": []})).json["operatorIds"] == []
    assert (await api.patch("/api/machines/M", {"operatorIds": None})).json["operatorIds"] == []
    await api.made("/api/jobs", {**JOB, "operatorIds": ["U-1"]})
    assert (await api.patch("/api/jobs/J", {"operatorIds": []})).json["operatorIds"] == []
    assert "operatorIds" not in (await api.patch("/api/jobs/J", {"operatorIds": None})).json
    assert (await api.patch("/api/jobs/J", {"operatorIds": ["U-2"]})).json["operatorIds"] == ["U-2"]


async def test_a_set_has_each_element_once(api: Api) -> None:
    """However often it is sent; a retry of such a body is one."""
    made = {**MACHINE, "operatorIds": ["U-1", "U-2", "U-1"]}
    assert (await api.post("/api/machines", made)).json["operatorIds"] == ["U-1", "U-2"]
    assert (await api.post("/api/machines", made)).status == 200
    assert (await api.patch("/api/machines/M", {"operatorIds": ["U-3", "U-3"]})).json["operatorIds"] == ["U-3"]


async def test_a_list_has_a_thousand_elements_at_most(api: Api) -> None:
    """Sent whole or added bit by bit; what is in it already does not count twice, and taking out makes room."""
    ids = [f"U-{number}" for number in range(1_001)]
    refused = await api.post("/api/machines", {**MACHINE, "operatorIds": ids})
    assert (refused.status, [fault["field"] for fault in refused.json["errors"]]) == (422, ["operatorIds"])
    await api.made("/api/machines", {**MACHINE, "operatorIds": ids[:999]})
    assert (await api.patch("/api/machines/M", {"operatorIds": {"add": ids[998:1_000]}})).status == 200
    full = await api.patch("/api/machines/M", {"operatorIds": {"add": ids[1_000:]}}, Accept_Language="es")
    assert full.json["errors"] == [{"field": "operatorIds", "msg": "tendría más de 1000 elementos"}]
    assert (await api.patch("/api/machines/M", {"operatorIds": {"add": ids[1_000:], "remove": ids[:1]}})).status == 200
    stages = [{"name": "CORTE", "isCompleted": False}] * 1_001
    assert (await api.post("/api/jobs", {**JOB, "workflowStages": stages})).status == 422


async def test_sets_take_differences(api: Api) -> None:
    """`add` and `remove` act on what is there by now; what is present already is not added again."""
    await api.made("/api/machines", MACHINE)
    change = {"add": ["U-2", "U-3", "U-3"], "remove": ["U-1", "U-9"]}
    assert (await api.patch("/api/machines/M", {"operatorIds": change})).json["operatorIds"] == ["U-2", "U-3"]
    assert (await api.patch("/api/machines/M", {"operatorIds": {"add": ["U-4"]}})).json["operatorIds"][-1] == "U-4"
    assert (await api.patch("/api/machines/M", {"operatorIds": ["U-7"]})).json["operatorIds"] == ["U-7"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("inventory/I", {"quantity": {}}, "quantity.add"),
        ("inventory/I", {"quantity": {"add": "1"}}, "quantity.add"),
        ("inventory/I", {"quantity": {"add": 1, "set": 2}}, "quantity.set"),
        ("inventory/I", {"quantity": "1"}, "quantity"),
        ("inventory/I", {"minThreshold": {"add": 1}}, "minThreshold"),
        ("machines/M", {"operatorIds": {"add": "U-1"}}, "operatorIds.add"),
        ("machines/M", {"operatorIds": {"remove": [1]}}, "operatorIds.remove.0"),
    ],
)
async def test_a_difference_that_is_none_is_named(api: Api, path: str, body: dict[str, Any], field: str) -> None:
    """Every part of a difference is checked, and only counters and sets take one."""
    await api.made("/api/inventory", ITEM)
    await api.made("/api/machines", MACHINE)
    answer = await api.patch(f"/api/{path}", body)
    assert answer.status == 422
    assert [fault["field"] for fault in answer.json["errors"]] == [field]


async def test_what_others_need_is_not_deleted_unless_forced(api: Api) -> None:
    """A client with open projects, a project with unfinished jobs: 409 that names them; an ADMIN may insist."""
    await api.made("/api/clients", {"id": "C", "name": "Estudio"})
    await api.made("/api/projects", PROJECT)
    await api.made("/api/jobs", JOB)
    client = await api.delete("/api/clients/C", "SUPERVISOR", Accept_Language="es")
    assert client.status == 409
    assert "Casa" in client.json["detail"]
    project = await api.delete("/api/projects/P")
    assert project.status == 409
    assert "Perfil" in project.json["detail"]
    assert (await api.delete("/api/projects/P?force=true", "SUPERVISOR")).status == 409
    assert (await api.delete("/api/projects/P?force=true")).status == 200
    assert (await api.delete("/api/clients/C", "SUPERVISOR")).status == 200


async def test_what_is_finished_stands_in_nobodys_way(api: Api) -> None:
    """Completed jobs and archived projects block nothing."""
    await api.made("/api/clients", {"id": "C", "name": "Estudio"})
    await api.made("/api/projects", PROJECT)
    await api.made("/api/jobs", {**JOB, "status": "COMPLETED"})
    await api.patch("/api/projects/P", {"status": "ARCHIVED"})
    assert (await api.delete("/api/clients/C", "SUPERVISOR")).status == 200
    assert (await api.delete("/api/projects/P", "SUPERVISOR")).status == 200
