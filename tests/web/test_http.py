"""HTTP itself: bodies, errors, languages, methods, origins; nothing a client sends makes the server fail."""

import asyncio
import gzip
import json
import math
from typing import Any

import pytest

from tests.plant import Answer, Api, Serve
from tests.web.contract import PATHS, minimal

PROBLEM = {"type", "title", "status", "detail"}


def check_problem(answer: Answer, status: int) -> Any:
    """The answer is a problem document of that status."""
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"].partition(";")[0] == "application/problem+json"
    document = answer.json
    assert document["status"] == status
    assert set(document) - {"errors"} == PROBLEM
    assert all(isinstance(document[name], str) and document[name] for name in ("type", "title", "detail"))
    assert ("errors" in document) == (status == 422)
    assert "Traceback" not in answer.body.decode()
    return document


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"{'a': 1}", b"nope", b'{"name": NaN}', b'{"name": Infinity}', b'{"a":1} x', b"\xff\xfe",
        b'{"name": "\xff"}', b'{"name": "\\ud800"}', b'{"name": "\xed\xa0\x80"}',
        b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"\x00", b'{"name": "a\x00b"}', b'{"name": "a\nb"}', '{"name": "x"}'.encode("utf-16"), b"\xef\xbb\xbf{}",
    ],
)  # fmt: skip
async def test_malformed(api: Api, raw: bytes) -> None:
    """What is no JSON in UTF-8 is 400, wherever it is sent."""
    for method, path in (
        ("POST", "/api/auth/login"),
        ("POST", "/api/machines"),
        ("PATCH", "/api/users/U-OPER"),
        ("POST", "/api/system/import"),
    ):
        if path == "/api/system/import" and raw.startswith(b"\xef\xbb\xbf"):
            continue  # how Windows writes files
        check_problem(await api.ask(method, path, raw=raw), 400)


@pytest.mark.parametrize("body", [None, [], "text", 5, True, [{}], 1e400])
async def test_no_object(api: Api, body: Any) -> None:
    """JSON that is no object is 422."""
    raw = b"1e400" if body == math.inf else None
    for path in PATHS:
        answer = await api.ask("POST", f"/api/{path}", raw=raw or json.dumps(body).encode())
        assert answer.status in ((400, 422) if raw else (422,)), body
    assert (await api.post("/api/auth/login", [] if body is None else body, None)).status in (400, 422)


async def test_numbers_beyond_all_bounds(api: Api) -> None:
    """Numbers that are not finite are refused; large ones are kept as doubles."""
    for raw in (b"1e400", b"-1e400", b"1" + b"0" * 400):
        answer = await api.ask("POST", "/api/machines", raw=b'{"name":"x","type":"CARGA","temperature":' + raw + b"}")
        assert answer.status in (400, 422)
    for number in (2**63, 2**64, 1e308, -(2**63) - 1, 5e-324, 2**53 + 2):
        made = await api.made("/api/machines", minimal("machines", temperature=number))
        read = (await api.get(f"/api/machines/{made['id']}")).json
        assert made["temperature"] == read["temperature"] == pytest.approx(number, rel=1e-15)
    answer = await api.post("/api/jobs", minimal("jobs", priorityIndex=2**70))
    assert answer.status in (400, 422)


async def test_not_json(api: Api) -> None:
    """A body of another type is 415; JSON in other dress is fine."""
    raw = b'{"name":"x","type":"CARGA"}'
    form = "application/x-www-form-urlencoded"
    for kind in ("text/plain", form, "multipart/form-data; boundary=x", "application/octet-stream", "x"):
        check_problem(await api.ask("POST", "/api/machines", raw=raw, Content_Type=kind), 415)
        check_problem(await api.ask("POST", "/api/auth/login", raw=b"{}", Content_Type=kind), 415)
    for kind in ("application/json; charset=utf-8", "application/vnd.api+json", "Application/JSON"):
        assert (await api.ask("POST", "/api/machines", raw=raw, Content_Type=kind)).status == 201


