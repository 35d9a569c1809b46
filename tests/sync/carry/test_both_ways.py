"""A PC with a link, and a stick all the same: a file is taken while the worker would exchange over the network."""

import asyncio
import contextlib
from typing import Any

import pytest

from structura_local.commands import OWNER
from structura_local.errors import AppError
from structura_local.operations import carry
from structura_local.operations.carry import Carry
from sync.local import LocalPort
from sync.protocol import Page
from sync.status import Monitor
from sync.worker import Worker
from tests.sync.carry.desk import Courier
from tests.sync.nodes import Ring

pytestmark = pytest.mark.asyncio

WHILE = 3.0  # seconds in which the worker would have exchanged again, if it could


class Folder(Ring):
    """What a PC has from head office."""

    def __init__(self, bundle: dict[str, Any]) -> None:
        super().__init__()
        self._bundle = bundle

    def bundle(self) -> dict[str, Any]:
        return self._bundle


class Counting(Worker):
    """The worker, and how often it has exchanged."""

    exchanges = 0

    async def _exchange(self, central: Any) -> None:
        await super()._exchange(central)
        self.exchanges += 1

    async def exchanged(self) -> None:
        """Until it has exchanged once more, from the beginning to the end."""
        wanted = self.exchanges + 2  # one may be under way
        while self.exchanges < wanted:
            self._ask()
            await asyncio.sleep(0.01)


async def test_the_worker_waits_while_a_file_is_taken(courier: Courier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both speak for the same node: one would end what the other began, and the PC be taken for a copy of itself."""
    pc = await courier.enroll("a")
    await courier.sql("INSERT INTO structura.clients (plant_id, id, name) VALUES ('norte', 'C-1', 'Uno')")
    await courier.deliver(await courier.export(pc))
    content = await courier.answer(pc)
    node = await pc.node()
    apply = LocalPort.apply
    bundle = courier.bundles["a"]
    worker = Counting(pc.store, courier.rings["a"], courier.plant, bundle["dsn"], Monitor())
    tasks: list[asyncio.Task[None]] = []

    async def slowly(self: LocalPort, page: Page) -> None:
        if not tasks:  # the file's rows: now the link is back
            tasks.append(asyncio.create_task(worker.run()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WHILE):
                    await worker.exchanged()
        await apply(self, page)

    monkeypatch.setattr(LocalPort, "apply", slowly)
    try:
        assert (await Carry(pc.store, Folder(bundle)).take_in(OWNER, content)).state == "applied"
        async with asyncio.timeout(60):
            await worker.exchanged()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert await pc.node() == node
    assert await courier.same(pc)


async def test_who_waits_too_long_is_told(courier: Courier, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large exchange over a slow line is under way: the file is refused, and nothing was done."""
    monkeypatch.setattr(carry, "PATIENCE", 0.05)
    pc = await courier.enroll("a")
    by_hand = Carry(pc.store, Folder(courier.bundles["a"]))
    content = (await by_hand.give_out(OWNER)).content
    await courier.deliver(content)
    answer = await courier.answer(pc)
    async with pc.store.exchanging:
        for refused in (by_hand.take_in(OWNER, answer), by_hand.give_out(OWNER)):
            with pytest.raises(AppError) as raised:
                await refused
            assert raised.value.code == "carry-refused"
            assert "over the network is under way" in str(raised.value)
    monkeypatch.setattr(carry, "PATIENCE", 30)
    assert (await by_hand.take_in(OWNER, answer)).differing == []
