"""Files that come in: one at a time."""

import asyncio

import orjson
import pytest

from tests.plant import Api, Serve
from tests.web.contract import minimal
from tests.web.test_hostile import HURRIED, JSON, head, import_begun, problem, wire


async def test_one_at_a_time(api: Api) -> None:
    """While a file comes in a second one is refused, before its body is read, with when to try again."""
    body = orjson.dumps({"machines": [minimal("machines", id="M-1")]})
    async with wire(api) as slow, wire(api) as second:
        await slow.say(head(api, "POST /api/system/import", JSON, f"Content-Length: {len(body)}", "Connection: close"))
        await import_begun(api)
        await second.say(head(api, "POST /api/system/import", JSON, f"Content-Length: {200 * 2**20}"))
        answer = await asyncio.wait_for(second.reader.readuntil(b"}"), 20)
        assert problem(answer, 503)["type"] == "/problems/import-running"
        assert b"Retry-After: 10" in answer
        for language, word in (("es", "importando"), ("en", "imported")):
            refused = await api.post("/api/system/import", {"machines": []}, Accept_Language=language)
            assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
            assert word in refused.json["detail"]
        assert (await api.post("/api/system/import", {"machines": []}, "SUPERVISOR")).status == 403
        assert (await api.get("/api/machines")).status == 200
        await slow.say(body)
        assert (await slow.rest()).startswith(b"HTTP/1.1 200 ")
    assert (await api.post("/api/system/import", {"machines": []})).status == 200


async def test_one_that_is_broken_off_stands_in_nobodys_way(serve: Serve) -> None:
    """An upload that stops coming is given up, and the next one is taken."""
    async with serve(limits=HURRIED) as api, wire(api) as broken:
        await broken.say(head(api, "POST /api/system/import", JSON, "Content-Length: 9000"))
        await broken.rest()
        assert (await api.post("/api/system/import", {"machines": []})).status == 200
        assert (await api.post("/api/system/import", {"machines": 5})).status == 422
        assert (await api.post("/api/system/import", {"machines": []})).status == 200


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b'{"machines": [' + b"[],[],{}," * 7_000_000 + b"0]}", "values"),
        (b'{"machines": [' + b"0," * 200_002 + b"0]}", "repaired"),
        (b'{"machines": [' + b'{"id": "", "nope": 1, "type": 5},' * 100_000 + b"0]}", "repaired"),
    ],
    ids=["values", "rows", "fields"],
)
async def test_what_takes_more_memory_than_there_may_be(api: Api, file: bytes, code: str) -> None:
    """Small values by the million, and flaws by the hundred thousand, are refused with a sentence; nothing changes."""
    answer = await api.ask("POST", "/api/system/import", raw=file)
    assert (answer.status, answer.json["type"]) == (422, "/problems/bad-import")
    assert code in answer.json["detail"]
    assert (await api.get("/api/machines")).json == []
