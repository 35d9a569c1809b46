"""100 logins at shift change, at once, from 20 terminals, and what others notice of it."""

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from benchmarks import plants, wrk
from benchmarks.bench import Bench
from benchmarks.results import Bar, Figure, Outcome, median
from benchmarks.server import Server

TITLE = "100 logins at shift change"
LOGINS, TERMINALS, MOST_SECONDS, MOST = 100, 20, 10, 50


def measure(bench: Bench) -> Outcome:
    """Each with a PIN of their own, while 100 lists a second are asked for. Somebody has logged in at each before."""
    server = bench.ours(plants.SMALL)
    pins = [f"{70_000_000 + number * 7919}" for number in range(LOGINS)]
    for pin in pins:
        server.ask("POST", "/api/users", {"name": f"Operario {pin}", "role": "OPERATOR", "pin": pin})
    addresses = [f"127.0.0.{number + 2}" for number in range(TERMINALS)]
    for address in addresses:
        _log_in(server, address, pins[0])
    rounds = [_all_at_once(server, addresses, pins) for _ in range(bench.rounds)]
    took, p99 = median([seconds for seconds, _ in rounds]), median([p99 for _, p99 in rounds])
    alone = [_timed(server, addresses[0], pins[0]) for _ in range(5)]
    return Outcome(
        [
            Figure("all answered", f"after {took:.1f} s", f"≤ {MOST_SECONDS} s", took <= MOST_SECONDS),
            Figure("p99 of lists meanwhile", f"{p99:.1f} ms", f"≤ {MOST} ms", p99 <= MOST),
            Figure("one login alone", f"{median(alone) * 1e3:.0f} ms"),
        ],
        [Bar("100 logins", took, "s")],
    )


def _all_at_once(server: Server, addresses: list[str], pins: list[str]) -> tuple[float, float]:
    """Seconds until the last has their token; milliseconds of the others' p99."""
    others = wrk.start(server.url + "/api/machines", wrk.Load(10, 5, server.headers, pause=100))
    began = time.perf_counter()
    with ThreadPoolExecutor(LOGINS) as pool:
        list(pool.map(lambda number: _log_in(server, addresses[number % TERMINALS], pins[number]), range(LOGINS)))
    took = time.perf_counter() - began
    return took, wrk.finish(others).p99


def _timed(server: Server, address: str, pin: str) -> float:
    began = time.perf_counter()
    _log_in(server, address, pin)
    return time.perf_counter() - began


def _log_in(server: Server, address: str, pin: str) -> None:
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, source_address=(address, 0))
    connection.request("POST", "/api/auth/login", json.dumps({"pin": pin}), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"a login was answered {answer.status}: {answer.read()!r}")
    connection.close()
