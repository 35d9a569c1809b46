"""Whoever is on the LAN: slow and silent clients, hoards of connections, what is no HTTP, bodies made at random."""

import asyncio
import contextlib
import json
import logging
import socket
import zlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from structura_local.web.connections import Limits
from tests.plant import Api, Serve
from tests.web.contract import PATHS, minimal

HURRIED = Limits(most=6, idle=0.3, patience=0.3, enough=100, large=2, linger=0.3)


class Wire:
    """A connection whose every byte is said by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def rest(self) -> bytes:
        """All until the server hangs up."""
        heard = b""
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError):
                while part := await self.reader.read(65_536):
                    heard += part
        return heard


@contextlib.asynccontextmanager
async def wire(api: Api, address: str = "127.0.0.1", **options: Any) -> AsyncIterator[Wire]:
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(
        "127.0.0.1" if host == "localhost" else host, int(port), local_addr=(address, 0), **options
    )
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def head(api: Api, line: str, *headers: str) -> bytes:
    lines = [f"{line} HTTP/1.1", "Host: x", f"Authorization: Bearer {api.tokens['ADMIN']}", *headers]
    return "".join(f"{one}\r\n" for one in lines).encode("latin-1") + b"\r\n"


JSON = "Content-Type: application/json"


async def import_begun(api: Api) -> None:
    """Wait until the server has seen an import; asked in a way that never stands in the import's own."""
    while (await api.post("/api/system/import", {}, Content_Encoding="unknown")).status != 503:
        pass


def problem(answer: bytes, status: int) -> dict[str, Any]:
    """The problem document of a raw answer."""
    top, _, body = answer.partition(b"\r\n\r\n")
    assert f" {status} ".encode() in top.split(b"\r\n")[0], answer[:300]
    assert b"application/problem+json" in top
    assert b"Traceback" not in body
    document: dict[str, Any] = orjson.loads(body)
    assert document["status"] == status
    return document


