"""Clients. An operator sees who they are, not how to reach them."""

from structura_local.domain.fields import Collection, text

CLIENTS = Collection(
    "clients",
    (
        text("name", required=True),
        text("contactPerson", default=""),
        text("email", default=""),
        text("phone", default=""),
        text("address"),
        text("taxId"),
    ),
)

CONTACT_DETAILS = frozenset({"email", "phone", "taxId", "address"})
