"""What can be done inside the door: read a row, change a row. Stamping and the change log happen here and only here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy.sql import ClauseElement

from structura_local import clock
from structura_local.domain import parts
from structura_local.domain.actors import ACTORS, RULES, SERVER
from structura_local.domain.fields import Collection, Field, Merge
from structura_local.domain.row import AGREED, ANY, LIFE, SEEN, Row, back
from structura_local.domain.stamp import BEGINNING, TIME_LENGTH, WORD_LENGTH, HybridClock, next_time, time
from structura_local.store.drafts import Drafts
from structura_local.store.recent import Recent
from structura_local.store.rows import Stored, codec, compiled, completions_sql
from structura_local.store.sqlite import Connection
from structura_local.store.tables import SET_ASIDE_SEQ

MASK = "•"
LAST_CHARACTER = "\U0010ffff"  # behind everything that begins alike
AT_ONCE = 500  # rows and lines of the log that pile up at most
UNRULED = ("import", "setup")  # origins of data that is taken as it is
NEW: Mapping[str, Any] = {ANY: ""}  # the base of a row that head office has never had
_NONE: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Author:
    """On whose behalf something is written. `origin`: api, import, setup, sync, rules, or derived.

    `derived` is what rules make of what a sync has brought.
    """

    origin: str
    user_id: str | None = None

    @property
    def name(self) -> str:
        """Under which name its actor is known to others."""
        return RULES if self.origin in ("rules", "derived") else self.user_id or f"({self.origin})"


@dataclass(frozen=True, slots=True)
class Change:
    """A committed change of a row, announced to whoever listens at the door. `before`: None if there was no row."""

    seq: int
    collection: str
    before: Row | None
    row: Row
    kind: str
    origin: str


@dataclass(frozen=True, slots=True)
class Touched:
    """A row as it was and as it is, for rules that follow from its change."""

    collection: Collection
    before: Row | None
    after: Row

    @property
    def since(self) -> str:
        """The time of the latest write that made the difference."""
        known = {self.before.born, *self.before.stamps.values()} if self.before else set()
        stamps = {self.after.born, *self.after.stamps.values()}
        return time(max(stamps - known, default=self.after.born))


@dataclass(slots=True)
class Run:
    """One run of a node's program, and the actors that have written in it. `elapsed`: milliseconds since it began."""

    node: str
    id: str
    clock: HybridClock
    elapsed: Callable[[], int]
    actors: dict[str, str] = field(default_factory=dict)  # by the author's name
    former: tuple[str, ...] = ()  # ids of this program before its history was broken

    @property
    def ids(self) -> tuple[str, ...]:
        """Under which this program has written."""
        return (self.id, *self.former)

    def begin(self, node: str) -> None:
        """Go on as another node, with other actors: the history so far belongs to the former one."""
        self.node = node
        self.former = self.ids
        self.id = clock.random_word(WORD_LENGTH)
        self.actors.clear()


@dataclass(slots=True)
class Shared:
    """What the writes of one commit share: the connection, what was written last, what is not in the database yet."""

    connection: Connection
    recent: Recent
    drafts: Drafts = field(default_factory=Drafts)
    broken: bool = False  # what had been written could not be stored: nobody's write can be kept

    def write(self) -> None:
        """Put the drafts of all into the database."""
        try:
            self.drafts.write(self.connection)
        except BaseException:
            self.broken = True
            raise


