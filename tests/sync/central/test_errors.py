"""Failures of the link, as sentences that an IT person can act on."""

import contextlib
import socket
import ssl
import threading
from urllib.parse import urlsplit

import asyncpg
import pytest

from sync.central import office
from sync.central.errors import explain, explained
from sync.central.postgres import PostgresCentral
from sync.protocol import Batch, SyncError
from tests.postgres import execute, with_database
from tests.sync.central.factories import PLANT, enrolled, greet, job
from tests.system.cluster import cluster, small_disk

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


async def test_a_database_that_takes_no_writes(central_dsn: str) -> None:
    """Under maintenance, or a standby."""
    async with enrolled(central_dsn) as central:
        database = urlsplit(central_dsn).path[1:]
        await execute(central_dsn, f'ALTER DATABASE "{database}" SET default_transaction_read_only = on')
        await central._connection.execute("SET default_transaction_read_only = on")  # as a connection of now has it
        with pytest.raises(SyncError, match="read-only at the moment"):
            await central.push(Batch([job("a")], 1))


async def test_a_database_with_too_many_connections(central_dsn: str) -> None:
    """The limit may be the server's, the database's or the role's."""
    bundle = await office.enroll(central_dsn, PLANT)
    await execute(central_dsn, f'ALTER ROLE "{bundle["role"]}" CONNECTION LIMIT 0')
    with pytest.raises(SyncError, match="too many connections"):
        await PostgresCentral.connect(bundle["dsn"], PLANT)


async def test_a_disk_that_is_full() -> None:
    """The disk of the server fills up while a plant pushes; with space again it goes on, on the same connection."""
    with small_disk(200) as disk:
        if disk is None:
            pytest.skip("no file system may be mounted here")
        async with cluster(disk / "pg") as made:
            await office.init(made.dsn())
            async with enrolled(made.dsn()) as central:
                filler = disk / "filler"
                with filler.open("wb") as file, contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(1 << 16))

                async def fill(upto: int) -> None:
                    for number in range(upto):
                        await central.push(Batch([job(f"{number}-{n}", notes="x" * 2_000) for n in range(400)], number))

                with pytest.raises(SyncError, match="no disk space left"):
                    await fill(50)
                filler.unlink()
                await fill(1)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (asyncpg.TargetServerAttributeNotMatched("x"), "is the primary"),
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
