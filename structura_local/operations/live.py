"""Live updates: what was committed, told to those who may read it.

Everybody draws from one list of the latest announcements, each from where they are in it. So a listener costs a place,
not a queue, and one who is too slow or was away for too long is told to load everything anew.
"""

import asyncio
import contextlib
from collections.abc import Set
from typing import Any, NamedTuple

from structura_local import clock
from structura_local.domain.access import ADMIN, LIST, Caller, permission
from structura_local.domain.catalog import BY_TABLE, COLLECTIONS
from structura_local.domain.messages import MESSAGES, concerns
from structura_local.store.store import Store
from structura_local.store.transaction import Change

KEPT = 10_000  # announcements, at least, for whoever comes back
AT_ONCE = 500  # in one message

_READABLE = {collection.table for collection in COLLECTIONS}


class _Kept(NamedTuple):  # quicker to make than a dataclass, and there is one for each change
    seq: int  # in the change log
    table: str
    id: str
    kind: str
    origin: str
    parties: dict[str, Any] | None  # of a message: who may hear of it

    def concerns(self, caller: Caller) -> bool:
        if permission(caller.role, self.table, LIST) is None:
            return False
        return self.parties is None or caller.role == ADMIN or concerns(self.parties, caller.user_id or "")

    def told(self) -> dict[str, Any]:
        path = BY_TABLE[self.table].path
        return {"seq": self.seq, "collection": path, "id": self.id, "kind": self.kind, "origin": self.origin}


class Live:
    """`run` tells the announcements of this start of the server from those of another."""

    def __init__(self, store: Store) -> None:
        self.run = clock.random_word(12)
        self.closed = False
        self.seq = 0  # of the latest change
        self._kept: list[_Kept] = []
        self._before = 0  # how many announcements were dropped,
        self._forgotten = 0  # and the number of the last of them
        self._listeners: set[Listener] = set()
        store.door.listen(self._on_changes)
        store.on_load.append(self._on_load)

    def join(self, caller: Caller, run: str | None, seq: int | None) -> "Listener":
        """A listener. `run` and `seq`: the last that it heard before, so that it hears what it missed."""
        listener = Listener(self, caller)
        if run == self.run and seq is not None and self._forgotten <= seq <= self.seq:
            listener.go_back(seq, sum(1 for kept in self._kept if kept.seq > seq))
        elif run is not None:
            listener.missed = True
        self._listeners.add(listener)
        return listener

    def leave(self, listener: "Listener") -> None:
        """A listener that is gone."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """Send everybody away."""
        self.closed = True
        self._wake()

    def since(self, place: int) -> list[_Kept] | None:
        """Some announcements from a place on; None if those are gone."""
        start = place - self._before
        return self._kept[start : start + AT_ONCE] if start >= 0 else None

    @property
    def end(self) -> int:
        """The place after the latest announcement."""
        return self._before + len(self._kept)

    def _on_changes(self, changes: list[Change]) -> None:
        self.seq = changes[-1].seq
        if len(changes) > KEPT:  # as a large import has: not worth telling one by one
            self._forget(self.seq)
            return
        self._kept += [_kept(change) for change in changes if change.collection in _READABLE]
        surplus = len(self._kept) - KEPT
        if surplus > KEPT:  # many at once, so that it is seldom
            self._before += surplus
            self._forgotten = self._kept[surplus - 1].seq
            del self._kept[:surplus]
        self._wake()

    def _on_load(self, _tables: Set[str]) -> None:
        """What came has no numbers here: everybody loads everything anew, also who was away."""
        self._forget(self.seq + 1)

    def _forget(self, seq: int) -> None:
        """Too much to tell: who has not heard all up to this number loads everything anew."""
        self._before, self._forgotten = self.end + 1, seq
        self._kept.clear()
        self._wake()

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.wake()


class Listener:
    """One who listens, at their place."""

    def __init__(self, live: Live, caller: Caller) -> None:
        self.caller = caller
        self.seq = live.seq  # up to which it has heard everything,
        self.missed = False  # unless it has missed too much before
        self._live = live
        self._place = live.end
        self._news = asyncio.Event()

    def go_back(self, seq: int, count: int) -> None:
        """Begin so many announcements earlier, after that number."""
        self.seq = seq
        self._place -= count

    def wake(self) -> None:
        """Look again, whether there is something to tell or an end to come to."""
        self._news.set()

    async def pause(self, seconds: float) -> None:
        """Wait for something to look at, but not for longer than this."""
        if self._place == self._live.end:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._news.wait()
        self._news.clear()

    def take(self) -> list[dict[str, Any]] | None:
        """What there is to tell now, in order; None: too much was missed, load everything anew."""
        found = self._live.since(self._place)
        if found is None:
            self._place, self.seq = self._live.end, self._live.seq
            return None
        self._place += len(found)
        self.seq = self._live.seq if self._place == self._live.end else found[-1].seq
        return [kept.told() for kept in found if kept.concerns(self.caller)]


def _kept(change: Change) -> _Kept:
    data = change.row.data
    parties = {"to": data.get("to"), "senderId": data.get("senderId")} if change.collection == MESSAGES.table else None
    return _Kept(change.seq, change.collection, change.row.id, change.kind, change.origin, parties)
