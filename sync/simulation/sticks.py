"""Files carried by hand between a PC and head office: late, twice, in any order, between exchanges over the network."""

from dataclasses import dataclass

from sync.carry.office import give_out, take_in
from sync.carry.plant import Carrier
from sync.protocol import AHEAD_LIMIT, SyncError
from sync.simulation.node import Key, Node
from sync.simulation.stepping import run
from sync.simulation.world import PLANT, Link, Port, World


@dataclass(frozen=True, slots=True)
class Stick:
    """A file on its way. `incarnation`: of head office, if it comes from there; else None. `everything`: is offered.

    `born`: by which stamps the PC had its rows when it was made.
    """

    node: Node
    content: bytes
    incarnation: int | None = None
    everything: bool = False
    born: frozenset[tuple[Key, str]] = frozenset()


def export(world: World, node: Node) -> Stick:
    """`sync export` at a PC; no exchange goes on meanwhile. Whoever is asked whether the clock is right says so.

    Raises ClockDoubt if it is not.
    """
    world.cut(node)
    written = run(_carrier(world, node).give_out(clock_is_right=abs(node.skew) < AHEAD_LIMIT))
    return Stick(node, written.content, everything=written.everything, born=_born(node))


def _born(node: Node) -> frozenset[tuple[Key, str]]:
    return frozenset((key, row.born) for key, row in node.rows().items())


def answer(world: World, node: Node) -> Stick:
    """`central export` at head office. Raises SyncError."""
    content, _, _ = run(give_out(world.office.desk(Link(world, node)), node.state()["node"]))
    return Stick(node, content, world.office.incarnation)


def bring(world: World, stick: Stick) -> None:
    """Take a file in where it belongs. Raises SyncError."""
    world.exact = False
    if stick.incarnation is None:
        world.carried.add(stick.node)
        world.unjournaled |= stick.everything and world.office.incarnation > 0
        # Some stamps were set right since, or will be yet.
        world.unjournaled |= not stick.born <= _born(stick.node) or stick.node in world.sessions
        received = run(take_in(world.office.desk(Link(world, stick.node)), stick.content))
        world.unjournaled |= bool(received.refused)
        world.untold |= {(collection, row_id) for collection, row_id, _ in received.refused}
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
    carrier = Carrier(node.store, node.ring, PLANT, world.office.key)
    carrier._port = Port(world, node)  # type: ignore[assignment]
    return carrier


def carried(world: World, stick: Stick) -> None:
    """Take a file in, or hear why not."""
    try:
        bring(world, stick)
    except SyncError as error:
        world.happened[f"stick: {type(error).__name__}"] += 1