async def test_too_large(api: Api) -> None:
    """A body over 1 MiB is 413, whether it says its length or not; one of 1 MiB is read."""
    check_problem(await api.ask("POST", "/api/machines", raw=b" " * (2**20 + 1)), 413)
    exactly = b'{"name":"x","type":"CARGA"}'.ljust(2**20)
    assert (await api.ask("POST", "/api/machines", raw=exactly)).status == 201

    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 2**16

    headers = {"Authorization": f"Bearer {api.tokens['ADMIN']}", "Content-Type": "application/json"}
    async with api.session.post(f"{api.url}/api/machines", data=chunks(), headers=headers) as response:
        assert response.status == 413
    bomb = gzip.compress(b" " * 2**24)
    check_problem(await api.ask("POST", "/api/machines", raw=bomb, Content_Encoding="gzip"), 413)


async def test_wrong_encoding(api: Api) -> None:
    """A body that is not in the encoding it claims is 400."""
    check_problem(await api.ask("POST", "/api/machines", raw=b"{}" * 50, Content_Encoding="gzip"), 400)
    fine = gzip.compress(b'{"name":"x","type":"CARGA"}')
    assert (await api.ask("POST", "/api/machines", raw=fine, Content_Encoding="gzip")).status == 201


async def test_an_import_may_be_larger(api: Api) -> None:
    """An import is a plant's whole data and may be over 1 MiB."""
    answer = await api.ask("POST", "/api/system/import", raw=b'{"machines":[]}'.ljust(2**21))
    assert answer.status == 200


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nope", "/api/machines/", "/api/machines/a/b", "/healthz/x", "/api/Machines"]
)
async def test_unknown_route(api: Api, path: str) -> None:
    """An unknown address is 404, with a token or without, by any method."""
    for method in ("GET", "POST", "DELETE"):
        check_problem(await api.ask(method, path, None, None), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/machines", {"GET", "HEAD", "POST"}),
        ("PATCH", "/api/machines", {"GET", "HEAD", "POST"}),
        ("DELETE", "/api/machines", {"GET", "HEAD", "POST"}),
        ("POST", "/api/machines/M-01", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("PATCH", "/api/events", {"GET", "HEAD", "POST"}),
        ("DELETE", "/api/events/E-1", {"GET", "HEAD"}),
        ("GET", "/api/auth/login", {"POST"}),
        ("GET", "/api/auth/logout", {"POST"}),
        ("POST", "/api/auth/me", {"GET", "HEAD"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("GET", "/api/system/import", {"POST"}),
        ("POST", "/api/system/export", {"GET", "HEAD"}),
        ("OPTIONS", "/api/machines", {"GET", "HEAD", "POST"}),
    ],
)
async def test_wrong_method(api: Api, method: str, path: str, allowed: set[str]) -> None:
    """A known route with another method is 405 and says what is possible."""
    answer = await api.ask(method, path)
    check_problem(answer, 405)
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == allowed


async def test_head(api: Api) -> None:
    """HEAD is GET without the body."""
    async with api.session.head(f"{api.url}/healthz") as response:
        assert (response.status, await response.read()) == (200, b"")


async def test_odd_addresses(api: Api) -> None:
    """Ids that nobody can have are not found, and odd queries are refused, whatever bytes they are made of."""
    for odd in ("%00", "%ff", "%ed%a0%80", "%F0%9F%98%80", "x" * 4000, "%2e%2e", "';%20DROP%20TABLE%20jobs;%20--"):
        for method in ("GET", "PATCH", "DELETE"):
            check_problem(await api.ask(method, f"/api/jobs/{odd}", {} if method == "PATCH" else None), 404)
    for query in ("%ff=1", "a=%ff", "%ed%a0%80=x", "%00=%00", "=", "x", "nope=1"):
        assert (await api.get(f"/api/jobs?{query}")).status == 422, query


async def test_bad_tokens(api: Api) -> None:
    """No token, a dead one or nonsense is 401 and says how to log in."""
    good = api.tokens["ADMIN"]
    for header in (
        "", "Bearer", "Bearer ", "Bearer x", f"Basic {good}", good, f"Bearer {good}x", f"Bearer {good[:-2]}",
        "Bearer ñ",
        "Bearer \udcff\udcfe", "Bearer a.b.c", "Bearer eyJhbGciOiJub25lIn0.eyJqdGkiOiJ4In0.", "Bearer " + "x" * 4000,
    ):  # fmt: skip
        answer = await api.get("/api/machines", None, Authorization=header)
        check_problem(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert (await api.get("/api/machines", None, Authorization=f"bearer {good}")).status == 200


@pytest.mark.parametrize(
    ("accepted", "spanish"),
    [
        ("es", True), ("es-AR,es;q=0.9,en;q=0.8", True), ("fr,es;q=0.5", True), ("ES", True),
        ("en;q=0.5, es;q=0.8", True),
        ("de;q=1, es ; q=0.3, en;q=0.2", True),
        ("en", False), ("", False), ("fr", False), ("*", False), ("en-GB,es;q=0.9", False), ("es;q=0", False),
        ("es; q=0.3, en;q=0.9", False), ("es;q=x", False), (";;,,q=", False),
    ],
)  # fmt: skip
async def test_language(api: Api, accepted: str, spanish: bool) -> None:
    """The sentence follows Accept-Language: Spanish or English, English when nothing matches."""
    answer = await api.get("/api/jobs/J-404", Accept_Language=accepted)
    expected = "J-404 no existe (o ya no existe)." if spanish else "J-404 does not exist (any more)."
    assert check_problem(answer, 404)["detail"] == expected
    assert answer.headers["Content-Language"] == ("es" if spanish else "en")


async def test_every_error_in_both_languages(api: Api) -> None:
    """Each kind of refusal has a sentence in either language."""
    requests: list[tuple[str, str, Any, str | None]] = [
        ("GET", "/nope", None, None),
        ("GET", "/api/jobs", None, None),
        ("GET", "/api/jobs", None, "dead"),
        ("PUT", "/api/jobs", None, "ADMIN"),
        ("POST", "/api/jobs", {}, "ADMIN"),
        ("POST", "/api/users", {}, "OPERATOR"),
        ("POST", "/api/users", {"name": "x", "role": "ADMIN", "pin": "11112222"}, "ADMIN"),
        ("DELETE", "/api/users/U-ADMIN", None, "ADMIN"),
        ("POST", "/api/auth/login", {"pin": "0000"}, None),
        ("POST", "/api/system/sync", None, "ADMIN"),
        ("POST", "/api/system/import", [], "ADMIN"),
    ]
    for method, path, body, who in requests:
        english, spanish = [(await api.ask(method, path, body, who, Accept_Language=tag)).json for tag in ("en", "es")]
        assert english["detail"] != spanish["detail"], path
        for said in (english, spanish):
            said["errors"] = [fault["field"] for fault in said.get("errors", ())]
        assert {**english, "detail": 0} == {**spanish, "detail": 0}


async def test_health(api: Api) -> None:
    """Health and readiness are answered without a token, never from a cache of another role."""
    for path in ("/healthz", "/readyz"):
        assert ((await api.get(path, None)).status, (await api.get(path, None)).json) == (200, {"ok": True})


async def test_headers_of_every_answer(api: Api) -> None:
    """Every answer has an id to find it in the log by, and may not be sniffed or framed elsewhere."""
    for path in ("/healthz", "/nope", "/api/jobs"):
        answer = await api.get(path)
        assert answer.headers["X-Request-Id"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_no_other_origin_by_default(api: Api) -> None:
    """Pages of other origins may not call the API unless told."""
    answer = await api.get("/healthz", None, Origin="http://evil.example")
    assert "Access-Control-Allow-Origin" not in answer.headers
    asked = {"Origin": "http://evil.example", "Access_Control_Request_Method": "GET"}
    preflight = await api.ask("OPTIONS", "/api/jobs", None, None, **asked)
    assert "Access-Control-Allow-Origin" not in preflight.headers


async def test_cors(serve: Serve) -> None:
    """The origins in the settings may call the API; preflights need no token and are cached."""
    async with serve(cors_origins=("http://tablet.local:5173",)) as api:
        for path, who, status in (("/api/jobs", "ADMIN", 200), ("/api/jobs", None, 401), ("/nope", None, 404)):
            answer = await api.get(path, who, Origin="http://tablet.local:5173")
            assert answer.status == status
            assert answer.headers["Access-Control-Allow-Origin"] == "http://tablet.local:5173"
            exposed = {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
            assert exposed >= {"ETag", "Link", "X-Total-Count", "Retry-After"}
            assert "Origin" in answer.headers["Vary"]
            other = await api.get(path, who, Origin="http://evil.example")
            assert "Access-Control-Allow-Origin" not in other.headers
            assert "Origin" in other.headers["Vary"]
        asked = {"Origin": "http://tablet.local:5173", "Access_Control_Request_Headers": "authorization,content-type"}
        preflight = await api.ask(
            "OPTIONS", "/api/jobs/J-1", None, None, Access_Control_Request_Method="PATCH", **asked
        )
        assert preflight.status in (200, 204)
        assert preflight.headers["Access-Control-Allow-Origin"] == "http://tablet.local:5173"
        assert {"PATCH", "DELETE", "POST", "GET"} <= set(preflight.headers["Access-Control-Allow-Methods"].split(", "))
        allowed = preflight.headers["Access-Control-Allow-Headers"].lower()
        assert all(name in allowed for name in ("authorization", "content-type", "if-match", "idempotency-key"))
        assert int(preflight.headers["Access-Control-Max-Age"]) > 0


async def test_cors_for_any(serve: Serve) -> None:
    """`*` lets any origin in."""
    async with serve(cors_origins=("*",)) as api:
        answer = await api.get("/healthz", None, Origin="http://anything.example")
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", "http://anything.example")


async def test_many_at_once(api: Api) -> None:
    """Requests in parallel all get their own answer."""
    bodies = [minimal("jobs", id=f"J-{n}") for n in range(60)]
    answers = await asyncio.gather(*(api.post("/api/jobs", body) for body in bodies))
    assert [answer.json["id"] for answer in answers] == [body["id"] for body in bodies]
    assert {answer.status for answer in answers} == {201}
    twins = await asyncio.gather(*(api.post("/api/jobs", minimal("jobs", id="TWIN")) for _ in range(20)))
    assert sorted(answer.status for answer in twins) == [200] * 19 + [201]


async def test_cut_off(api: Api) -> None:
    """A client that hangs up in the middle of its body harms nobody."""
    host, port = api.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = "POST /api/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"
    writer.write(f'{head}Authorization: Bearer {api.tokens["ADMIN"]}\r\n\r\n{{"name":'.encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await api.get("/api/jobs")).json == []


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /api/jobs HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nBad Header: \x00\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    ],
    ids=["no request", "version", "NUL", "long header", "long address", "TLS", "length", "chunks"],
)
async def test_no_http(api: Api, caplog: pytest.LogCaptureFixture, sent: bytes) -> None:
    """What is no HTTP is told so in a problem document, and the connection is closed; the log stays quiet."""
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert b" 400 " in head.splitlines()[0]
    assert b"application/problem+json" in head
    assert json.loads(body)["type"] in ("/problems/not-http", "/problems/malformed")
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


async def test_unknown_encoding(api: Api) -> None:
    """A body in an encoding that the server does not know is refused, not taken for what it is not."""
    for encoding in ("br", "compress", "gzip, gzip", "nope"):
        answer = await api.ask("POST", "/api/machines", raw=b'{"name":"x","type":"CARGA"}', Content_Encoding=encoding)
        assert answer.status in (400, 415), encoding
        assert answer.headers["Content-Type"] == "application/problem+json"
