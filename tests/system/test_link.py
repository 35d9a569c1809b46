"""Over a long, thin, lossy line the exchange keeps the line busy."""

from pathlib import Path
from typing import Any

import pytest

from structura_local.domain.row import ANY
from sync.central import office
from sync.central.postgres import PostgresCentral
from sync.protocol import Batch, Hello, Tagged
from tests.sync.central.factories import PLANT, at, job
from tests.system.link import drain, socket_of, through
from tests.system.proxy import Proxy

CHANGES = 8_000  # so many that the first and the last word weigh little


class Pooled:
    """A connection that says another process id than the server's, as a pooler does."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def get_server_pid(self) -> int:
        return 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@pytest.mark.slow
@pytest.mark.parametrize(("pooled", "expected"), [(False, 1), (True, 4)], ids=["direct", "pooled"])
async def test_a_push_takes_few_round_trips(
    central_dsn: str, monkeypatch: pytest.MonkeyPatch, *, pooled: bool, expected: int
) -> None:
    """One, however many rows it carries; four where a pooler may stand between, which says a process id of its own."""
    async with Proxy(socket_of(central_dsn)) as line:
        bundle = through(line, await office.enroll(central_dsn, PLANT))
        central = await PostgresCentral.connect(bundle["dsn"], PLANT)
        if pooled:
            monkeypatch.setattr(central, "_connection", Pooled(central._connection))
        try:
            await central.hello(Hello(PLANT, "node0001", "1", "", "first word"))
            await central.push(Batch([job("first")], 1))
            rows = [Tagged("jobs", job(f"j{n}", ms=n + 1).row, {ANY: at(0)}) for n in range(2_000)]
            before = line.turns
            await central.push(Batch(rows, 2))
            assert line.turns - before == expected
        finally:
            await central.close()


@pytest.mark.slow
async def test_a_backlog_uses_what_the_line_can_carry(tmp_path: Path, central_dsn: str) -> None:
    """200 ms there and back, 1 Mbit/s, one packet in fifty lost: four fifths of it, from the welcome to the end."""
    done = await drain(tmp_path, central_dsn, socket_of(central_dsn), CHANGES)
    assert done.changes >= CHANGES
    assert done.share >= 0.8, done
