"""Actors: whose stamp a stamp is. Told to all sides by the sync, so that each can say who wrote a value, and where.

An actor is one unbroken history: one person (or the server itself) during one run of one node's program. A database
that was copied or restored goes on with new ones, so no two histories ever share one.
"""

from structura_local.domain.fields import Collection, moment, text

SERVER = "(server)"  # the run itself: whose counters and sets add up
RULES = "(rules)"  # what the server does by itself
HEAD_OFFICE = "central"  # the node of who writes at head office
UNSURE = "?"  # behind a node: it, or a copy of it

ACTORS = Collection(
    "actors",
    "Actor",
    (
        text("node", required=True),
        text("user", required=True),
        moment("since"),
    ),
)
