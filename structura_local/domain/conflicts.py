"""The journal of conflicts: values that lost to a write which had not seen them. Never changed but to be marked seen.

An entry is made where the conflict is met, at head office or on a plant's PC, and is the same on both: its id comes
from what lost, all else from the two writes. `winner` and `loser` are JSON; a value of null: unset, or deleted.
"""

from structura_local.domain.fields import Collection, flag, moment, text

# A PIN is stored in two fields that always change together. People see one of them, as `pin`.
UNSHOWN = ("pinLookup",)

CONFLICTS = Collection(
    "conflicts",
    "Conflict",
    (
        text("collection", required=True),
        text("rowId", required=True),
        text("field", required=True),
        text("winner", long=True),
        text("winnerStamp"),
        text("loser", long=True),
        text("loserStamp"),
        moment("at"),
        flag("seen", default=False),
    ),
)
