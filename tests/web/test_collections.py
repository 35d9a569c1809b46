"""Every collection does what docs promise of all ten."""

import re
from typing import Any

import pytest

from tests.plant import START_ISO, Api
from tests.web.contract import CHANGEABLE, COLLECTIONS, PATHS, F, answered, full, minimal

ID_OF_SERVER = re.compile(r"[A-Za-z0-9._:-]{1,128}")

each = pytest.mark.parametrize("path", PATHS)
each_changeable = pytest.mark.parametrize("path", CHANGEABLE)


def wrong(field: F) -> list[Any]:
    """Values of other types, and values beside the point."""
    strings = ["", "x", "12"]
    match field.kind:
        case "text" | "long":
            return [5, 1.5, True, ["x"], {"x": 1}, "a\x00b"]
        case "number":
            return [*strings, True, [1], {}]
        case "integer":
            return [*strings, True, 1.5, [1], {}, 2**53 + 2]
        case "flag":
            return ["true", 0, 1, "", [], {}]
        case "choice":
            return ["", "NOPE", field.choices[0].lower() + "x", f" {field.choices[0]}", 0, True, [field.choices[0]]]
        case "moment":
            strings = [
                "",
                "yesterday",
                "2026-13-01",
                "2026-02-30",
                "01/02/2026",
                "20260102",
                "2026-W01-1",
                "2026-01-01\x0010:00",
                "x" * 65,
            ]
            return [*strings, "0001-01-01T00:00:00+10:00", "9999-12-31T23:00:00-10:00", 1770624000, True, []]
        case "ids":
            return ["U-1", 5, {}, [5], [None], [["U-1"]], ["a\x00b"], [""]]
        case "stages":
            good = {"name": "CORTE", "isCompleted": True}
            bad = [
                {},
                {**good, "name": "PULIDO"},
                {**good, "isCompleted": "yes"},
                {**good, "extra": 1},
                {"name": "CORTE"},
            ]
            return ["CORTE", 5, good, [5], *[[good, one] for one in bad], [{**good, "completedAt": "soon"}]]
        case "pin":
            return ["", "123", "123456789", "12a4", "1234 ", "١٢٣٤", 1234, True, [], "1234\n"]
    raise AssertionError(field.kind)


@each
async def test_minimal(api: Api, path: str) -> None:
    """The required fields alone create an object; the answer is complete and the same as when it is read."""
    body = minimal(path)
    answer = await api.post(f"/api/{path}", body)
    made = answer.json
    assert answer.status == 201
    assert answer.headers["Content-Type"].startswith("application/json")
    assert ID_OF_SERVER.fullmatch(made["id"])
    assert made == {"id": made["id"], **answered(path, body, START_ISO)}
    read = await api.get(f"/api/{path}/{made['id']}")
    assert read.status == 200
    assert read.json == ({**made, "jobs": []} if path == "projects" else made)


@each
async def test_every_field(api: Api, path: str) -> None:
    """Every field comes back as it was sent: on create, on read, in the list."""
    body = full(path, id="X-1")
    expected = answered(path, body, START_ISO)
    assert (await api.made(f"/api/{path}", body)) == expected
    read = (await api.get(f"/api/{path}/X-1")).json
    assert read == ({**expected, "jobs": []} if path == "projects" else expected)
    listed = (await api.get(f"/api/{path}" + ("?dismissed=true" if path == "alerts" else ""))).json
    assert [one for one in listed if one["id"] == "X-1"] == [expected]


@each_changeable
async def test_every_field_by_patch(api: Api, path: str) -> None:
    """Every field can be changed by itself, and nothing else changes with it."""
    made = await api.made(f"/api/{path}", minimal(path, id="X-1"))
    for name, value in full(path).items():
        answer = await api.patch(f"/api/{path}/X-1", {name: value})
        made |= answered(path, {**made, name: value}, START_ISO)
        assert (answer.status, answer.json) == (200, made), name


@each_changeable
async def test_null_clears(api: Api, path: str) -> None:
    """`null` clears an optional field: it goes back to its default or is left out; a required one refuses it."""
    made = await api.made(f"/api/{path}", full(path, id="X-1"))
    for name, field in COLLECTIONS[path].items():
        answer = await api.patch(f"/api/{path}/X-1", {name: None})
        if field.required:
            assert answer.status == 422, name
            continue
        assert answer.status == 200, name
        del made[name]
        if field.default_answered:
            made |= answered(path, {**made}, START_ISO)
        assert answer.json == made, name
    assert (await api.get(f"/api/{path}/X-1")).json == ({**made, "jobs": []} if path == "projects" else made)


@each
async def test_null_on_create(api: Api, path: str) -> None:
    """On create `null` is as good as leaving an optional field out."""
    required = minimal(path)
    nulls = {name: None for name, field in COLLECTIONS[path].items() if not field.required}
    made = await api.made(f"/api/{path}", {**required, **nulls, "id": None})
    assert made == {"id": made["id"], **answered(path, required, START_ISO)}


