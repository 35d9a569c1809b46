"""What a session begins with, decided purely from what both sides say of themselves."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from sync.protocol import Welcome

Key = TypeVar("Key", str, int)


class Plan(Enum):
    """What to do before anything is exchanged."""

    GO_ON = "go on from cursor and mark"
    BEGIN_ANEW = "take a new node id, exchange everything, say hello again"
    OFFER_ALL = "exchange everything"


def set_back(welcome: Welcome, cursor: int, mark: int) -> bool:
    """Whether central has forgotten something: it has less than this node says that it has pulled and pushed."""
    return welcome.standing.head < cursor or welcome.pulled < cursor or welcome.mark < mark


def plan(welcome: Welcome, cursor: int, mark: int, *, made: bool, offering: bool) -> Plan:
    """Given how far this node says it has pulled and pushed; `made`: central has heard of no change but of its own.
    `offering`: it is being offered everything, and holds what it had no more than it has got.

    - Central holds neither of the lineage's words, or has heard of changes under this node's name that it has not made:
      this database is a copy or was restored, or central was set back to before they met. A new node id, so that no two
      histories share one.
    - Central has fewer changes than this node pulled, or holds less of this node's than it acknowledged: it was set
      back. All that is here is offered again.
    - Central holds more of them than the node knows: an acknowledgement was lost. What is sent again changes nothing.
    """
    if not (welcome.known and made):
        return Plan.BEGIN_ANEW
    if set_back(welcome, cursor, 0 if offering else mark):
        return Plan.OFFER_ALL
    return Plan.GO_ON


def differing(ours: Mapping[Key, int], theirs: Mapping[Key, int]) -> list[Key]:
    """Keys whose fingerprints are not the same on both sides."""
    return sorted(key for key in ours.keys() | theirs.keys() if ours.get(key, 0) != theirs.get(key, 0))
