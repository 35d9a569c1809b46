"""The plants' PCs, head office, what is under way between them, and the one true time."""

import random
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

from structura_local.domain.actors import ACTORS
from structura_local.domain.fields import Collection
from structura_local.domain.row import Row, kept_from
from structura_local.store import graves, sqlite
from structura_local.store.transaction import Author, Transaction
from sync import protocol
from sync.central.memory import Partition
from sync.protocol import Batch, Central, ClockAhead, Hello, Lineage, Page, Standing, SyncError, Tagged, Welcome
from sync.session import Together, exchange
from sync.simulation.model import Key, Model
from sync.simulation.node import Node, template
from sync.simulation.office import Office, Statement
from sync.simulation.stepping import by_turns, pause, run, step

PLANT = "norte"
BEGIN = 1_790_000_000_000
ROUNDS = 25  # of sessions of everybody; without faults all is at rest long before

T = TypeVar("T")
Op = tuple[Collection, Row | None, Row, str]  # before, after, kind


class Finding(Exception):
    """Something that must hold does not."""


@dataclass(slots=True)
class Session:
    """A session under way; `where` it stands. `central` is its connection."""

    coroutine: Coroutine[Any, Any, None]
    central: "Link"
    where: str = ""


@dataclass(slots=True)
class Heard:
    """What a session tells of itself (session.Observer)."""

    rows: int = 0
    differing: list[str] | None = None

    def welcomed(self, welcome: Welcome) -> None:
        """Central has answered."""

    def moved(self, pushed: int, pulled: int) -> None:
        """Rows are safe on the other side."""
        self.rows += pushed + pulled

    def compared(self, differing: list[str]) -> None:
        """Digests were compared."""
        self.differing = differing


