"""Head office's end of a file carried by hand: what came from a plant is pushed in its name, the answer is pulled.

A file from a plant tells in its header the node's lineage pair and cursor, the mark it starts from, and PIN keys; at
its end the mark it reached and, if everything is offered, how far. The answer tells the lineage word that head office
holds, the mark, rows it did not take, and where the partition stands.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from structura_local import __version__
from sync.carry.stick import Header, Key, Load, Refused, Stick, Writer, header, verified
from sync.protocol import AHEAD_LIMIT, MAX_BATCH_ROWS, Batch, Central, Hello, Standing, Tagged, Welcome
from sync.session import push


@dataclass(frozen=True, slots=True)
class Notes:
    """What the next file to a node has to tell it.

    `stray`: the word of its last file, if head office did not know its lineage. `offered`: {word, offer}, how far an
    offer of everything in the file with that word came. `refused`: rows that were not taken, `collection id` to
    [fingerprint, reason, version]; another version of the program tries them again.
    """

    stray: str | None = None
    offered: dict[str, str] | None = None
    refused: dict[str, Any] = field(default_factory=dict)
    role: str = ""  # the bundle that its last file was signed with


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that exchanges by files."""

    node: str
    role: str
    last_contact: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a file to a node is made of, as of one moment. `now`: head office's clock, milliseconds since 1970."""

    central: Central
    standing: Standing
    word: str
    mark: int
    at: str
    pulled: int
    now: int
    notes: Notes
    keys: dict[str, str]


class Desk(Protocol):
    """What head office keeps for files carried by hand. Raises SyncError."""

    @property
    def plant(self) -> str:
        """Whose partition it is."""

    async def now(self) -> int:
        """Head office's clock, milliseconds since 1970."""

    async def key(self, role: str) -> Key:
        """What a bundle signs with. Raises Refused if there is none, or it was revoked."""

    async def bundle(self, node: str) -> str | None:
        """The role that a node came with; None if it is not known."""

    async def candidates(self) -> list[Candidate]:
        """The nodes that exchange by files, the latest of each bundle."""

    async def greeted(self, hello: Hello, role: str, cursor: int) -> tuple[Central, Welcome]:
        """The port to speak through in the name of a node, after its hello. `cursor`: how far it has pulled."""

    async def notes(self, node: str) -> Notes:
        """What the next file to a node has to tell."""

    async def note(self, node: str, notes: Notes) -> None:
        """Keep that."""

    def answer(self, node: str) -> AbstractAsyncContextManager[Answer]:
        """What to tell a node, as of one moment."""


@dataclass(frozen=True, slots=True)
class Received:
    """`rows` came; `news` is false if head office held all of it before. `refused`: (collection, id, reason)."""

    node: str
    rows: int
    news: bool
    refused: list[tuple[str, str, str]]


async def take_in(desk: Desk, content: bytes) -> Received:
    """Apply a file from a plant. Raises Refused, and then has changed no data."""
    said = header(content, "to-office")
    if said.plant != desk.plant:
        raise Refused(f"This file is from the plant '{said.plant}', not from '{desk.plant}'.")
    stick = await asyncio.to_thread(verified, content, said, await desk.key(said.role))
    await _check_clock(desk, stick)
    about, reached = said.about, stick.end["mark"]
    if await desk.bundle(said.node) not in (None, said.role):
        await _stray(desk, said)
    hello = Hello(said.plant, said.node, said.program, about["last"], about["next"], about["latest"])
    central, welcome = await desk.greeted(hello, said.role, about["cursor"])
    if not welcome.known:
        await _stray(desk, said)
    offer = stick.end["offer"]
    if about["mark"] > welcome.mark and not offer:
        await desk.note(said.node, replace(await desk.notes(said.node), stray=None, role=said.role))
        raise Refused(
            f"Something is missing before this file: it begins after change {about['mark']} of this PC, and head "
            f"office holds its changes up to {welcome.mark}; head office's database was set back. Nothing was taken. "
            "Carry an answer ('central export') to the plant; its next file then brings everything."
        )
    await central.exchange_keys(dict(stick.keys))
    shelf = _Shelf(desk, said.node, await desk.notes(said.node))
    heard = reached <= welcome.mark  # then nothing in it can be in conflict any more
    batches, standing = stick.loads(), welcome.standing
    while (load := await asyncio.to_thread(next, batches, None)) is not None:
        if not offer and load.upto <= welcome.mark:
            continue
        rows = [replace(row, base={}) for row in load.rows] if heard else load.rows
        standing = await push(shelf, central, Batch(rows, load.upto, at=about["at"]))
        shelf.passed(load.rows)
    offered = {"word": about["next"], "offer": offer} if offer else shelf.notes.offered
    await desk.note(said.node, replace(shelf.notes, stray=None, offered=offered, role=said.role))
    if stick.end["complete"]:
        await central.recount()
    return Received(said.node, stick.end["rows"], standing.digests != welcome.standing.digests, shelf.refused)