@each
async def test_required(api: Api, path: str) -> None:
    """Each required field is missed by its name; null and empty are no values."""
    for name, field in COLLECTIONS[path].items():
        if not field.required:
            continue
        body = minimal(path)
        without = {key: value for key, value in body.items() if key != name}
        for sent in (without, {**body, name: None}, {**body, name: ""}):
            answer = await api.post(f"/api/{path}", sent)
            assert answer.status == 422, (name, sent)
            assert [error["field"] for error in answer.json["errors"]] == [name]
    assert {error["field"] for error in (await api.post(f"/api/{path}", {})).json["errors"]} == {
        name for name, field in COLLECTIONS[path].items() if field.required
    }


@each
async def test_wrong_values(api: Api, path: str) -> None:
    """A wrong type or value is refused with the field's name, on create and on change; nothing is kept."""
    changeable = path in CHANGEABLE
    stored = await api.made(f"/api/{path}", full(path, id="X-1"))
    for name, field in COLLECTIONS[path].items():
        for value in wrong(field):
            answers = [await api.post(f"/api/{path}", minimal(path, id="X-2", **{name: value}))]
            if changeable:
                answers.append(await api.patch(f"/api/{path}/X-1", {name: value}))
            for answer in answers:
                assert answer.status == 422, (name, value, answer.body)
                assert {error["field"].split(".")[0] for error in answer.json["errors"]} == {name}
                assert all(error["msg"] for error in answer.json["errors"])
    assert (await api.get(f"/api/{path}/X-2")).status == 404
    read = (await api.get(f"/api/{path}/X-1")).json
    assert {**read, "jobs": None} == {**stored, "jobs": None}


@each
async def test_choices(api: Api, path: str) -> None:
    """Every value of an enum is taken."""
    for name, field in COLLECTIONS[path].items():
        for value in field.choices:
            assert (await api.made(f"/api/{path}", minimal(path, **{name: value})))[name] == value


@each
async def test_ranges(api: Api, path: str) -> None:
    """A range includes its ends and nothing beyond."""
    for name, field in COLLECTIONS[path].items():
        for edge, outside in ((field.low, -0.001), (field.high, 0.001)):
            if edge is None:
                continue
            assert (await api.made(f"/api/{path}", minimal(path, **{name: edge})))[name] == edge
            answer = await api.post(f"/api/{path}", minimal(path, **{name: edge + outside}))
            assert answer.status == 422, name
            assert [error["field"] for error in answer.json["errors"]] == [name]
        if field.kind == "number" and field.low is None:
            assert (await api.made(f"/api/{path}", minimal(path, **{name: -1e9})))[name] == -1e9
        if field.kind == "number" and field.high is None:
            large = 1e15 if field.counter else 1e18
            assert (await api.made(f"/api/{path}", minimal(path, **{name: large})))[name] == large


@each
async def test_string_limits(api: Api, path: str) -> None:
    """Text is taken up to its limit in characters, not bytes, and stored as it was sent."""
    for name, field in COLLECTIONS[path].items():
        if field.kind not in ("text", "long"):
            continue
        limit = 65_536 if field.kind == "long" else 4_096
        longest = " " + "ñ" * (limit - 2) + "\n"
        assert (await api.made(f"/api/{path}", minimal(path, **{name: longest})))[name] == longest
        answer = await api.post(f"/api/{path}", minimal(path, **{name: longest + "x"}))
        assert answer.status == 422, name
        assert [error["field"] for error in answer.json["errors"]] == [name]


@each
async def test_unknown_field(api: Api, path: str) -> None:
    """A field that nobody knows is refused by its name, and so are those that the server keeps for itself."""
    await api.made(f"/api/{path}", minimal(path, id="X-1"))
    for name in ("nombre", "pinHash", "pinLookup", "senderId", "readBy", "receivedAt", "_life", "jobs", "createdAt"):
        answers = [await api.post(f"/api/{path}", minimal(path, **{name: "x"}))]
        if path in CHANGEABLE:
            answers.append(await api.patch(f"/api/{path}/X-1", {name: "x"}))
        for answer in answers:
            assert answer.status == 422, name
            assert [error["field"] for error in answer.json["errors"]] == [name]


@each
async def test_chosen_ids(api: Api, path: str) -> None:
    """A client may choose the id; what is no id is refused."""
    for good in ("a", "M-01", "JOBS-1770624000118-k3m9x2", "a.b_c:d-E9", "x" * 128):
        assert (await api.made(f"/api/{path}", minimal(path, id=good)))["id"] == good
        assert (await api.get(f"/api/{path}/{good}")).status == 200
    for bad in ("", "x" * 129, "a b", "a/b", "ñ", "a\n", "a\x00", "a%20", 5, True, ["a"], {}):
        answer = await api.post(f"/api/{path}", minimal(path, id=bad))
        assert answer.status == 422, bad
        assert [error["field"] for error in answer.json["errors"]] == ["id"]


