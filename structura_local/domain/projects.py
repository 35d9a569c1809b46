"""Projects: a house, its client and its deadline."""

from structura_local.domain.fields import Collection, choice, moment, number, text

PROJECTS = Collection(
    "projects",
    "Project",
    (
        text("name", required=True),
        text("clientId", default="", refers="clients"),
        moment("deadline", required=True),
        choice("status", "PLANNING", "IN_PROGRESS", "COMPLETED", "DELAYED", "ARCHIVED", default="PLANNING"),
        text("description", long=True),
        number("budget", low=0),
    ),
)
