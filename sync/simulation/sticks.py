"""Files carried by hand between a PC and head office: late, twice, in any order, between exchanges over the network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from sync.carry.office import Answer, Candidate, Notes, give_out, take_in
from sync.carry.plant import Carrier
from sync.carry.stick import Key
from sync.central.memory import MemoryCentral
from sync.central.memory import Node as Known
from sync.protocol import Central, Hello, SyncError, Welcome
from sync.simulation.node import Node
from sync.simulation.stepping import run
from sync.simulation.world import PLANT, Link, Port, World

KEY = Key("plant_norte_000000", "secret")  # one bundle on all PCs
NOBODY = "-"  # no node's id: what a node pushed itself comes back to it too


@dataclass(frozen=True, slots=True)
class Stick:
    """A file on its way. `incarnation`: of head office, if it comes from there; else None. `everything`: is offered."""

    node: Node
    content: bytes
    incarnation: int | None = None
    everything: bool = False


def export(world: World, node: Node) -> Stick:
    """`sync export` at a PC; no exchange goes on meanwhile."""
    world.cut(node)
    written = run(_carrier(world, node).give_out())
    return Stick(node, written.content, everything=written.everything)


def answer(world: World, node: Node) -> Stick:
    """`central export` at head office. Raises SyncError."""
    content, _, _ = run(give_out(MemoryDesk(world, node), node.state()["node"]))
    return Stick(node, content, world.office.incarnation)


def bring(world: World, stick: Stick) -> None:
    """Take a file in where it belongs. Raises SyncError."""
    world.exact = False
    if stick.incarnation is None:
        world.unjournaled |= stick.everything and world.office.incarnation > 0
        received = run(take_in(MemoryDesk(world, stick.node), stick.content))
        world.unjournaled |= bool(received.refused)
        return
    node = stick.node
    world.cut(node)
    met = world.met.pop(node, None)
    world.moved.add(node)
    try:
        run(_carrier(world, node).take_in(stick.content))
    finally:
        world.arriving[node] = {}
        if node in world.met:  # it may be a former head office that it goes on with
            met = stick.incarnation
        if met is not None:
            world.met[node] = met


def _carrier(world: World, node: Node) -> Carrier:
    carrier = Carrier(node.store, node.ring, PLANT, KEY)
    carrier._port = Port(world, node)  # type: ignore[assignment]
    return carrier


class MemoryDesk:
    """Where files come in and go out, on head office in memory (sync/carry/office.py)."""

    plant = PLANT

    def __init__(self, world: World, node: Node) -> None:
        self._world = world
        self._node = node
        self._partition = world.partition

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
        link = Link(self._world, self._node)
        welcome = await link._central.hello(hello)
        if welcome.known:
            self._partition.nodes[hello.node].pulled = cursor
        return cast("Central", link), welcome

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
        notes = await self.notes(node)
        yield Answer(
            central, moment.standing, known.word, known.mark, known.pulled, moment.now(), notes, dict(moment.keys)
        )


def carried(world: World, stick: Stick) -> None:
    """Take a file in, or hear why not."""
    try:
        bring(world, stick)
    except SyncError as error:
        world.happened[f"stick: {type(error).__name__}"] += 1
