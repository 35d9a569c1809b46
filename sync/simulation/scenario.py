"""A seed becomes a list of actions; each has its own seed, so that a list without some of them is a scenario, too."""

import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from unittest.mock import patch

from structura_local import clock
from sync import local, protocol
from sync.carry.plant import ClockDoubt
from sync.central.memory import Partition
from sync.protocol import SyncError
from sync.simulation import sticks
from sync.simulation.invariants import at_rest, under_way
from sync.simulation.node import Node
from sync.simulation.office import Office
from sync.simulation.people import SITES, People
from sync.simulation.sticks import Stick
from sync.simulation.world import Finding, World, seeded

DAY = 86_400_000
YEAR = 365 * DAY
SKEWS = (0, 0, 900, -1_500, 40_000, -70_000, 4_000_000, -9_000_000, 40 * 86_400_000, 3 * YEAR, -3 * YEAR)
DEAD_CMOS = (0, 946_684_800_000)  # 1970 and 2000
EXPORTS = 3


@dataclass(frozen=True, slots=True)
class Action:
    """What happens next; `seed` decides all its details."""

    name: str
    seed: int


@dataclass(slots=True)
class Stage:
    """A world and what an action needs beside it."""

    world: World
    rng: random.Random
    fresh: "count[int]"
    sticks: list[Stick]

    @property
    def node(self) -> Node:
        """Any PC."""
        return self.rng.choice(self.world.nodes)

    @property
    def people(self) -> People:
        """Whoever does it."""
        return People(self.rng, self.fresh)


def write(stage: Stage) -> None:
    node = stage.node
    for _ in range(stage.rng.choice((1, 1, 2, 3))):
        stage.world.write(node, stage.rng.choice(("ana", "luis")), stage.people.at_plant(newer=node.newer))


def import_(stage: Stage) -> None:
    export = stage.rng.randrange(EXPORTS)
    for node in stage.rng.sample(stage.world.nodes, min(len(stage.world.nodes), stage.rng.choice((1, 2)))):
        stage.world.write(node, "ana", stage.people.imported(export), "import")


def finish(stage: Stage) -> None:
    work = stage.people.finish(stage.rng.choice(SITES), stage.rng.randrange(2))
    stage.world.write(stage.node, "luis", work)


def office(stage: Stage) -> None:
    stage.world.write_at_office(stage.people.at_office())


def sync(stage: Stage) -> None:
    stage.world.sync(stage.node)


def step(stage: Stage) -> None:
    stage.world.step(stage.node, stage.rng.randrange(1, 30))


def cut(stage: Stage) -> None:
    busy = _busy(stage)
    if busy:
        stage.world.cut(busy, late=stage.rng.random() < 0.5)


def late(stage: Stage) -> None:
    if stage.world.late:
        at = stage.rng.randrange(len(stage.world.late))
        stage.world.deliver(*stage.world.late.pop(at))


def power(stage: Stage) -> None:
    node = _busy(stage) or stage.node
    stage.world.power_cut(node)


def backup(stage: Stage) -> None:
    stage.world.backup(stage.node)


def restore(stage: Stage) -> None:
    if stage.world.backups:
        node, database = stage.rng.choice(stage.world.backups)
        stage.world.set_disk(node, database)


def clone(stage: Stage) -> None:
    if len(stage.world.nodes) < 5:
        stage.world.clone(stage.node)


def disk(stage: Stage) -> None:
    stage.world.lose_disk(stage.node)


def dump(stage: Stage) -> None:
    stage.world.dumps.append(stage.world.office.dump())


def central(stage: Stage) -> None:
    if stage.world.dumps:
        stage.world.restore_central(stage.rng.choice(stage.world.dumps))


def set_clock(stage: Stage) -> None:
    stage.node.skew = stage.rng.choice(SKEWS)


def cmos(stage: Stage) -> None:
    node = stage.node
    node.skew = stage.rng.choice(DEAD_CMOS) - stage.world.now
    stage.world.power_cut(node)


def wait(stage: Stage) -> None:
    stage.world.now += stage.rng.choice((1, 500, 5_000, 3_600_000, 30 * 86_400_000))


def refuse(stage: Stage) -> None:
    if stage.world.refused:
        stage.world.refused.clear()
    else:
        stage.world.refuse(stage.rng)


def newer(stage: Stage) -> None:
    stage.node.newer = True


def graves(stage: Stage) -> None:
    """Once all have exchanged, as it is after an exchange that a worker does it. Else: sync/README.md, what to know."""
    settle(stage)
    stage.world.now += stage.rng.choice((0, 1, 60, 91)) * DAY
    for place in (None, *stage.world.nodes):
        if stage.rng.random() < 0.5:
            stage.world.empty_graves(place)