@dataclass(slots=True)
class World:
    """What there is, at one moment of true time (`now`, milliseconds since 1970)."""

    now: int = BEGIN
    model: Model = field(default_factory=Model)
    nodes: list[Node] = field(default_factory=list)
    sessions: dict[Node, Session] = field(default_factory=dict)
    states: dict[Node, dict[Key, Row]] = field(default_factory=dict)
    arriving: dict[Node, Mapping[Key, Row]] = field(default_factory=dict)
    backups: list[tuple[Node, sqlite.Connection]] = field(default_factory=list)
    dumps: list[Any] = field(default_factory=list)
    late: list[tuple["Link", Batch]] = field(default_factory=list)
    refused: set[Key] = field(default_factory=set)
    met: dict[Node, int] = field(default_factory=dict)  # the incarnation of central that a node goes on with
    happened: Counter[str] = field(default_factory=Counter)
    copied: bool = False
    restarted: set[str] = field(default_factory=set)  # nodes whose program was started again
    emptied: bool = False  # deleted rows have been, somewhere
    unjournaled: bool = False  # a loss need not be: sync/README.md, what to know
    untold: set[Key] = field(default_factory=set)  # rows of files that were refused, of which a PC may not have heard
    carried: set[Node] = field(default_factory=set)  # of which head office has had a file
    excused: set[Node] = field(default_factory=set)  # whose database is or was in two places: they may become others
    taken: set[Node] = field(default_factory=set)  # from whom head office took rows that they still take for unpushed
    moved: set[Node] = field(default_factory=set)  # whose sessions went on since the last check
    harmed: set[Node] = field(default_factory=set)  # rows have vanished from their databases, and are not back yet
    exact: bool = True  # nothing has happened yet after which the journal may name what its winner had seen
    opened: Callable[[Partition], Office] = Office
    turns: random.Random = field(default_factory=random.Random)  # of two things that a session does at the same time
    partition: Partition = field(init=False)
    office: Office = field(init=False)

    def __post_init__(self) -> None:
        self.partition = Partition(PLANT, lambda: self.now)
        self.partition.refuses = self._refuses
        self.office = self.opened(self.partition)

    def _refuses(self, row: Tagged) -> str | None:
        return "No room for it." if (row.collection, row.row.id) in self.refused else None

    def add_node(self, skew: int = 0) -> Node:
        """A new PC with an empty database."""
        node = Node(f"pc{len(self.nodes)}", lambda: self.now)
        node.skew = skew
        self.nodes.append(node)
        self.started(node)
        node.enroll()
        return node

    def started(self, node: Node) -> None:
        """The program of a node has started on whatever is on its disk."""
        self.states[node] = node.rows()
        self.arriving[node] = {}
        node.door.committed = lambda tx: self._committed(node, tx)

    def _committed(self, node: Node, tx: Transaction) -> None:
        states = self.states[node]
        arriving = self.arriving[node] if tx.author.origin == "sync" else {}
        for key, stored in tx._known.items():
            before = states.get(key)
            if before is not stored.row:
                known = self.model.known(key, before) | self.model.known(key, arriving.get(key))
                self.model.merged(key, stored.row, known)
                states[key] = stored.row
        for key in arriving.keys() - states.keys():  # what is simply new is loaded past the transaction's merges
            if (row := node.row(key)) is not None:
                self.model.merged(key, row, self.model.known(key, arriving[key]))
                states[key] = row

    # Writing

    def write(self, node: Node, user: str, work: Callable[[Transaction], list[Op]], origin: str = "api") -> None:
        """A person writes at a node, and is told that it is saved."""
        ops = node.door.at_once(work, Author(origin, user))
        self._acknowledged(node.name, ops, self.states[node])
        self.now += 1

    def write_at_office(self, work: Callable[[Statement], list[Op]]) -> None:
        """A person or an ERP writes at head office."""
        ops: list[Op] = []
        before = {key: held.row for key, held in self.partition.rows.items()}
        written = self.office.transaction(lambda statement: ops.extend(work(statement)))
        for key, row in written.items():
            self.model.merged(key, row, self.model.known(key, before.get(key)))
        self._acknowledged("office", ops, written)
        self.now += 1

    def _acknowledged(self, where: str, ops: list[Op], states: Mapping[Key, Row]) -> None:
        for collection, before, after, kind in ops:
            self.model.wrote(where, self.now, collection, before, after, kind)
        for collection, _, after, _ in ops:
            key = (collection.table, after.id)
            self.model.also(key, states[key], self.model.known(key, after))

    # Sessions

    def step(self, node: Node, count: int = 1, *, thorough: bool = False) -> bool:
        """Let a node's session go on, or begin, a `thorough` one perhaps; returns whether it is over."""
        if node not in self.sessions:
            link = Link(self, node)
            self.sessions[node] = Session(self._exchange(node, link, Heard(), thorough=thorough), link)
        session = self.sessions[node]
        self.moved.add(node)
        for _ in range(count):
            try:
                session.where = step(session.coroutine)
            except StopIteration:
                del self.sessions[node]
                return True
            except SyncError as error:
                self._failed(node, error)
                del self.sessions[node]
                return True
        return False

    def _exchange(self, node: Node, link: "Link", heard: Heard, *, thorough: bool = False) -> Coroutine[Any, Any, None]:
        together, port = cast("Together", partial(by_turns, self.turns)), Port(self, node, counts=thorough)
        return exchange(port, cast("Central", link), PLANT, "test", heard, together, thorough=thorough)

    def sync(self, node: Node, *, thorough: bool = False) -> None:
        """A whole session, or the rest of the one under way."""
        while not self.step(node, thorough=thorough):
            pass

    def cut(self, node: Node, *, late: bool = False) -> None:
        """The link dies. `late`: what was just being sent arrives all the same, some time."""
        session = self.sessions.pop(node, None)
        if session is None:
            return
        sending = session.central.sending
        if late and sending is not None:
            self.late.append((session.central, sending))
        self._unheard(node, session)
        try:
            while True:
                step(session.coroutine, SyncError("The link is dead."))
        except (SyncError, StopIteration):
            self.arriving[node] = {}

    def power_cut(self, node: Node) -> None:
        """A node's PC goes off and on again."""
        self.drop(node)
        self.restarted.add(node.name)
        node.start()
        self.started(node)

    def drop(self, node: Node) -> None:
        """A session ends with the process that ran it."""
        session = self.sessions.pop(node, None)
        if session is not None:
            self._unheard(node, session)
            session.coroutine.close()

    def _unheard(self, node: Node, session: Session | None = None) -> None:
        """An exchange is over: it may not hear what head office has taken."""
        where = session.where.split(", ") if session else []
        if node in self.taken or any(place.startswith(("receive", "door")) for place in where):
            self.exact = False
        self.taken.discard(node)

    def deliver(self, link: "Link", batch: Batch) -> None:
        """What was under way for long arrives at head office."""
        self.exact = False
        try:
            run(link.arrive(batch))
        except SyncError:
            self.happened["late delivery refused"] += 1

    def _failed(self, node: Node, error: SyncError) -> None:
        self.happened[f"session: {type(error).__name__}"] += 1
        self._unheard(node)
        if isinstance(error, ClockAhead):
            self.mends(node, "has stamps of the future")

    def mends(self, node: Node, what: str) -> None:
        """An exchange mends what would not be, had nothing been copied, set back, refused or carried by hand."""
        excused = self.copied or self.office.incarnation or node in self.harmed
        if not (excused or self.happened["refuse"] or self.happened["stick"]):
            raise Finding(f"{node.name} {what}, without a reason")

    # What breaks

    def backup(self, node: Node) -> None:
        """Keep a copy of a node's database."""
        self.backups.append((node, sqlite.copied(node.database)))

    def lose_disk(self, node: Node) -> None:
        """A node's PC is replaced by a new one."""
        self.set_disk(node, template())
        node.enroll()

    def harm(self, node: Node, rng: random.Random) -> None:
        """A row that head office has, too, is gone from a node's disk."""
        self.power_cut(node)
        there = sorted(node.agreed(int(node.state().get("mark", "0"))).keys() - node.aside().keys())
        if there:
            table, row_id = rng.choice(there)
            node.database.execute(f"DELETE FROM {table} WHERE id = ?", (row_id,))
            self.started(node)
            self.harmed.add(node)

    def empty_graves(self, node: Node | None) -> None:
        """What was deleted long ago is emptied at a node, or (None) at head office; as the worker does it."""
        self.emptied, now = True, self.partition.now()
        if node is None:
            run(self.office.attach().empty_graves(kept_from(now)))
        else:
            mark = int(node.state().get("mark", "0"))
            node.door.at_once(partial(graves.empty, now, upto=mark), Author("rules"))
            self.states[node] = node.rows()

    def refuse(self, rng: random.Random) -> None:
        """Head office does not take some rows; who wrote what, which the program itself says, it always takes."""
        keys = sorted({key for rows in self.states.values() for key in rows if key[0] != ACTORS.table})
        self.refused = {rng.choice(keys) for _ in range(2)} if keys else set()

    def replicas(self) -> list[Mapping[Key, Row]]:
        """All that is held anywhere in use, backups not counted."""
        return [self.at_central(), *self.states.values()]

    def at_central(self) -> dict[Key, Row]:
        """The rows that head office holds."""
        return {key: held.row for key, held in self.partition.rows.items()}

    def clone(self, original: Node) -> None:
        """A copy of a node's database goes into use on a new PC."""
        self.cut(original)
        self.excused.add(original)
        self.set_disk(self.add_node(original.skew), original.database)

    def set_disk(self, node: Node, database: sqlite.Connection) -> None:
        """Another database on a node's PC: an older one, or a copy of another's, or an empty one."""
        self.drop(node)
        before = self.replicas()
        self.excused.add(node)
        self.exact = False
        self.copied = True
        self.met.pop(node, None)
        node.set_disk(database)
        self.started(node)
        self.model.broke(before, self.replicas())

    def restore_central(self, dump: Any) -> None:
        """Head office goes back to a dump: another database, with older content. All connections are dead."""
        for node in list(self.sessions):
            self.cut(node)
        self.late.clear()
        self.exact = False
        names = [node.state()["node"] for node in self.nodes]
        # Two databases go by one name, or one has only just got its own: it may not be seen.
        self.unjournaled |= len(set(names)) < len(names)
        self.unjournaled |= any("offer" in state and "last" not in state for state in (n.state() for n in self.nodes))
        before = self.replicas()
        self.office.restore(dump)
        self.met.clear()
        self.model.broke(before, self.replicas())

    # Coming to rest

    def settle(self) -> None:
        """All links are up, nobody writes: sessions until nothing moves."""
        for link, batch in self.late:
            self.deliver(link, batch)
        self.late.clear()
        self.refused.clear()
        for node in self.nodes:
            if node in self.sessions:
                self.sync(node)
            node.retry()
        for _ in range(ROUNDS):
            moved = 0
            for node in self.nodes:
                heard = Heard()
                self.now += 10
                moved += self._whole(node, heard)
            if not moved:
                self.office.look()
                return
        raise Finding(f"no rest after {ROUNDS} rounds of sessions")

    def _whole(self, node: Node, heard: Heard) -> int:
        for _ in range(5):  # as the worker does
            try:
                run(self._exchange(node, Link(self, node), heard))
            except SyncError as error:
                self._failed(node, error)
                heard.rows += 1
            else:
                if heard.differing is None:
                    raise Finding(f"{node.name} compared nothing in a quiet session")
                if heard.differing:
                    raise Finding(f"{node.name} differs in {heard.differing} and cannot mend it")
                return heard.rows
        raise Finding(f"{node.name} has no session that goes through")


