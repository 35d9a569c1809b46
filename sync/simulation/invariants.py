"""What must hold: at any time, and when all is at rest."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from structura_local.domain import parts
from structura_local.domain.alerts import ALERTS
from structura_local.domain.jobs import JOBS
from structura_local.domain.row import Row
from structura_local.domain.stamp import split
from sync import agreed
from sync.merge import merge
from sync.protocol import AHEAD_LIMIT
from sync.simulation.model import Key, Said, Write, losers, said, text, total, visible, winners
from sync.simulation.node import Node
from sync.simulation.world import Finding, World

MARGIN = 10_000  # milliseconds; a clock that is off by less is no reason to stamp anything anew


def under_way(world: World) -> None:
    """Cursors and marks are never ahead of the data."""
    for node in world.nodes:
        if world.met.get(node) == world.office.incarnation:
            _cursor(world, node)
            if node in world.moved:
                _mark(world, node)
    world.moved.clear()


def _cursor(world: World, node: Node) -> None:
    cursor, rows, aside = int(node.state().get("cursor", "0")), world.states[node], None
    for key, held in world.partition.rows.items():
        ours = rows.get(key)
        if held.lsn > cursor or ours == held.row:
            continue
        if ours is None or merge(ours, held.row).fingerprint() != ours.fingerprint():
            aside = node.aside() if aside is None else aside
            if key not in aside:
                raise Finding(f"{node.name}'s cursor {cursor} is ahead of {key}, number {held.lsn} at head office")


def _mark(world: World, node: Node) -> None:
    state = node.state()
    if "offer" in state or (node in world.excused and node.skew):  # taken for the one that pushed, under right stamps
        return
    for key, stored in node.agreed(int(state.get("mark", "0"))).items():
        if key in world.untold:
            continue
        held = world.partition.rows.get(key)
        if held is None or (held.row != stored and merge(held.row, stored).fingerprint() != held.row.fingerprint()):
            raise Finding(f"{node.name}'s mark is ahead of {key}, which head office does not hold like that")


def at_rest(world: World) -> None:
    """Everything else: same data, exact counters, every write accounted for."""
    rows = world.at_central()
    recount: Counter[str] = Counter()
    for (table, _), row in rows.items():
        recount[table] ^= row.fingerprint()
    digests = {table: digest for table, digest in recount.items() if digest}
    if {t: d for t, d in world.partition.digests.items() if d} != digests:
        raise Finding("head office's digests are not those of its rows")
    for node in world.nodes:
        _same(world, node, rows, digests)
    for key, row in rows.items():
        _stamps(world, key, row)
        _content(world, key, row)
    journaled = losers(rows)
    for write in world.model.writes:
        if write.number not in world.model.lost:
            _accounted(world, write, rows.get(write.key), journaled)
    _order(world, rows, journaled)
    _fair(world, rows)
    _derived(rows)
    if world.exact:
        _journal(world, rows)


def _same(world: World, node: Node, rows: Mapping[Key, Row], digests: Mapping[str, int]) -> None:
    state, ours, aside = node.state(), node.rows(), node.aside()
    if ours != world.states[node]:
        raise Finding(f"{node.name}: the simulation has lost track of its rows")
    for key in rows.keys() | ours.keys():
        if _held(rows.get(key)) != _held(ours.get(key)) and key not in aside:
            raise Finding(f"{node.name} has {key} as {ours.get(key)}, head office as {rows.get(key)}")
    if {t: d for t, d in agreed.read(state).items() if d} != digests:
        raise Finding(f"{node.name}'s digests are not those of its rows")
    if int(state.get("cursor", "0")) != world.partition.head:
        raise Finding(f"{node.name}'s cursor is {state.get('cursor')}, the head {world.partition.head}")


def _held(row: Row | None) -> Row | None:
    """What has to be the same everywhere: of a deleted row, which each place empties at its own time, the state."""
    return row if row is None or row.alive else replace(row, data={})


def _stamps(world: World, key: Key, row: Row) -> None:
    latest = max(row.born, *row.stamps.values(), row.born)
    if split(latest).ms > world.now + AHEAD_LIMIT:
        raise Finding(f"{key} has a stamp of the future: {latest}")


def _content(world: World, key: Key, row: Row) -> None:
    """Counters are exact, sets as their additions and removals say."""
    known = world.model.known(key, row)
    data = row.data if row.alive else parts.shown(row.data, row.parts)  # it may have been emptied
    for name, kind in parts.kinds(row.parts).items():
        writes = [w for w in world.model.of(key, known) if w.name.removesuffix(parts.COUNTER) == name]
        if kind == parts.COUNTER:
            added = sum(w.value for w in writes if w.kind == "add")
            base = visible(JOBS, row).get(name + parts.COUNTER)
            if added != total(row, name):
                raise Finding(f"{key}.{name} adds up to {total(row, name)}, acknowledged were {added}")
            if base is not None and not any(w.kind == "base" and w.value == base for w in writes):
                raise Finding(f"{key}.{name} has the base {base}, which nobody wrote")
            if round(data.get(name, 0) * parts.MICRO) != round((base or 0) * parts.MICRO) + added:
                raise Finding(f"{key}.{name} shows {data.get(name)}, not {base} and {added} millionths")
        else:
            elements = {element for _, element in world.model.additions(key, name, known)}
            if set(data.get(name) or ()) != elements:
                raise Finding(f"{key}.{name} shows {data.get(name)}, not {sorted(elements)}")


def _accounted(world: World, write: Write, row: Row | None, journaled: set[Said]) -> None:
    """In the data, or overwritten by a write that had seen it, or in the journal."""
    found = f"{write.where}'s write {write.number} to {write.key} ({write.kind} {write.name}: {write.value})"
    if row is None:
        raise Finding(f"{found} is gone with its row")
    if write.kind in ("delete", "restore"):
        if row.life < write.value:
            raise Finding(f"{found} is undone")
        return
    if write.kind in ("add", "set"):
        known = world.model.known(write.key, row)
        undone = write.kills & world.model.additions(write.key, write.name, known)
        # What was removed by two at once has become one removal.
        if undone or ((write.adds or write.kind == "add") and not known >> write.number & 1):
            raise Finding(f"{found} is not in the data")
        return
    content = visible(JOBS, row)
    # A write that a late batch has brought back, or that somebody had seen before it was lost, is not lost.
    writes, lost = world.model.by_key[write.key], world.model.lost
    seen = {(w.name, w.over) for w in writes if w.number not in lost}
    same = [w for w in writes if w.number not in lost or content.get(w.name) == w.value or (w.name, w.value) in seen]
    if said(write) in journaled | world.model.torn or any(w.over == write.value and w.name == write.name for w in same):
        return
    if any(w.kind == "delete" and w.saw.get(write.name) == write.value for w in same):
        return
    counts = [w for w in same if w.kind == "base" and w.name == write.name and w is not write]
    if write.kind == "base" and any(w.shown == write.shown for w in counts):
        return  # two who count the same have no conflict, whatever there was to add to each count
    if world.unjournaled:
        return  # sync/README.md, what to know
    if content.get(write.name) != write.value:
        raise Finding(f"{found} is neither in the data nor in the journal")
    if not row.alive:
        raise Finding(f"{found} was buried by a delete that had not seen it, and is not in the journal")


def _order(world: World, rows: Mapping[Key, Row], journaled: set[Said]) -> None:
    """What was overwritten by a write that had seen it never comes back.

    But for a database that was copied before it was pushed: its writes are stamped at two places, and what one of them
    then overwrites is in the journal.
    """
    for key, writes in world.model.by_key.items():
        row = rows.get(key)
        if row is None or (world.emptied and not row.alive):  # what was lost with its data cannot be told any more
            continue
        content = visible(JOBS, row)
        wrote = Counter((w.name, w.value) for w in writes if w.kind in ("field", "base"))
        for write in writes:
            if write.kind not in ("field", "base") or write.over is None or write.number in world.model.lost:
                continue
            once = wrote[write.name, write.over] == wrote[write.name, write.value] == 1
            later = [w for w in writes if w.name == write.name and w.number >= write.number]
            told = world.copied and any(said(w) in journaled for w in later)
            if once and content.get(write.name) == write.over and not told:
                raise Finding(f"{key}.{write.name} shows {write.over} again, which {write.value} had replaced")


def _fair(world: World, rows: Mapping[Key, Row]) -> None:
    """Of two writes that have not seen each other the later one counts, by the true time, whatever clocks said.

    Where all that is known of the time is known: nothing was restarted, set back or carried by hand.
    """
    if world.copied or world.office.incarnation or world.happened["stick"]:
        return
    for key, writes in world.model.by_key.items():
        if any(write.kind in ("delete", "restore") or write.where in world.restarted for write in writes):
            continue
        content = visible(JOBS, rows[key])
        plain = [write for write in writes if write.kind == "field"]
        for winner in plain:
            once = [w for w in plain if (w.name, w.value) == (winner.name, winner.value)] == [winner]
            if not once or content.get(winner.name) != winner.value:
                continue
            later = [w for w in plain if w.name == winner.name and w.at > winner.at + MARGIN]
            if later:
                raise Finding(f"{key}.{winner.name} shows {winner.value}, and not {later[0].value}, which is later")


def _derived(rows: Mapping[Key, Row]) -> None:
    """What follows from a cause is there once."""
    alive = {key: row for key, row in rows.items() if row.alive}
    causes = Counter(
        ("panels", row.data.get("projectId"))
        for (table, _), row in alive.items()
        if table == JOBS.table and row.data.get("machineType") == "PANELIZADO"
    )
    causes.update(
        (str(row.data.get("type")), row.data.get("relatedId"))
        for (table, _), row in alive.items()
        if table == ALERTS.table and not row.data.get("dismissed")
    )
    for cause, times in causes.items():
        if times > 1:
            raise Finding(f"{cause} has {times} results")


def _journal(world: World, rows: Mapping[Key, Row]) -> None:
    """No entry says that a write lost which its winner had seen."""
    plain = [write for write in world.model.writes if write.kind in ("field", "base")]
    by_actor: dict[tuple[Said, str], list[Write]] = {}
    for each in plain:
        by_actor.setdefault((said(each), each.actor), []).append(each)
    times = Counter(map(said, plain))

    def only(what: Said, actor: str, before: int) -> Write | None:
        """An import says the same at two places, or again at one: which of them was seen then, nobody knows."""
        found = [write for write in by_actor.get((what, actor), ()) if write.number < before]
        return found[0] if len(found) == 1 else None

    for winner, actor, loser in winners(rows):
        write = only(winner, actor, len(world.model.writes)) if times[loser] == 1 else None
        while write is not None:
            before = (*loser[:3], text(write.over))
            if before == loser:
                raise Finding(f"the journal says that {loser} lost to {winner}, which had seen it")
            write = only(before, write.after, write.number)