@dataclass(slots=True)
class Transaction:
    """One write. Valid only inside the function that was handed to `Door.write`."""

    shared: Shared
    run: Run
    author: Author
    at: int  # milliseconds since 1970
    seq: int  # of the last change so far
    changes: list[Change] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    rules: Callable[["Transaction"], None] | None = None
    settled: int = 0  # how many of `touched` the rules have seen
    actors: dict[str, str] = field(default_factory=dict)  # who writes here for the first time in this run
    as_of: str | None = None  # the time of the cause, if what is written counts as written right after it
    _first: int = 0
    _known: dict[tuple[str, str], Stored] = field(default_factory=dict)
    _written: dict[tuple[str, str], Stored] = field(default_factory=dict)
    _mark: int | None = None
    _drafts: Drafts = field(default_factory=Drafts)
    _apart: bool = False  # there is a savepoint: in the database is what only this write has written

    def __post_init__(self) -> None:
        self._first = self.seq + 1

    def settle(self) -> None:
        """Let the rules follow from what was changed so far: now, for who wants to see the outcome, or at the end."""
        if self.rules:
            self.rules(self)

    def after_commit(self, work: Callable[[], None]) -> None:
        """Call `work` on the event loop once this write is safe on disk, before it is announced; never if it fails."""
        self.afterwards.append(work)

    @property
    def connection(self) -> Connection:
        """For statements of any kind: what was written so far is there, and goes with them if this write fails."""
        connection = self._read()
        self.shared.recent.clear()  # they may change any row, those too that were written here before
        self._written.clear()
        if not self._apart:
            connection.execute("SAVEPOINT write")
            self._apart = True
        return connection

    def keep(self) -> None:
        """This write is good: the commit takes it in."""
        if self._apart:
            self._drafts.write(self.shared.connection)
            self.shared.connection.execute("RELEASE write")
        else:
            self.shared.drafts.add(self._drafts)
        if self.author.origin == "api":
            recent = self.shared.recent
            recent.mark = self._mark if recent.mark is None else recent.mark
            for place, stored in self._written.items():
                recent.put(place, stored)

    def undo(self) -> None:
        """This write has failed: it leaves no trace."""
        if self._apart:
            self.shared.connection.execute("ROLLBACK TO write")
            self.shared.connection.execute("RELEASE write")

    def forget_drafts(self) -> None:
        """What was written since the last statement is not wanted."""
        self._drafts.clear()

    def _read(self) -> Connection:
        """For statements that read: what was written so far is there."""
        connection, own = self.shared.connection, self._drafts
        if not self._apart:
            self.shared.write()
            if len(own):
                connection.execute("SAVEPOINT write")
                self._apart = True
        own.write(connection)
        return connection

    # Reading

    def stored(self, collection: Collection, row_id: str) -> Stored | None:
        """A row with its local change number, deleted or not."""
        known = self._known.get((collection.table, row_id))
        if known is not None:
            return known
        if waiting := self._drafts.find(collection, row_id) or self.shared.drafts.find(collection, row_id):
            return waiting
        if recent := self.shared.recent.get((collection.table, row_id)):
            return recent
        kind = codec(collection)
        line = self.shared.connection.execute(kind.get_sql, (row_id,)).fetchone()
        return self._seen(collection, kind.decode(line)) if line else None

    def reread(self, collection: Collection, row_id: str) -> Row | None:
        """A row as the database has it, whatever was written before; not kept, as an import rereads all of a file."""
        self._read()
        self.forget(collection, row_id)
        row = self.get(collection, row_id)
        self.forget(collection, row_id)
        return row

    def forget(self, collection: Collection, row_id: str) -> None:
        """Keep a row in memory no longer; who asks for it reads it again."""
        place = collection.table, row_id
        self._known.pop(place, None)
        self._written.pop(place, None)
        self.shared.recent.drop(place)

    def get(self, collection: Collection, row_id: str) -> Row | None:
        """A row, deleted or not."""
        found = self.stored(collection, row_id)
        return found.row if found else None

    def find(self, collection: Collection, but: Mapping[str, Any] = _NONE, **equal: Any) -> list[Row]:
        """The living rows whose fields have these values, and not those in `but`."""
        kind = codec(collection)
        sql = kind.find_sql(tuple(equal), tuple(but))
        lines = self._read().execute(sql, (*equal.values(), *but.values()))
        return [self._seen(collection, kind.decode(line)).row for line in lines]

    def count(self, collection: Collection, but: Mapping[str, Any] = _NONE, **equal: Any) -> int:
        """How many rows `find` would find. None of them is read where an index knows."""
        sql = codec(collection).find_sql(tuple(equal), tuple(but), counted=True)
        return int(self._read().execute(sql, (*equal.values(), *but.values())).fetchone()[0])

    def completions_since(
        self, events: Collection, moment: str, machine: str, beginning: str, *, pattern: str, like: bool
    ) -> list[Row]:
        """A machine's completions that the server received at `moment` (ISO 8601, UTC) or later, newest first.

        `beginning`: of their descriptions. Those whose ids are like `pattern` (GLOB), or those whose are not.
        """
        said = (machine, beginning, beginning + LAST_CHARACTER, moment, pattern, like)
        lines = self._read().execute(completions_sql(events), said).fetchall()
        return [self._seen(events, codec(events).decode(line)).row for line in lines]

    def execute(self, statement: ClauseElement) -> list[Any]:
        """For the store's own tables; returns the lines."""
        sql, values = compiled(statement)
        return self.connection.execute(sql, values).fetchall()

    # Writing

    def create(self, collection: Collection, row_id: str, data: Mapping[str, Any]) -> Row:
        """A new row; `data` without unset fields."""
        stamp = self._stamp()
        said = {k: v for k, v in data.items() if v is not None}
        entries: parts.Parts = {}
        for name, value in said.items():
            known = collection.by_name.get(name)
            if known is not None and known.merge is not Merge.LAST_WRITER:
                entries = self._added(entries, known, stamp, value, based=True)
        row = Row(row_id, stamp, 1, {}, entries, parts.shown(said, entries))
        self._put(collection, row, NEW, self._log(collection, None, row, "create", stamp))
        return row

    def update(self, collection: Collection, row: Row, changes: Mapping[str, Any]) -> Row:
        """The row with other values (None clears a field). What does not change is not written."""
        news = {k: v for k, v in changes.items() if row.data.get(k) != v and not self._overtaken(row.stamp(k))}
        if not news:
            return row
        stamp = self._stamp()
        entries = row.parts
        for name in list(news):
            known = collection.by_name.get(name)
            if known is None or known.merge is Merge.LAST_WRITER:
                continue
            added = self._added(entries, known, stamp, news[name], based=self.author.origin in UNRULED)
            if added == entries and news[name] and row.data.get(name):
                del news[name]  # the same elements in another order, or a difference too small to count
            entries = added
        if not news:
            return row
        after = replace(
            row,
            stamps={**row.stamps, **dict.fromkeys(news, stamp)},
            parts=entries,
            data=parts.shown({k: v for k, v in {**row.data, **news}.items() if v is not None}, entries),
        )
        base = self._base(collection, row, news)
        self._put(collection, after, base, self._log(collection, row, after, "update", stamp))
        return after

    def delete(self, collection: Collection, row: Row) -> Row:
        """The row as a tombstone."""
        stamp = self._stamp()
        after = replace(row, life=row.life + 1, stamps={**row.stamps, LIFE: stamp})
        return self._turn(collection, row, after, "delete")

    def restore(self, collection: Collection, row: Row) -> Row:
        """A deleted row, alive again."""
        if self._overtaken(row.stamps.get(LIFE, "")):
            return row
        return self._turn(collection, row, back(row, self._stamp()), "restore")

    def observe(self, row: Row) -> None:
        """Take note of another node's row: what is written from now on is later. ValueError if its stamps are none."""
        for stamp in (row.born, *row.stamps.values()):
            self.run.clock.observe(stamp)

    def adopt(
        self,
        collection: Collection,
        before: Stored | None,
        after: Row,
        base: Mapping[str, Any] | None,
        *,
        along: Stored | None = None,
    ) -> None:
        """Keep a merged row as it is, stamps included. `base`: what head office lacks of it; None: nothing.

        The stamps that are news here are to be observed before. `along`: if that row waits, head office is to hear of
        both at once.
        """
        old = before.row if before else None
        if old is None:
            kind = "create" if after.alive else "delete"
        elif old.alive != after.alive:
            kind = "restore" if after.alive else "delete"
        else:
            kind = "update"
        changed = old is None or old != after
        seq = 0
        if changed:
            latest = max((after.born, *after.stamps.values()))
            stamp = latest if kind in ("create", "update") else after.stamps.get(LIFE, latest)
            seq = self._log(collection, old, after, kind, stamp)
        if base is None:
            seq = 0
        elif before is not None and self.dirty(before) and not (changed and before.seq >= SET_ASIDE_SEQ):
            seq = before.seq  # what was still to be pushed stays where it was; what was refused is another row now
        elif along is not None and self.dirty(along) and along.seq < SET_ASIDE_SEQ:
            seq = along.seq
        elif not changed:
            seq = self.renumber(collection, after.id)
        self._put(collection, after, base or {}, seq)

    def renumber(self, collection: Collection, row_id: str) -> int:
        """A number of its own for a row that is to be pushed without having changed, in the log like any other.

        Or another one that goes on with a copy of this database would give the same number to something else.
        """
        self.seq += 1
        what = ("", f"{collection.table} {row_id}", "update", "sync", None, "", "{}")
        self._drafts.log.append((self.seq, self._first, self.at, self.run.id, self.run.elapsed(), *what))
        return self.seq

    def dirty(self, stored: Stored) -> bool:
        """Whether head office has yet to hear of a row's last change."""
        if self._mark is None:
            recent = self.shared.recent.mark
            self._mark = int(self.state("mark") or 0) if recent is None else recent
        return stored.seq > self._mark

    def rebase(self, collection: Collection, stored: Stored, base: Mapping[str, Any]) -> None:
        """The same row, with another idea of what is agreed of it."""
        self._put(collection, stored.row, base, stored.seq)

    def restamp(self, collection: Collection, stored: Stored, row: Row) -> None:
        """The same row under other stamps."""
        self._put(collection, row, stored.base, stored.seq)

    def last_pushed(self, mark: int) -> str:
        """When, by its stamp, the last change was made here that head office has heard of."""
        sql = (
            "SELECT stamp FROM change_log WHERE seq <= ? AND origin NOT IN ('sync', 'derived')"
            " ORDER BY seq DESC LIMIT 1"
        )
        line = self._read().execute(sql, (mark,)).fetchone()
        return time(line[0]) if line else BEGINNING

    def written_before(self) -> int:
        """The number of the last change that the program made before it was started this time."""
        ids = self.run.ids
        sql = f"SELECT max(seq) FROM change_log WHERE run NOT IN ({', '.join('?' * len(ids))})"
        line = self._read().execute(sql, ids).fetchone()
        return line[0] or 0

    def actors_since(self, mark: int) -> list[tuple[str, bool]]:
        """Who has made the changes after `mark`, and whether this program has."""
        ids = self.run.ids
        sql = (
            f"SELECT DISTINCT substr(stamp, {TIME_LENGTH + 1}), run IN ({', '.join('?' * len(ids))})"
            " FROM change_log WHERE seq > ? AND origin <> 'sync'"
        )
        return [(actor, bool(own)) for actor, own in self._read().execute(sql, (*ids, mark))]

    def forget_state(self, key: str) -> None:
        """Keep a value no more."""
        self.connection.execute("DELETE FROM node_state WHERE key = ?", (key,))

    def state(self, key: str) -> str | None:
        """A value of this node's own state."""
        line = self.shared.connection.execute("SELECT value FROM node_state WHERE key = ?", (key,)).fetchone()
        return line[0] if line else None

    def set_state(self, key: str, value: str) -> None:
        """Keep a value of this node's own state."""
        self.connection.execute(
            "INSERT INTO node_state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )
        if key == "mark":
            self._mark = int(value)

    def _turn(self, collection: Collection, row: Row, after: Row, kind: str) -> Row:
        base = self._base(collection, row, (LIFE,))
        if after.born != row.born and ANY not in base:  # all fields are written, those too that neither row has
            base = {ANY: row.born, **self._base(collection, row, {LIFE, *row.data, *row.stamps})}
        self._put(collection, after, base, self._log(collection, row, after, kind, after.stamps[LIFE]))
        return after

    def _stamp(self) -> str:
        actor = self._actor(self.author.name)
        return self.run.clock.tick(actor) if self.as_of is None else next_time(self.as_of) + actor

    def _overtaken(self, stamp: str) -> bool:
        """Whether something was written later than the cause of what is to be written now."""
        return self.as_of is not None and time(stamp) > self.as_of

    def _actor(self, name: str) -> str:
        """The actor of an author's name; one who writes for the first time in this run becomes known to all."""
        actor = self.run.actors.get(name) or self.actors.get(name)
        if actor is None:
            actor = self.actors[name] = self.run.id if name == SERVER else clock.random_word(WORD_LENGTH)
            born = self.run.clock.tick(actor)
            row = Row(actor, born, 1, {}, {}, {"node": self.run.node, "user": name, "since": clock.iso(self.at)})
            self._put(ACTORS, row, NEW, self._log(ACTORS, None, row, "create", born))
        return actor

    def _added(self, entries: parts.Parts, known: Field, stamp: str, value: Any, *, based: bool) -> parts.Parts:
        """The parts of a row with a counter or set that now has `value`."""
        if known.merge is Merge.SET:
            return parts.listed(entries, known.name, self._actor(SERVER), time(stamp), value)
        if based:
            return parts.based(entries, known.name, stamp, value or 0)
        return parts.counted(entries, known.name, self._actor(SERVER), value or 0)

    def _base(self, collection: Collection, row: Row, names: Iterable[str]) -> Mapping[str, Any]:
        """What was agreed of the fields that now change: frozen at their first change since."""
        stored = self.stored(collection, row.id)
        base: dict[str, Any] = {AGREED: row.fingerprint(), SEEN: row.latest}
        if stored and self.dirty(stored):
            base = dict(stored.base)
        if ANY not in base:
            for name in names:
                agreed = row.stamps.get(LIFE, "") if name == LIFE else row.written(name, collection.counters)
                base.setdefault(name, agreed)
        return base

    def _seen(self, collection: Collection, stored: Stored) -> Stored:
        self._known[collection.table, stored.row.id] = stored
        return stored

    def _put(self, collection: Collection, row: Row, base: Mapping[str, Any], seq: int) -> None:
        place = collection.table, row.id
        stored = self._known[place] = Stored(row, seq, base)
        if not collection.append_only:
            self._written[place] = stored
        self._drafts.put(collection, stored)
        if self.author.origin == "sync" or len(self._drafts) >= AT_ONCE:
            self._read()  # now: a row that cannot be stored is found out, and many do not pile up

    def _log(self, collection: Collection, before: Row | None, after: Row, kind: str, stamp: str) -> int:
        self.seq += 1
        fields = orjson.dumps(_difference(before, after, collection.secrets)).decode()
        author = self.author
        said = (collection.table, after.id, kind, author.origin, author.user_id, stamp, fields)
        self._drafts.log.append((self.seq, self._first, self.at, self.run.id, self.run.elapsed(), *said))
        if self.rules is not None:
            self.touched.append(Touched(collection, before, after))
        self.changes.append(Change(self.seq, collection.table, before, after, kind, author.origin))
        return self.seq


def _difference(before: Row | None, after: Row, secrets: frozenset[str]) -> dict[str, Sequence[Any]]:
    new = after.data
    if before is None:
        return {name: (MASK, MASK) if name in secrets else (None, value) for name, value in new.items()}
    old = before.data
    changed = [name for name, value in new.items() if old.get(name) != value]
    changed += [name for name in old if name not in new]
    return {name: (MASK, MASK) if name in secrets else (old.get(name), new.get(name)) for name in changed}