def thorough(stage: Stage) -> None:
    """All rows are counted anew; with harm done before it, when all was at rest, they are all there again after it."""
    world, node = stage.world, stage.node
    world.cut(node)
    if stage.rng.random() < 0.5:
        world.sync(node, thorough=True)
        return
    settle(stage)
    world.harm(node, stage.rng)
    world.sync(node, thorough=True)
    settle(stage)
    world.harmed.clear()


def stick(stage: Stage) -> None:
    """A whole round of files, or one that is made now, or one that was made some time, and perhaps taken before."""
    world, node, way = stage.world, stage.node, stage.rng.random()
    if way < 0.7:
        try:
            stage.sticks.append(sticks.export(world, node))
        except ClockDoubt:
            world.happened["stick: ClockDoubt"] += 1
            return
        if way < 0.3:
            sticks.carried(world, stage.sticks[-1])
    if way < 0.3 or 0.7 < way < 0.85:
        with suppress(SyncError):  # head office does not know that PC
            stage.sticks.append(sticks.answer(world, node))
            if way < 0.3:
                sticks.carried(world, stage.sticks[-1])
    if way > 0.5 and stage.sticks:
        sticks.carried(world, stage.rng.choice(stage.sticks[-4:]))


def settle(stage: Stage) -> None:
    stage.world.settle()
    at_rest(stage.world)


def _busy(stage: Stage) -> Node | None:
    """A PC with a session under way, if any has."""
    busy = [node for node in stage.world.nodes if node in stage.world.sessions]
    return stage.rng.choice(busy) if busy else None


Act = Callable[[Stage], None]
ALWAYS: dict[Act, int] = {write: 30, sync: 14, step: 12}
SOMETIMES: dict[Act, int] = {
    office: 8,
    import_: 3,
    finish: 6,
    cut: 6,
    late: 4,
    power: 4,
    backup: 3,
    restore: 2,
    clone: 1,
    disk: 1,
    dump: 3,
    central: 2,
    set_clock: 4,
    cmos: 2,
    wait: 6,
    refuse: 3,
    newer: 2,
    settle: 1,
}
ADDED: dict[Act, int] = {graves: 4, stick: 9, thorough: 4}  # at most so many times, among what else happens
ACTS = {act.__name__.rstrip("_"): act for act in (*ALWAYS, *SOMETIMES, *ADDED)}


def plan(seed: int) -> list[Action]:
    """The actions of a scenario. Each scenario leaves out some kinds of faults, so that the others show."""
    rng = random.Random(seed)
    weights = {**ALWAYS, **{act: weight for act, weight in SOMETIMES.items() if rng.random() < 0.55}}
    names = [act.__name__.rstrip("_") for act in weights]
    chosen = rng.choices(names, list(weights.values()), k=rng.randrange(15, 90))
    actions = [Action(name, rng.randrange(2**32)) for name in chosen]
    for act, most in ADDED.items():
        own = random.Random(f"{seed} {act.__name__}")  # so that what is added later changes nothing else
        for _ in range(own.randrange(1, most + 1) if own.random() < 0.4 else 0):
            action = Action(act.__name__, own.randrange(2**32))
            actions.insert(own.randrange(len(actions) + 1), action)
    return actions


def play(
    seed: int,
    only: Iterable[int] | None = None,
    trace: Callable[[str], None] | None = None,
    opened: Callable[[Partition], Office] = Office,
) -> World:
    """Play a scenario, or only some of its actions (by their places), with this head office; raises Finding."""
    actions: Sequence[tuple[int, Action]] = list(enumerate(plan(seed)))
    if only is not None:
        wanted = set(only)
        actions = [(place, action) for place, action in actions if place in wanted]
    rng = random.Random(seed * 7 + 1)
    word = seeded(random.Random(seed))
    with (
        patch.object(clock, "random_word", word),
        patch.object(protocol, "MAX_BATCH_ROWS", rng.choice((3, 8, 5_000))),
        patch.object(local, "SLICE", 4),
    ):
        world = World(opened=opened, turns=random.Random(seed * 7 + 2))
        for _ in range(rng.choice((1, 2, 2, 3, 3, 4))):
            world.add_node(rng.choice(SKEWS) if rng.random() < 0.3 else 0)
        fresh, carried = count(1), list[Stick]()
        for place, action in actions:
            if trace:
                trace(f"{place:3} {action.name}")
            world.happened[action.name] += 1
            try:
                ACTS[action.name](Stage(world, random.Random(action.seed), fresh, carried))
                under_way(world)
            except Finding as finding:
                raise Finding(f"after action {place} ({action.name}): {finding}") from finding
        world.settle()
        at_rest(world)
    return world
