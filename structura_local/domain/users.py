"""Users and their PINs. A PIN comes in, is hashed with the plant's key, and never goes out again."""

from structura_local.domain.fields import Collection, Field, Kind, choice, text

PIN_MASK = "••••"
ROLES = ("ADMIN", "SUPERVISOR", "OPERATOR")

USERS = Collection(
    "users",
    (
        text("name", required=True),
        choice("role", *ROLES, required=True),
        Field("pin", Kind.PIN, required=True, stored=False, secret=True),
        text("avatar"),
        text("pinHash", wire=False, secret=True),
        text("pinLookup", wire=False, secret=True),
    ),
)