async def give_out(desk: Desk, node: str | None = None) -> tuple[bytes, Header, int]:
    """The answer for a node: a file, its header, and how many rows it holds. Without `node`, for the only one."""
    node = node or await _only(desk)
    role = (await desk.notes(node)).role or await desk.bundle(node)
    if role is None:
        raise Refused(f"Head office does not know the node {node} of the plant '{desk.plant}'.")
    key = await desk.key(role)
    async with desk.answer(node) as answer:
        notes, standing = answer.notes, answer.standing
        refused = {name: said for name, said in notes.refused.items() if said[2] == __version__}
        cursor = min(answer.pulled, standing.head)
        about = {
            "word": answer.word, "stray": notes.stray, "offered": notes.offered, "refused": refused,
            "mark": answer.mark, "at": answer.at, "cursor": cursor, "head": standing.head,
            "digests": dict(standing.digests), "keys": answer.keys,
        }  # fmt: skip
        said = Header("to-plant", desk.plant, node, role, answer.now, about)
        writer = Writer(key, said)
        while cursor < standing.head and not writer.full:
            page = await answer.central.pull(cursor, standing.head, MAX_BATCH_ROWS)
            cursor = page.cursor
            await asyncio.to_thread(writer.add, Load(page.rows, cursor))
    return await asyncio.to_thread(lambda: writer.finished(cursor=cursor)), said, writer.rows


async def _check_clock(desk: Desk, stick: Stick) -> None:
    ahead = stick.end["latest"] - max(await desk.now(), stick.header.about["latest"])
    if ahead > AHEAD_LIMIT:
        raise Refused(
            f"Changes in this file are dated {_span(ahead)} ahead of head office's clock. Set the plant PC's clock "
            "right, run 'structura-local sync export' there again, and carry that file; nothing was taken from it."
        )


async def _stray(desk: Desk, said: Header) -> None:
    await desk.note(said.node, replace(await desk.notes(said.node), stray=said.about["next"], role=said.role))
    raise Refused(
        "This file does not go on from what head office knows of this PC: it is older than what has come since, or the "
        f"PC's database was copied or restored. Nothing was taken. In the latter case carry an answer ('central export "
        f"--node {said.node}') to the plant; it then becomes a node of its own, and its next file brings everything."
    )


async def _only(desk: Desk) -> str:
    found = await desk.candidates()
    if len(found) == 1:
        return found[0].node
    if not found:
        raise Refused(
            f"No PC of the plant '{desk.plant}' has sent a file yet: 'structura-local sync export' there comes first."
        )
    listed = ", ".join(f"{one.node} ({one.role}, last here {one.last_contact:%Y-%m-%d %H:%M})" for one in found)
    raise Refused(f"Several PCs of the plant '{desk.plant}' exchange by files; say which with --node: {listed}.")


def _span(ms: int) -> str:
    minutes = ms // 60_000
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 2880 else f"{minutes // 1440} days"


class _Shelf:
    """Notes the rows that head office does not take, until they come in a form that it takes."""

    def __init__(self, desk: Desk, node: str, notes: Notes) -> None:
        self._desk = desk
        self._node = node
        self.notes = notes
        self.refused: list[tuple[str, str, str]] = []

    async def set_aside(self, row: Tagged, reason: str) -> None:
        """Durable before the mark passes it (session.Shelf)."""
        self.refused.append((row.collection, row.row.id, reason))
        refused = {**self.notes.refused, _name(row): [row.row.fingerprint(), reason, __version__]}
        self.notes = replace(self.notes, refused=refused)
        await self._desk.note(self._node, self.notes)

    def passed(self, rows: Any) -> None:
        """These have come: what was refused of them before and not now is forgotten."""
        now = {f"{collection} {row_id}" for collection, row_id, _ in self.refused}
        gone = {_name(row) for row in rows} - now
        self.notes = replace(self.notes, refused={k: v for k, v in self.notes.refused.items() if k not in gone})


def _name(row: Tagged) -> str:
    return f"{row.collection} {row.row.id}"
