"""Load from a process of its own: `wrk`, with a Lua script that says what it asks and prints what came of it."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_REPORT = """
local counts = {}
function setup(thread) table.insert(counts, thread) end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\n{"requests":%d,"seconds":%.6f,"bytes":%d,"p50":%.3f,"p99":%.3f,"longest":%.3f,"refused":%d,"broken":%d,"late":%d}\\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, e.status, e.connect + e.read + e.write, e.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What `wrk` asks for. `script`: Lua that defines `request()`; `pause`: milliseconds between answer and request."""

    connections: int = 32
    seconds: int = 5
    headers: Mapping[str, str] | None = None
    script: str = ""
    pause: float = 0


@dataclass(frozen=True)
class Answered:
    """What came of it; times in milliseconds. `refused`: statuses of 400 and more; `broken`: connections."""

    requests: int
    seconds: float
    bytes: int
    p50: float
    p99: float
    longest: float
    refused: int
    broken: int
    late: int

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return (self.requests - self.refused) / self.seconds


def run(url: str, load: Load) -> Answered:
    """Ask a server for a while."""
    return finish(start(url, load))


def start(url: str, load: Load) -> "subprocess.Popen[str]":
    """Begin to ask a server."""
    pause = f"function delay() return {load.pause} end\n" if load.pause else ""
    with tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False) as file:
        file.write(load.script + pause + _REPORT)
    headers = [part for name, value in (load.headers or {}).items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{load.seconds}s", "--timeout", "10s", "-s", file.name]
    return subprocess.Popen([*command, *headers, url], stdout=subprocess.PIPE, text=True)


def finish(process: "subprocess.Popen[str]") -> Answered:
    """Wait for its end."""
    out, _ = process.communicate()
    lines = [line for line in out.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"wrk said: {out}")
    Path(process.args[process.args.index("-s") + 1]).unlink()  # type: ignore[union-attr,index,arg-type]
    return Answered(**json.loads(lines[0]))


def posting(path: str, body: str) -> str:
    """A script that posts a body; `%d` in it is another number each time."""
    return f"""
wrk.headers["Content-Type"] = "application/json"
local n = 0
function request()
  n = n + 1
  return wrk.format("POST", "{path}", nil, string.format([[{body}]], n))
end
"""


def patching(paths: Sequence[str], bodies: Sequence[str]) -> str:
    """A script that patches one object after the other; each gets the next body when its turn comes again."""
    return f"""
local paths = {{{",".join(f'"{path}"' for path in paths)}}}
local bodies = {{{",".join(f"[[{body}]]" for body in bodies)}}}
local n = 0
wrk.headers["Content-Type"] = "application/json"
function request()
  local turn = math.floor(n / #paths)
  local path, body = paths[n % #paths + 1], bodies[turn % #bodies + 1]
  n = n + 1
  return wrk.format("PATCH", path, nil, body)
end
"""


def getting(paths: Sequence[str]) -> str:
    """A script that gets one address after the other."""
    return f"""
local paths = {{{",".join(f'"{path}"' for path in paths)}}}
local n = 0
function request()
  n = n + 1
  return wrk.format("GET", paths[n % #paths + 1])
end
"""
