"""Where files carried by hand come in and go out at head office in memory (sync/carry/office.py)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sync.carry.office import Answer, Candidate, Notes
from sync.carry.stick import Key
from sync.central.memory import MemoryCentral, Partition
from sync.central.memory import Node as Known
from sync.protocol import Central, Hello, Welcome

KEY = Key("plant_norte_000000", "secret")  # one bundle on all PCs
NOBODY = "-"  # no node's id: what a node pushed itself comes back to it too


class MemoryDesk:
    """Where files come in and go out, on head office in memory (sync/carry/office.py)."""

    def __init__(self, partition: Partition, link: Any) -> None:
        self._partition = partition
        self._link = link
        self.plant = partition.plant

    async def now(self) -> int:
        """See sync.carry.office.Desk."""
        return self._partition.now()

    async def key(self, role: str) -> Key:
        """See sync.carry.office.Desk."""
        return KEY

    async def bundle(self, node: str) -> str | None:
        """See sync.carry.office.Desk."""
        return KEY.role if node in self._partition.nodes else None

    async def candidates(self) -> list[Candidate]:
        """See sync.carry.office.Desk."""
        return []

    async def greeted(self, hello: Hello, role: str, cursor: int) -> tuple[Central, Welcome]:
        """See sync.carry.office.Desk."""
        welcome = await self._link.attached.hello(hello)
        if welcome.known:
            self._partition.nodes[hello.node].pulled = cursor
        return self._link, welcome

    async def notes(self, node: str) -> Notes:
        """See sync.carry.office.Desk."""
        found: Notes = self._partition.notes.get(node, Notes())
        return found

    async def note(self, node: str, notes: Notes) -> None:
        """See sync.carry.office.Desk."""
        self._partition.notes[node] = notes

    @asynccontextmanager
    async def answer(self, node: str) -> AsyncIterator[Answer]:
        """See sync.carry.office.Desk."""
        moment = self._partition.backup()
        known = moment.nodes.get(node, Known(""))
        moment.nodes[NOBODY] = Known("")
        central = MemoryCentral(moment)
        central._node = NOBODY
        said = known.word, known.mark, known.at, known.pulled
        yield Answer(central, moment.standing, *said, moment.now(), await self.notes(node), dict(moment.keys))