class Port:
    """The port of a node, that notes what arrives; all else is the real one. `counts`: all rows, without a reason."""

    def __init__(self, world: World, node: Node, *, counts: bool = False) -> None:
        self._world = world
        self._node = node
        self._port = node.port
        self._counts = counts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    async def recognized(self, lineage: Lineage) -> None:
        """See sync.protocol.Local."""
        await self._port.recognized(lineage)
        self._world.met[self._node] = self._world.office.incarnation

    async def acknowledge(self, batch: Batch, head: int = 0) -> None:
        """See sync.protocol.Local."""
        await self._port.acknowledge(batch, head)
        self._world.taken.discard(self._node)

    async def recount(self) -> None:
        """See sync.protocol.Local."""
        if not self._counts:
            self._world.mends(self._node, "differs from head office")
        self._counts = False
        await self._port.recount()

    async def apply(self, page: Page) -> None:
        """See sync.protocol.Local."""
        self._world.arriving[self._node] = {(row.collection, row.row.id): row.row for row in page.rows}
        await self._port.apply(page)
        self._world.arriving[self._node] = {}


class Link:
    """A connection to head office: each message may be lost on its way there or back, or come late."""

    def __init__(self, world: World, node: Node) -> None:
        self.sending: Batch | None = None
        self._world = world
        self._node = node
        self.attached = world.office.attach()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.attached, name)

        async def call(*args: Any) -> Any:
            await pause(f"send {name}")
            result = await method(*args)
            await pause(f"receive {name}")
            return result

        return call

    async def hello(self, hello: Hello) -> Welcome:
        """See sync.protocol.Central."""
        await pause("send hello")
        excused = self._node in self._world.excused
        if hello.node != self._node.identity and not self._world.office.incarnation and not excused:
            raise Finding(f"{self._node.name} has become another node without a cause")
        welcome = await self.attached.hello(hello)
        await pause("receive hello")
        return welcome

    async def pull(self, cursor: int, head: int) -> Page:
        """See sync.protocol.Central; of as many rows as a batch."""
        await pause("send pull")
        page = await self.attached.pull(cursor, head, protocol.MAX_BATCH_ROWS)
        await pause("receive pull")
        return page

    async def push(self, batch: Batch) -> Standing:
        """See sync.protocol.Central."""
        self.sending = batch
        await pause("send push")
        standing = await self.arrive(batch)
        await pause("receive push")
        self.sending = None
        return standing

    async def arrive(self, batch: Batch) -> Standing:
        """A batch reaches head office."""
        rows, model = self._world.partition.rows, self._world.model
        before = {key: held.row for key, held in rows.items()}
        if batch.offered and self._world.office.incarnation:
            self._world.unjournaled |= self._meets_news(batch)
        standing = await self.attached.push(batch)
        if batch.rows:
            self._world.taken.add(self._node)
        for tagged in batch.rows:
            key = (tagged.collection, tagged.row.id)
            known = model.known(key, before.get(key)) | model.known(key, tagged.row)
            model.merged(key, rows[key].row, known)
        return standing

    def _meets_news(self, batch: Batch) -> bool:
        """Whether others have written since this node has pulled what it offers to a head office that was set back."""
        state, rows = self._node.state(), self._world.partition.rows
        held = [rows.get((tagged.collection, tagged.row.id)) for tagged in batch.rows]
        return any(row and row.lsn > int(state.get("cursor", "0")) and row.by != state["node"] for row in held)


def seeded(words: random.Random) -> Callable[[int], str]:
    """In place of the system's randomness (structura_local/clock.py)."""
    return lambda length: "".join(words.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))