@each
async def test_retry(api: Api, path: str) -> None:
    """The same POST again answers 200 with the stored object; other content under the same id is a conflict."""
    for body in (minimal(path, id="X-1"), full(path, id="X-2")):
        made = await api.made(f"/api/{path}", body)
        again = await api.post(f"/api/{path}", body)
        assert (again.status, again.json) == (200, made)
        name = next(n for n, f in COLLECTIONS[path].items() if f.kind in ("text", "long"))
        other = await api.post(f"/api/{path}", {**body, name: "otra cosa"})
        assert other.status == 409
        assert body["id"] in other.json["detail"]


@each_changeable
async def test_delete(api: Api, path: str) -> None:
    """A deleted object is gone from everywhere; its id is not given out again."""
    body = minimal(path, id="X-1")
    await api.made(f"/api/{path}", body)
    answer = await api.delete(f"/api/{path}/X-1")
    assert (answer.status, answer.json) == (200, {"ok": True})
    assert (await api.get(f"/api/{path}/X-1")).status == 404
    assert (await api.patch(f"/api/{path}/X-1", {})).status == 404
    assert (await api.delete(f"/api/{path}/X-1")).status == 404
    assert "X-1" not in [one["id"] for one in (await api.get(f"/api/{path}")).json]
    assert (await api.post(f"/api/{path}", body)).status == 409


@each_changeable
async def test_patch_id(api: Api, path: str) -> None:
    """The id in the body of a PATCH must be that of the path."""
    made = await api.made(f"/api/{path}", minimal(path, id="X-1"))
    assert (await api.patch(f"/api/{path}/X-1", {})).json == made
    assert (await api.patch(f"/api/{path}/X-1", {"id": "X-1"})).json == made
    answer = await api.patch(f"/api/{path}/X-1", {"id": "X-2"})
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == ["id"]


@each_changeable
async def test_whole_object_sent_back(api: Api, path: str) -> None:
    """A form that sends back everything it was given changes nothing."""
    made = await api.made(f"/api/{path}", full(path, id="X-1"))
    answer = await api.patch(f"/api/{path}/X-1", made)
    assert (answer.status, answer.json) == (200, made)


@each
async def test_unknown_id(api: Api, path: str) -> None:
    """An unknown id is 404 and the sentence names it."""
    for method in ("GET",) if path == "events" else ("GET", "PATCH", "DELETE"):
        answer = await api.ask(method, f"/api/{path}/NO-SUCH", {} if method == "PATCH" else None)
        assert answer.status == 404
        assert "NO-SUCH" in answer.json["detail"]


@each
async def test_list_order(api: Api, path: str) -> None:
    """Lists are bare arrays: events and alerts newest first, everything else as it was created."""
    ids = [f"X-{number}" for number in (3, 1, 2, 9, 5)]
    for row_id in ids:
        await api.made(f"/api/{path}", minimal(path, id=row_id))
    answer = await api.get(f"/api/{path}")
    listed = answer.json
    assert isinstance(listed, list)
    assert [one["id"] for one in listed if one["id"] in ids] == (ids[::-1] if path in ("events", "alerts") else ids)
    assert answer.headers["Cache-Control"] == "no-cache"


async def test_unset_fields_left_out(api: Api) -> None:
    """`null` is only ever sent for a machine's `currentJobId`, not even inside a job's stages."""
    stages = [{"name": "CORTE", "isCompleted": False, "completedAt": None}]
    made = await api.made("/api/jobs", minimal("jobs", workflowStages=stages))
    assert made["workflowStages"] == [{"name": "CORTE", "isCompleted": False}]


async def test_whole_numbers_stay_whole(api: Api) -> None:
    """118.0 is 118, and fractions are kept to the last digit."""
    answer = await api.post("/api/jobs", minimal("jobs", targetQuantity=118.0, completedQuantity=0.1 + 0.2))
    assert b'"targetQuantity":118,' in answer.body
    assert b'"completedQuantity":0.30000000000000004' in answer.body


async def test_timestamps_kept(api: Api) -> None:
    """A timestamp is kept in the form it was sent in."""
    for sent in (
        "2026-05-01T10:00:00Z",
        "2026-05-01T10:00:00-03:00",
        "2026-05-01 10:00",
        "2026-05-01",
        "2026-05-01T10:00:00.123456Z",
    ):
        assert (await api.made("/api/events", minimal("events", timestamp=sent)))["timestamp"] == sent
        assert (await api.made("/api/projects", minimal("projects", deadline=sent)))["deadline"] == sent
