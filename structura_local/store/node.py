"""Which node of which plant this database is: its own state, and what becomes of it when its history breaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import select

from structura_local import clock
from structura_local.domain.actors import ACTORS, UNSURE
from structura_local.domain.stamp import WORD_LENGTH
from structura_local.store.tables import COLLECTION_TABLES
from structura_local.store.transaction import Author, Transaction

_STEP = "step"
_COUNTED = "counted"  # when both sides' rows were last counted anew (milliseconds since 1970)


@dataclass(frozen=True, slots=True)
class Step:
    """What the last comparison of both sides' digests said. `at`: when they were last found equal, `since`: since when
    they always were (milliseconds since 1970); `differing`: the collections that are not, although all was tried.
    """

    since: int | None = None
    at: int | None = None
    differing: tuple[str, ...] = ()


def step(state: Mapping[str, str]) -> Step:
    """The step that a node's state holds."""
    kept = orjson.loads(state[_STEP]) if _STEP in state else {}
    return Step(kept.get("since"), kept.get("at"), tuple(kept.get("differing", ())))


def compared(differing: Sequence[str], tx: Transaction) -> None:
    """Both sides' digests were compared; these collections differ."""
    text = tx.state(_STEP)
    last = step({_STEP: text} if text else {})
    if differing:
        now = Step(None, last.at, tuple(differing))
    else:
        now = Step(tx.at if last.since is None else last.since, tx.at)
    tx.set_state(_STEP, orjson.dumps(now).decode())


def counted(state: Mapping[str, str]) -> int:
    """When a node last had both sides count all their rows anew (milliseconds since 1970); 0: not since it began to
    exchange everything.
    """
    return int(state.get(_COUNTED, "0"))


def counting(now: int, tx: Transaction) -> None:
    """It is `now` that both sides do so."""
    tx.set_state(_COUNTED, str(now))


def new_node(tx: Transaction, *, forgotten: bool = False) -> None:
    """Become another node: what head office knows of this one's history is not what this database knows.

    `forgotten`: see offer_all.
    """
    node = clock.random_word(WORD_LENGTH)
    tx.set_state("node", node)
    tx.forget_state("last")
    tx.forget_state("next")
    tx.forget_state(_STEP)
    tx.set_state("copied", str(tx.written_before()))
    actors = tx.actors_since(int(tx.state("mark") or 0))
    ours = {actor for actor, own in actors if own} | set(tx.run.actors.values())
    tx.run.begin(node)
    tx.actors.clear()
    _part(tx, node, ours, {actor for actor, _ in actors})
    offer_all(tx, forgotten=forgotten)


def _part(tx: Transaction, node: str, ours: set[str], waiting: set[str]) -> None:
    """Say whose the actors are, now that another database may go on as the node that this one took itself for.

    What this program has written belongs to the new node. What earlier ones have, as far as it waits to be pushed, came
    with the database and is in the other, too, where the same actors may have gone on: they are neither's.
    """
    author, tx.author = tx.author, Author("setup")  # a write of its own, whose stamp is set right like any other
    for actor in sorted(ours | waiting):
        stored = tx.stored(ACTORS, actor)
        if stored is not None:
            former = str(stored.row.data["node"])
            tx.update(ACTORS, stored.row, {"node": node if actor in ours else former.removesuffix(UNSURE) + UNSURE})
    tx.author = author


def exchanging_all(tx: Transaction) -> bool:
    """Whether this node is in the middle of exchanging everything, so that what comes in is no news."""
    return tx.state("offer") is not None


def offer_all(tx: Transaction, *, forgotten: bool = False) -> None:
    """Forget how far the exchange has come: pull all, and offer all rows up to the last change.

    `forgotten`: head office was set back, and may have lost what was agreed. If there is nothing here, there is nothing
    to offer, and what comes is the first download.
    """
    forgotten = forgotten or bool(orjson.loads(tx.state("offer") or "{}").get("forgotten"))
    tx.set_state("cursor", "0")
    tx.forget_state(_COUNTED)
    empty = not any(tx.execute(select(table.c.id).limit(1)) for table in COLLECTION_TABLES.values())
    offer = {"collection": "", "row_id": "", "upto": tx.seq, "forgotten": forgotten, "empty": empty}
    tx.set_state("offer", orjson.dumps(offer).decode())