@pytest.mark.parametrize("said", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: b", b"\r\n\r\n"])
async def test_who_never_finishes_asking_is_hung_up_on(serve: Serve, said: bytes) -> None:
    """A connection that brings no whole request in time is closed, and nothing was logged as an error of ours."""
    async with serve(limits=HURRIED) as api, wire(api) as idler:
        await idler.say(said)
        assert await idler.rest() == b""
        assert (await api.get("/healthz")).status == 200


@pytest.mark.parametrize("path", ["/api/jobs", "/api/auth/login", "/api/system/import"])
async def test_a_body_that_dribbles_in_is_refused(serve: Serve, path: str) -> None:
    """A byte now and then is not enough: 408 and a closed connection, whatever length was promised."""
    for length in ("Content-Length: 900", "Transfer-Encoding: chunked"):
        async with serve(limits=HURRIED) as api, wire(api) as dribbler:
            await dribbler.say(head(api, f"POST {path}", JSON, length))
            answer = asyncio.create_task(dribbler.rest())
            while not answer.done():
                await dribbler.say(b" " if "Length" in length else b"1\r\n \r\n")
                await asyncio.wait([answer], timeout=0.05)
            assert problem(answer.result(), 408)["type"] == "/problems/too-slow"


async def test_a_body_that_is_slow_but_comes_is_taken(serve: Serve) -> None:
    """Enough in each stretch of patience, for longer than one: the object is made."""
    body = orjson.dumps(minimal("jobs", id="J-1")).ljust(600)
    async with serve(limits=HURRIED) as api, wire(api) as slow:
        await slow.say(head(api, "POST /api/jobs", JSON, f"Content-Length: {len(body)}", "Connection: close"))
        answer = asyncio.create_task(slow.rest())
        for start in range(0, len(body), 60):
            await slow.say(body[start : start + 60])
            await asyncio.wait([answer], timeout=0.06)
        assert (await answer).startswith(b"HTTP/1.1 201 ")


async def test_who_takes_no_answer_is_hung_up_on(serve: Serve) -> None:
    """A client that asks for a long list and reads none of it does not keep it in our memory."""
    async with serve(limits=HURRIED) as api:
        for number in range(60):
            await api.made("/api/jobs", minimal("jobs", id=f"J-{number}", notes="ñ" * 60_000))
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        small.setblocking(False)
        await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", int(api.url.rpartition(":")[2])))
        _, writer = await asyncio.open_connection(sock=small, limit=1024)
        writer.write(head(api, "GET /api/jobs"))
        async with asyncio.timeout(20):
            while not writer.transport.is_closing():
                writer.write(b"\r\n")
                await asyncio.sleep(0.05)
        assert len((await api.get("/api/jobs")).json) == 60


async def test_a_hoard_of_connections_keeps_nobody_out(serve: Serve) -> None:
    """Beyond the most there may be, the hoarder's own oldest ones are closed; the others are served all along."""
    async with serve(limits=Limits(most=6)) as api, contextlib.AsyncExitStack() as stack:
        hoard = []
        for number in range(20):
            hoarded = await stack.enter_async_context(wire(api, "127.0.0.66"))
            await hoarded.say(head(api, "POST /api/jobs", JSON, "Content-Length: 9") if number % 2 else b"GET / ")
            hoard.append(hoarded)
            assert (await api.get("/api/jobs")).status == 200
        for hoarded in hoard[:-5]:
            assert await hoarded.rest() == b""
        await hoard[-1].say(b"not json!")
        assert problem(await hoard[-1].rest(), 400)


async def test_many_large_bodies_wait_for_each_other(serve: Serve) -> None:
    """Some clients that stop in the middle of large bodies hold up neither small ones nor, for long, large ones."""
    async with serve(limits=Limits(patience=0.5, enough=100, large=2)) as api, contextlib.AsyncExitStack() as stack:
        stuck = [await stack.enter_async_context(wire(api)) for _ in range(2)]
        for one in stuck:
            await one.say(head(api, "POST /api/jobs", JSON, "Content-Length: 9000"), b" " * 500)
        large = asyncio.create_task(api.post("/api/jobs", minimal("jobs", notes="x" * 5_000)))
        assert (await api.post("/api/auth/login", {"pin": "11112222"}, None)).status == 200
        assert (await large).status == 201
        for one in stuck:
            problem(await one.rest(), 408)


NO_HTTP = {
    "noise": bytes(range(256)) * 40,
    "a TLS hello": bytes.fromhex("1603010200010001fc0303") + b"\x7f" * 500 + b"\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "no method": b"FOO / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no address": b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes in the address": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "a long address": b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a long header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9_000 + b"\r\n\r\n",
    "a long header name": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X" * 9_000 + b": a\r\n\r\n",
    "thousands of headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization Bearer geheim\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "two lengths": b"POST /api/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n{}   ",
    "a negative length": b"POST /api/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a length beyond all bounds": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n",
    "chunks of another kind": b"POST /api/jobs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("said", NO_HTTP.values(), ids=NO_HTTP)
async def test_what_is_no_http_is_told_so(api: Api, caplog: pytest.LogCaptureFixture, said: bytes) -> None:
    """One problem document, then the connection is closed; the log has neither the bytes nor a trace."""
    with caplog.at_level(logging.INFO):
        async with wire(api) as stranger:
            await stranger.say(said)
            answer = await stranger.rest()
    assert problem(answer, 400)["type"] == "/problems/not-http"
    assert answer.count(b"X-Content-Type-Options") == 1, "nothing that was smuggled in behind it is answered"
    assert "Traceback" not in caplog.text
    assert "geheim" not in caplog.text
    assert (await api.get("/healthz")).status == 200


HOSTS = (b"", b"x:99999", b"x:y", b"[::1", b"[::::]", b"a b", b"127.0.0.1?x", b"u@h", b"\xff\xfe", b"<b>", b"a/../b")


@pytest.mark.parametrize("host", HOSTS)
async def test_a_host_that_is_none(api: Api, host: bytes) -> None:
    """It is refused everywhere, also where the answer would have had it in an address."""
    for _ in range(2):
        await api.made("/api/jobs", minimal("jobs"))
    for path in ("/api/jobs?limit=1", "/console", "/api/nothing"):
        async with wire(api) as stranger:
            await stranger.say(head(api, f"GET {path}").replace(b"Host: x", b"Host: " + host))
            problem(await stranger.rest(), 400)


@pytest.mark.parametrize("host", ["plant_pc", "structura.local:8000", "10.0.0.7:80", "[fe80::1]:8000", "x."])
async def test_a_host_of_any_name(api: Api, host: str) -> None:
    """Whatever the server is called on the LAN, and HTTP/1.0, which need not call it anything."""
    for _ in range(2):
        await api.made("/api/jobs", minimal("jobs"))
    link = (await api.get("/api/jobs?limit=1", Host=host)).headers["Link"]
    assert link.startswith(f"<http://{host.removesuffix(':80')}/")
    async with wire(api) as old:
        await old.say(head(api, "GET /healthz").replace(b"HTTP/1.1\r\nHost: x", b"HTTP/1.0"))
        assert b" 200 OK" in await old.rest()


async def test_an_expectation_that_nobody_knows(api: Api) -> None:
    """It is refused with a problem document, as anything else."""
    for path in ("/api/jobs", "/api/nothing"):
        async with wire(api) as stranger:
            await stranger.say(head(api, f"GET {path}", "Expect: the unexpected"))
            assert problem(await stranger.rest(), 400)["type"] == "/problems/not-http"


@pytest.mark.parametrize(
    "chunks",
    [b"zz\r\n{}\r\n", b"-1\r\n{}\r\n", b"ffffffffffffffffffff\r\n{}\r\n", b"2\r\n{}X\r\n"],
)
async def test_broken_chunks(api: Api, chunks: bytes) -> None:
    """A body in chunks that are none is 400, and makes nothing."""
    async with wire(api) as stranger:
        await stranger.say(head(api, "POST /api/jobs", JSON, "Transfer-Encoding: chunked"), chunks + b"0\r\n\r\n")
        problem(await stranger.rest(), 400)
    assert (await api.get("/api/jobs")).json == []


async def test_half_closed(serve: Serve) -> None:
    """Who has sent all and closes their side still gets the answer; who breaks off in the middle makes nothing."""
    body = orjson.dumps(minimal("jobs", id="J-1"))
    async with serve(limits=HURRIED) as api:
        for sent, answers in ((body, (b"201",)), (body[:-1], (b"", b"408"))):
            async with wire(api) as half:
                await half.say(head(api, "POST /api/jobs", JSON, f"Content-Length: {len(body)}"), sent)
                half.writer.write_eof()
                assert (await half.rest())[9:12] in answers
        assert [job["id"] for job in (await api.get("/api/jobs")).json] == ["J-1"]


async def test_one_after_the_other_on_one_connection(api: Api) -> None:
    """Requests that do not wait for answers are answered in order; of old clients too."""
    async with wire(api) as eager:
        await eager.say(head(api, "GET /api/jobs/J-0") * 99, head(api, "GET /api/jobs/J-1", "Connection: close"))
        answers = await eager.rest()
    assert answers.count(b"HTTP/1.1 404 ") == 100
    assert answers.rfind(b"J-0 does") < answers.find(b"J-1 does")
    async with wire(api) as old:
        await old.say(head(api, "GET /healthz").replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert b" 200 OK" in await old.rest()


OFFERS = ("Upgrade: websocket\r\nConnection: Upgrade", "Expect: 100-continue", "Range: bytes=0-1")


@pytest.mark.parametrize("offer", OFFERS)
async def test_offers_that_are_not_taken(api: Api, offer: str) -> None:
    """Another protocol, a look before the body, a part: the request is answered as if it had not asked."""
    body = orjson.dumps(minimal("jobs", id="J-1"))
    async with wire(api) as client:
        await client.say(head(api, "POST /api/jobs", JSON, f"Content-Length: {len(body)}", offer), body)
        while b" 201 Created" not in (heard := await client.reader.read(4096)):
            assert heard in (b"", b"HTTP/1.1 100 Continue\r\n\r\n")
            assert heard


@pytest.mark.parametrize(("path", "status"), [("auth/login", b"400"), ("nothing", b"404")])
async def test_a_body_that_cannot_be_unpacked(
    api: Api, caplog: pytest.LogCaptureFixture, path: str, status: bytes
) -> None:
    """Whether it is read before the answer or not, the log has no trace of it: anybody could make it full."""
    body = b"no gzip" * 9
    length = f"Content-Length: {len(body)}"
    with caplog.at_level(logging.INFO):
        async with wire(api) as stranger:
            await stranger.say(head(api, f"POST /api/{path}", JSON, "Content-Encoding: gzip", length), body)
            assert (await stranger.rest())[9:12] == status
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_bombs(api: Api, encoding: str) -> None:
    """A small body that unpacks to a large one is 413 before it is unpacked."""
    packer = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    bomb = packer.compress(bytes(100 * 2**20)) + packer.flush()
    for path in ("auth/login", "jobs"):
        answer = await api.ask("POST", f"/api/{path}", raw=bomb, Content_Encoding=encoding)
        assert answer.status == 413
    assert (await api.ask("POST", "/api/jobs", raw=b"{}", Content_Encoding="br, gzip")).status in (400, 415, 422)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"name": "a", "type": "CARGA", "name": "b"}',
        b'{"name": "a", "type": "CARGA", "n\\u0061me": "a"}',
        b'{"name": "a", "type": "CARGA", "operatorIds": {"add": [], "add": ["U-1"]}}',
    ],
)
async def test_a_key_that_occurs_twice(api: Api, raw: bytes) -> None:
    """Which of the two is meant nobody can know: 400 names it, and nothing is made."""
    answer = await api.ask("POST", "/api/machines", raw=raw, Accept_Language="es")
    assert (answer.status, answer.json["type"]) == (400, "/problems/key-twice")
    assert "dos veces" in answer.json["detail"]
    twice = b'{"x":{"k":1,"k":2}}'
    assert (await api.ask("PATCH", "/api/machines/M", raw=twice)).json["type"] == "/problems/key-twice"
    assert (await api.get("/api/machines")).json == []


