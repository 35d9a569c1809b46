"""One exchange between a node and central, over two ports. It knows no network and no database."""

from typing import Protocol

from sync.plan import plan
from sync.protocol import Central, Hello, Local, Welcome


class Observer(Protocol):
    """Hears how an exchange goes."""

    def welcomed(self, welcome: Welcome) -> None:
        """Central has answered."""

    def moved(self, pushed: int, pulled: int) -> None:
        """So many rows more are safe on the other side."""


async def exchange(local: Local, central: Central, hello: Hello, observer: Observer) -> None:
    """Pull all that is new at central, push all that is new here, until neither has more.

    Raises SyncError; what was exchanged until then stays valid, and the next exchange goes on from there.
    """
    welcome = await central.hello(hello)
    observer.welcomed(welcome)
    agreed = plan(welcome, await local.cursor(), await local.mark())
    held = await local.keys()
    if others := {k: v for k, v in (await central.exchange_keys(held)).items() if k not in held}:
        await local.add_keys(others)
    cursor, mark, head = agreed.cursor, agreed.mark, welcome.head
    while True:
        while cursor < head:
            page = await central.pull(cursor, head)
            await local.apply(page)
            cursor = page.cursor
            observer.moved(0, len(page.rows))
        batch = await local.changes(mark)
        if batch is None:
            return
        head = await central.push(batch)
        mark = batch.mark
        await local.acknowledge(mark)
        observer.moved(len(batch.rows), 0)
