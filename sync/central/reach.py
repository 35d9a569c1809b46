"""Whether a plant can reach head office, step by step: what the first step that fails says is what has to be mended."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sync.central.dsn import connect, endpoints
from sync.central.errors import FAILURES, explain, refusal
from sync.protocol import MAJOR, MINOR, SyncError

STEPS = ("name", "tcp", "tls", "login", "schema")
PATIENCE = 5.0  # seconds for a name or a connection
# A transaction that is rolled back: nobody hears that somebody asked.
_HELLO = "SELECT * FROM structura_sync.hello($1, '00000000', '', $2, $3, '', 'doctor')"


@dataclass(frozen=True, slots=True)
class Step:
    """`failure`: the sentence, if it failed. `detail`: what was found, no secret. `offset` in ms, with `schema`."""

    name: str
    detail: str = ""
    failure: str | None = None
    offset: int | None = None


async def reach(dsn: str, plant: str, now: int) -> AsyncIterator[Step]:
    """The steps up to the first that fails. `offset`: head office's clock minus ours, which says `now`."""
    try:
        places = endpoints(dsn)
    except ValueError as error:
        yield Step("name", failure=str(explain(error)))
        return
    for name, attempt in (("name", _resolved), ("tcp", _connected)):
        try:
            yield Step(name, await attempt(places))
        except OSError as error:
            yield Step(name, failure=str(explain(error)))
            return
    try:
        connection = await connect(dsn)
    except FAILURES as error:
        if isinstance(error, ssl.SSLError) or "SSL" in str(error):
            yield Step("tls", failure=str(explain(error)))
            return
        yield Step("tls", "TLS" if not isinstance(error, OSError) else "")
        yield Step("login", failure=str(explain(error)))
        return
    try:
        async for step in _inside(connection, plant, now, urlsplit(dsn).username or ""):
            yield step
    finally:
        connection.terminate()  # takes the transaction back


async def _inside(connection: Any, plant: str, now: int, user: str) -> AsyncIterator[Step]:
    cipher = connection._transport.get_extra_info("ssl_object") if hasattr(connection, "_transport") else None
    yield Step("tls", cipher.version() if cipher else "")
    yield Step("login", user)
    try:
        await connection.execute("BEGIN")
        row = await connection.fetchrow(_HELLO, plant, MAJOR, MINOR, timeout=PATIENCE)
        if row["major"] != MAJOR:
            raise SyncError(refusal(row["major"], MAJOR))
    except (*FAILURES, SyncError) as error:
        yield Step("schema", failure=str(explain(error)))
        return
    yield Step("schema", row["version"], offset=row["now"] - now)


async def _resolved(places: list[tuple[str, int]]) -> str:
    """The addresses of the first host that has any."""
    failure: OSError | None = None
    for host, port in places:
        if host.startswith("/"):
            return host
        try:
            async with asyncio.timeout(PATIENCE):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return f"{host}: {', '.join(dict.fromkeys(str(entry[4][0]) for entry in found))}"
        except OSError as error:
            failure = failure or error
    raise failure or OSError("no host")


async def _connected(places: list[tuple[str, int]]) -> str:
    """The first place that accepts a connection."""
    failure: OSError | None = None
    for host, port in places:
        try:
            async with asyncio.timeout(PATIENCE):
                opening = (
                    asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
                    if host.startswith("/")
                    else asyncio.open_connection(host, port)
                )
                _reader, writer = await opening
            writer.close()
            return f"{host}:{port}"
        except OSError as error:
            failure = failure or error
    raise failure or OSError("no host")
