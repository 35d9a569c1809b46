"""Failures of the link, as sentences that an IT person can act on."""

import socket
import ssl
import threading

import asyncpg
import pytest

from sync.central import office
from sync.central.errors import explain, explained
from sync.central.postgres import PostgresCentral
from sync.protocol import SyncError
from tests.postgres import with_database
from tests.sync.central.factories import PLANT, greet

pytestmark = pytest.mark.asyncio


async def test_a_name_that_does_not_exist() -> None:
    """DNS."""
    with pytest.raises(SyncError, match="name of head office's server was not found"):
        await PostgresCentral.connect("postgresql://u:p@central.invalid/x", PLANT)


async def test_a_port_where_nobody_listens() -> None:
    """Refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(SyncError, match="refused the connection"):
            await PostgresCentral.connect(f"postgresql://u:p@127.0.0.1:{port}/x", PLANT)


async def test_a_server_without_tls() -> None:
    """A host that wants verification and has none to offer."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]

        def deny() -> None:
            connection, _ = server.accept()
            connection.recv(8)
            connection.sendall(b"N")
            connection.close()

        thread = threading.Thread(target=deny)
        thread.start()
        with pytest.raises(SyncError, match="does not offer an encrypted connection"):
            await PostgresCentral.connect(f"postgresql://u:p@127.0.0.1:{port}/x?sslmode=verify-full", PLANT)
        thread.join()


async def test_a_database_that_does_not_exist(pg_cluster: str) -> None:
    """The wrong bundle, or a server set up anew."""
    with pytest.raises(SyncError, match="does not exist at head office"):
        await PostgresCentral.connect(with_database(pg_cluster, "missing"), PLANT)


async def test_a_database_without_the_schema(empty_dsn: str) -> None:
    """What to run is in the sentence."""
    central = await PostgresCentral.connect(empty_dsn, PLANT)
    with pytest.raises(SyncError, match="central init"):
        await greet(central)
    await central.close()
    with pytest.raises(SyncError, match="central init"):
        await office.status(empty_dsn)


async def test_a_connection_that_was_killed(central_dsn: str) -> None:
    """A restart at head office; closing afterwards does not fail."""
    bundle = await office.enroll(central_dsn, PLANT)
    central = await PostgresCentral.connect(bundle["dsn"], PLANT)
    admin = await asyncpg.connect(central_dsn)
    await admin.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename LIKE 'plant_%' AND "
        "datname = current_database()"
    )
    await admin.close()
    with pytest.raises(SyncError, match=r"clos|broke"):
        await greet(central)
    await central.close()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (asyncpg.TargetServerAttributeNotMatched("x"), "is the primary"),
        (asyncpg.InvalidPasswordError("x"), "refused the password"),
        (asyncpg.DiskFullError("x"), "no disk space"),
        (asyncpg.ReadOnlySQLTransactionError("x"), "read-only"),
        (asyncpg.TooManyConnectionsError("x"), "too many connections"),
        (asyncpg.CannotConnectNowError("x"), "starting up or shutting down"),
        (ssl.SSLCertVerificationError("x"), "certificate could not be verified"),
        (TimeoutError(), "did not answer in time"),
        (asyncpg.InternalClientError("x"), "connection to head office broke"),
        (ConnectionResetError("x"), "connection to head office broke"),
        (asyncpg.NumericValueOutOfRangeError("x"), "could not take a value"),
    ],
)
async def test_each_failure_has_its_sentence(error: Exception, sentence: str) -> None:
    """What the cluster of the tests cannot be made to do."""
    with pytest.raises(SyncError, match=sentence), explained():
        raise error
    assert sentence in str(explain(error))