@pytest.mark.parametrize(
    "body",
    [
        {f"k{number}": 1 for number in range(40_000)},
        {"name": "x", "type": "CARGA", "operatorIds": [1] * 200_000},
        {"name": "x", "type": "CARGA", "operatorIds": ["U"] * 200_000},
    ],
    ids=["keys", "elements of another type", "elements"],
)
async def test_very_much_that_is_wrong(api: Api, body: dict[str, Any]) -> None:
    """The answer names what is wrong at the beginning, and stays short."""
    answer = await api.post("/api/machines", body)
    assert answer.status == 422
    assert 0 < len(answer.json["errors"]) <= 1_000
    assert len(answer.json["detail"]) < 1_000
    assert len(answer.body) < 100_000


_ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(["", "\x00", "\u202e", "9" * 400]),
    st.sampled_from([10**400, -(10**30), 1e308, 5e-324]), st.dates().map(str), st.datetimes().map(str),
)  # fmt: skip
_DEEP = st.recursive(_ODD, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_bodies_made_at_random(api: Api, data: st.DataObject) -> None:
    """Whatever stands in a field, the answer is what the contract has for it, and never a fault of the server."""
    path = data.draw(st.sampled_from(PATHS))
    body = minimal(path)
    for name in data.draw(
        st.lists(st.sampled_from([*body, "id", "status", "operatorIds", "timestamp", "x"]), max_size=3)
    ):
        body[name] = data.draw(_DEEP)
    raw = json.dumps(body, ensure_ascii=data.draw(st.booleans())).encode(errors="surrogatepass")
    made = await api.ask("POST", f"/api/{path}", raw=raw)
    assert made.status in (200, 201, 400, 409, 422), (raw, made.body)
    changed = await api.ask("PATCH", f"/api/{path}/X", raw=raw)
    assert changed.status in (400, 404, 405, 422), (raw, changed.body)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    raw=st.binary(max_size=200), path=st.sampled_from(PATHS), name=st.text(max_size=20), value=st.binary(max_size=40)
)
async def test_bytes_made_at_random(api: Api, raw: bytes, path: str, name: str, value: bytes) -> None:
    """Bodies, ids, parameters and headers of any bytes are refused, not stumbled over."""
    assert (await api.ask("POST", f"/api/{path}", raw=raw)).status in (400, 422)
    assert (await api.get(f"/api/{path}/{quote(value, safe='') or 'x'}")).status in (404, 200)
    assert (await api.get(f"/api/{path}?{quote(name, safe='')}={quote(value, safe='')}")).status in (200, 422)
    said = "".join(c for c in value.decode("latin-1") if c.isprintable())
    for header in ("If_Match", "If_None_Match", "Idempotency_Key", "Accept_Language", "Range", "Content_Encoding"):
        answer = await api.ask("PATCH", "/api/jobs/X", raw=b"{}", **{header: said})
        assert answer.status in (400, 404, 412, 415, 422), (header, said, answer.body)
    assert (await api.get("/api/jobs", None, Authorization=f"Bearer {said}")).status == 401
