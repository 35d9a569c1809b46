"""Real plant servers, as processes of their own, for tests that start, kill and ask them as their users would."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import asyncpg

PROGRAM = (sys.executable, "-m", "structura_local")
CLOCKED = (sys.executable, Path(__file__).with_name("clocked.py"))
# Byte code is kept, as it is where the program is installed; without it every start compiles everything.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
PIN = "4711"


def environment(source: Path | None) -> dict[str, str]:
    """For the program whose packages are in a folder; None: this one."""
    return {**ENVIRONMENT, "PYTHONPATH": str(source)} if source else ENVIRONMENT


async def command(*arguments: str | Path, source: Path | None = None) -> str:
    """Run a command of the program to its end; returns what it printed."""
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, *map(str, arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=environment(source), cwd=source,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def until(
    condition: Callable[[], Awaitable[bool]], seconds: float = 40.0, what: Callable[[], Any] = lambda: "it never came"
) -> float:
    """Wait for a condition; returns the seconds it took."""
    started = time.monotonic()
    while not await condition():
        assert time.monotonic() - started < seconds, what()
        await asyncio.sleep(0.01)
    return time.monotonic() - started


class PlantServer:
    """A plant in a folder of its own, with its server while `async with` lasts.

    `clocked`: its clock may be set. `source`: the folder of another version's packages.
    """

    def __init__(self, folder: Path, source: Path | None = None, *, clocked: bool = False) -> None:
        self.folder = folder
        self._source = source
        self._clock = folder.with_suffix(".clock")
        self._program = (*CLOCKED, self._clock) if clocked else PROGRAM
        self.set_clock(0)
        self.log = folder.with_suffix(".log")
        self._token = ""
        self._url = ""

    async def set_up(self, name: str = "Planta") -> None:
        """A new plant with one administrator."""
        arguments = ("--plant", name, "--admin-name", "Ana", "--admin-pin", PIN)
        await command("init", "--data-dir", self.folder, *arguments, source=self._source)

    async def enroll(self, bundle: dict[str, Any]) -> None:
        """Connect the plant (or a new, empty folder) to head office."""
        file = self.folder.with_suffix(".bundle")
        file.write_text(json.dumps(bundle))
        await command("enroll", file, "--data-dir", self.folder, "--yes", source=self._source)

    async def __aenter__(self) -> Self:
        self._killed = False
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._program, "serve", "--data-dir", self.folder, "--host", "127.0.0.1", "--port", "0",
                stdout=asyncio.subprocess.PIPE, stderr=log, env=environment(self._source), cwd=self._source,
            )  # fmt: skip
        assert self._process.stdout
        line = (await self._process.stdout.readline()).decode()
        assert " serves " in line, self.log.read_text()
        self._url = line.split(" serves ")[1].split()[0].replace("localhost", "127.0.0.1")
        self._client = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()
        if self._process.returncode is None and not self._killed:  # a signal to who is dead would hide that from wait()
            self._process.send_signal(signal.SIGTERM)
        code = await self._process.wait()
        assert code in (0, -signal.SIGKILL), self.log.read_text()

    def set_clock(self, error: int) -> None:
        """Set its clock wrong by so many milliseconds."""
        being = self._clock.with_suffix(".new")
        being.write_text(str(error))
        being.replace(self._clock)

    def kill(self) -> None:
        """Kill -9."""
        self._killed = True
        self._process.kill()

    @property
    def pid(self) -> int:
        """The running server's process."""
        return self._process.pid

    @property
    def url(self) -> str:
        """Where the running server answers; another port each time."""
        return self._url

    async def log_in(self, pin: str = PIN) -> dict[str, Any]:
        """The user with this PIN; their token goes with the next requests."""
        answer: dict[str, Any] = await self.ask("POST", "/api/auth/login", {"pin": pin})
        self._token = answer["token"]
        user: dict[str, Any] = answer["user"]
        return user

    async def can_log_in(self, pin: str = PIN) -> bool:
        """Whether the users have arrived; then this one logs in. A server may be asked before without guessing PINs."""
        self._token = json.loads((self.folder / "running.json").read_text())["token"]
        if not await self.ask("GET", "/api/users/directory"):
            return False
        self._token = ""
        await self.log_in(pin)
        return True

    @property
    def token(self) -> str:
        """The token that goes with requests."""
        return self._token

    @token.setter
    def token(self, token: str) -> None:
        self._token = token

    async def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """A JSON answer; every answer that is no success fails the test."""
        sent = {**({"Authorization": f"Bearer {self._token}"} if self._token else {}), **(headers or {})}
        async with self._client.request(method, self._url + path, json=body, headers=sent) as response:
            answer = await response.json(content_type=None)
            assert response.status < 300, answer
            return answer

    async def send(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any, str]:
        """Status, answer and entity tag, whatever they are."""
        sent = {"Authorization": f"Bearer {self._token}", **headers}
        async with self._client.request(method, self._url + path, json=body, headers=sent) as response:
            return response.status, await response.json(content_type=None), response.headers.get("ETag", "")

    async def find(self, path: str) -> Any:
        """An object, or None if it is not here."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._client.get(self._url + path, headers=headers) as response:
            return await response.json() if response.status == 200 else None

    async def sync(self) -> dict[str, Any]:
        """What the server says of its sync."""
        status: dict[str, Any] = (await self.ask("GET", "/api/system/status"))["sync"]
        return status

    async def in_step(self) -> bool:
        """Whether nothing waits and the last exchange went well."""
        sync = await self.sync()
        return bool(sync["pending"] == 0 and sync["state"] == "waiting" and "lastError" not in sync)


async def add_events(plant: PlantServer, ids: Sequence[str]) -> None:
    """Report events, some at a time, as a shop floor does."""
    waiting = list(ids)

    async def terminal() -> None:
        while waiting:
            event = {"id": waiting.pop(), "machineId": "TALLER", "type": "CLEANING", "description": "limpieza"}
            await plant.ask("POST", "/api/events", {**event, "severity": "INFO"})

    await asyncio.gather(*(terminal() for _ in range(16)))


async def query(dsn: str, sql: str, *values: Any) -> list[Any]:
    """Lines from head office's database, seen as head office sees it."""
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(sql, *values))
    finally:
        await connection.close()
