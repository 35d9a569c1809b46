"""Clients. An operator sees who they are, not how to reach them."""

from structura_local.domain.fields import Collection, text

CLIENTS = Collection(
    "clients",
    "Client",
    (
        text("name", required=True),
        text("contactPerson", default=""),
        text("email", default="", office=True),
        text("phone", default="", office=True),
        text("address", office=True),
        text("taxId", office=True),
    ),
)

CONTACT_DETAILS = frozenset(f.name for f in CLIENTS.fields if f.office)
