"""The same scenario before two head offices: both worlds have to end alike, to the last stamp and number."""

from collections.abc import Iterator
from typing import Any

from sync.simulation.world import World


def difference(one: World, other: World) -> str | None:
    """The first thing that two worlds hold differently; None: nothing."""
    ours, theirs = dict(_held(one)), dict(_held(other))
    for what in ours | theirs:
        if ours.get(what) != theirs.get(what):
            return f"{what} is {ours.get(what)} before the one head office, {theirs.get(what)} before the other"
    return None


def _held(world: World) -> Iterator[tuple[str, Any]]:
    partition = world.partition
    yield "what happened", world.happened
    yield "the head", partition.head
    yield "how often central was found set back", partition.epoch
    for key, held in sorted(partition.rows.items()):
        yield f"head office's {key}", (held.row, held.lsn, held.by)
    for node in world.nodes:
        for name, value in sorted(node.state().items()):
            yield f"{node.name}'s {name}", value
        for key, row in sorted(node.rows().items()):
            yield f"{node.name}'s {key}", row
