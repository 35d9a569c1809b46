"""A server as a process of its own, and what it costs."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.plants import ADMIN_PIN

PROGRAM = (sys.executable, "-m", "structura_local")


@dataclass(frozen=True)
class Server:
    """A running server. `headers`: those of somebody who is logged in."""

    url: str
    process: psutil.Process
    headers: dict[str, str]

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far."""
        used = self.process.cpu_times()
        return float(used.user + used.system)

    @property
    def memory(self) -> float:
        """MB that are its own."""
        return float(self.process.memory_full_info().uss / 1e6)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A JSON answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {**self.headers, "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers, method=method)) as answer:
            return json.loads(answer.read())


STOPS = 15  # seconds that a server may take to stop


@contextmanager
def process(command: Sequence[str], ready: str, log: Path) -> Iterator[tuple[psutil.Process, str]]:
    """A process, from the line on that has the word `ready` in it; yields that line too."""
    # Byte code is kept, as it is where the program is installed; without it every start compiles everything.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with log.open("wb") as errors:
        started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
    try:
        assert started.stdout
        for line in started.stdout:
            if ready in line:
                yield psutil.Process(started.pid), line
                break
        else:
            raise RuntimeError(log.read_text())
    finally:
        started.terminate()
        try:
            started.wait(STOPS)
        except subprocess.TimeoutExpired:  # it waits for a connection that nobody will close
            started.kill()
            started.wait()


@contextmanager
def plant(folder: Path, *arguments: str, program: Sequence[str] = PROGRAM, log_in: bool = True) -> Iterator[Server]:
    """This project's server on a plant's folder, with its administrator logged in."""
    serve = (*program, "serve", "--data-dir", str(folder), "--host", "127.0.0.1", "--port", "0")
    with process((*serve, *arguments), " serves ", folder.with_suffix(".log")) as (running, line):
        url = line.split(" serves ")[1].split()[0].replace("localhost", "127.0.0.1")
        if not log_in:
            yield Server(url, running, {})
            return
        token = Server(url, running, {}).ask("POST", "/api/auth/login", {"pin": ADMIN_PIN})["token"]
        yield Server(url, running, {"Authorization": f"Bearer {token}"})
