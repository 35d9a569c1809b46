"""What a session does next, decided purely from what both sides say of themselves."""

from dataclasses import dataclass

from sync import protocol
from sync.protocol import VersionRefused, Welcome


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the exchange begins: pull from `cursor`, push from `mark`, both numbers that the two sides agree on."""

    cursor: int
    mark: int


def plan(welcome: Welcome, cursor: int, mark: int) -> Plan:
    """The plan of a session; VersionRefused if the two versions cannot talk.

    - Central speaks another major version: neither may guess what the other means.
    - Central has fewer changes than this node pulled, or holds less of this node's changes than it acknowledged: it was
      set back; what it may lack is offered again.
    - Central holds more of this node's changes than the node knows: an acknowledgement was lost, or this database is an
      older copy. Sending again is right in both cases, and changes nothing that is there.
    """
    if welcome.major != protocol.MAJOR:
        older = "This plant's program is" if welcome.major > protocol.MAJOR else "Head office's database is"
        raise VersionRefused(
            f"{older} too old for the other side (protocol {protocol.MAJOR} here, {welcome.major} at head office);"
            " it has to be upgraded. The plant goes on working by itself."
        )
    return Plan(cursor if cursor <= welcome.head else 0, min(mark, welcome.mark))
