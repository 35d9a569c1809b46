"""What a session begins with, decided purely from what both sides say of themselves."""

from dataclasses import dataclass

from sync.protocol import Welcome


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the exchange begins: pull from `cursor`, push from `mark`, both numbers that the two sides agree on."""

    cursor: int
    mark: int


def plan(welcome: Welcome, cursor: int, mark: int) -> Plan:
    """Where to begin, given how far this node says it has pulled and pushed.

    - Central has fewer changes than this node pulled: it was set back; everything it has is looked at again.
    - Central holds less of this node's changes than it acknowledged: ditto; they are sent again from there.
    - Central holds more of them than the node knows: an acknowledgement was lost, or this database is an older copy.
      Sending again is right in both cases, and changes nothing that is there.
    """
    return Plan(cursor if cursor <= welcome.head else 0, min(mark, welcome.mark))
