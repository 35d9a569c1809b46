"""Over TLS, as a host that is not local wants it, to a Postgres with certificates of every kind."""

import shutil
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sync.central import office
from sync.central.dsn import for_plant
from sync.central.postgres import PostgresCentral
from sync.protocol import SyncError
from tests.postgres import version_in
from tests.sync.central.authority import Authority
from tests.sync.central.factories import PLANT, greet
from tests.system.cluster import DATABASE, Cluster, cluster, short_folder

NAME = "central.example"
DAY = timedelta(days=1)
# Over the network with TLS and a password only, as head office should have it.
ACCESS = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
# The Postgres that comes with the tests knows no TLS; Debian's does.
PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))), None)

pytestmark = pytest.mark.skipif(PROGRAMS is None or not shutil.which("openssl"), reason="Debian's postgresql is needed")


class Server:
    """A Postgres with TLS that the name central.example leads to, and a bundle for a plant."""

    def __init__(self, made: Cluster, authority: Authority, port: int) -> None:
        self.made = made
        self.authority = authority
        self.port = port

    async def open(self) -> None:
        await office.init(self.made.dsn())
        self.bundle = await office.enroll(self.made.dsn(), PLANT)
        await self.made.stop()

    async def present(self, name: str = NAME, since: timedelta = -DAY, until: timedelta = DAY) -> None:
        """Start it with a certificate."""
        certificate, key = self.authority.issue(name, since=since, until=until)
        data = self.made.data
        (data / "server.crt").write_bytes(certificate)
        (data / "server.key").write_bytes(key)
        shutil.copystat(data / "PG_VERSION", data / "server.key")
        (data / "server.key").chmod(0o600)
        for file in ("server.crt", "server.key"):
            shutil.chown(data / file, (data / "PG_VERSION").stat().st_uid)
        (data / "pg_hba.conf").write_text(ACCESS)
        await self.made.start(f"-h 127.0.0.1 -p {self.port} -c ssl=on")

    def dsn(self, options: str = "", **other: str) -> str:
        """The bundle's; `other`: user, password, database."""
        at = f"postgresql://{NAME}:{self.port}/{options}"
        said = {"database": DATABASE, "user": self.bundle["role"], "password": _password(self.bundle["dsn"]), **other}
        return for_plant(at, **said)


def _password(dsn: str) -> str:
    return dsn.split("@", maxsplit=1)[0].rpartition(":")[2]


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """Not started: `present` does that."""
    known = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        return known("127.0.0.1" if host == NAME else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert PROGRAMS is not None
    with short_folder() as folder:
        async with cluster(folder / "pg", version_in(PROGRAMS.parent)) as made:
            started = Server(made, Authority(tmp_path / "authority"), port)
            await started.open()
            yield started


async def _sentence(dsn: str) -> str:
    with pytest.raises(SyncError) as refused:
        await PostgresCentral.connect(dsn, PLANT)
    return str(refused.value)


async def test_a_certificate_that_is_right(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the system's authorities, which is the default, or by one that the DSN names."""
    await server.present()
    dsn = server.dsn(f"?sslrootcert={server.authority.certificate}")
    central = await PostgresCentral.connect(dsn, PLANT)
    assert (await greet(central)).known
    assert await central._connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    await central.close()
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority.certificate))  # a system that knows the authority
    await (await PostgresCentral.connect(server.dsn(), PLANT)).close()


async def test_certificates_that_are_not(server: Server, tmp_path: Path) -> None:
    """Each is refused before anything is said, a password least of all; the sentence says what to do."""
    trusting = server.dsn(f"?sslrootcert={server.authority.certificate}")
    for presented, dsn, sentence in (
        (partial(server.present, "other.example"), trusting, "is for another name"),
        (partial(server.present, since=-2 * DAY, until=-DAY), trusting, "has expired"),
        (partial(server.present, since=DAY, until=2 * DAY), trusting, "not valid yet"),
        (server.present, server.dsn(), "authority that this PC does not know"),
        (server.present, server.dsn(f"?sslrootcert={Authority(tmp_path / 'second').certificate}"), "does not know"),
    ):
        await presented()
        assert sentence in await _sentence(dsn)
        await server.made.stop()
        assert "authentication" not in (server.made.folder / "log").read_text()
    await server.present("other.example")
    await (await PostgresCentral.connect(server.dsn("?sslmode=require"), PLANT)).close()  # who insists


async def test_who_is_not_let_in(server: Server) -> None:
    """By a server that asks for passwords: a wrong one, a revoked role, a missing database, without TLS."""
    await server.present()
    options = f"?sslrootcert={server.authority.certificate}"
    assert "refused the password" in await _sentence(server.dsn(options, password="x"))
    assert "does not exist at head office" in await _sentence(server.dsn(options, database="missing"))
    assert "lets nobody in this way" in await _sentence(server.dsn("?sslmode=disable"))
    await office.revoke(f"{server.made.dsn()}&port={server.port}", server.bundle["role"])
    assert "may have been revoked" in await _sentence(server.dsn(options))
