"""A real PgBouncer in transaction mode, before the cluster of the tests."""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest

from tests.postgres import OS_USER
from tests.system.cluster import short_folder

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")  # Debian's `pgbouncer`
POOL = 2  # connections a user: fewer than clients, so that none keeps one

# It looks up the users where they are: those of bundles are made while it runs.
CONFIGURATION = """
[databases]
* = host={host} auth_user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
default_pool_size = {pool}
auth_type = scram-sha-256
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1
auth_file = {users}
logfile = {log}
"""


def through(pooler: str, dsn: str) -> str:
    """The DSN of a bundle, by way of the pooler."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@{pooler}", query=""))


@pytest.fixture
async def pooler(pg_cluster: str) -> AsyncIterator[str]:
    """Host and port of a running PgBouncer."""
    if PROGRAM is None:
        pytest.skip("pgbouncer is not installed")
    (host,) = parse_qs(urlsplit(pg_cluster).query)["host"]
    with short_folder() as folder:
        folder.chmod(0o777)
        (folder / "users").write_text('"postgres" ""\n')
        log = folder / "log"
        while True:
            port = _free_port()
            configuration = CONFIGURATION.format(host=host, port=port, pool=POOL, users=folder / "users", log=log)
            (folder / "ini").write_text(configuration)
            process = await asyncio.create_subprocess_exec(
                PROGRAM, "-q", folder / "ini", stdin=subprocess.DEVNULL, user=OS_USER
            )
            if await _answers(process, port):
                break
            assert "Address already in use" in log.read_text(), log.read_text()  # somebody was quicker
        try:
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _answers(process: asyncio.subprocess.Process, port: int) -> bool:
    """Whether it answers, as soon as it does; or has ended."""
    async with asyncio.timeout(20):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return True
    return False
