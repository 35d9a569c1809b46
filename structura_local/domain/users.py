"""Users and their PINs. A PIN comes in, is hashed with the plant's key, and never goes out again."""

from collections.abc import Iterator
from itertools import pairwise

from structura_local.domain.access import ROLES
from structura_local.domain.fields import Collection, Field, Kind, choice, text

PIN_MASK = "••••"
DIRECTORY_FIELDS = ("id", "name", "role", "avatar")  # what everybody sees of everybody

USERS = Collection(
    "users",
    "User",
    (
        text("name", required=True),
        choice("role", *ROLES, required=True),
        Field("pin", Kind.PIN, required=True, stored=False, secret=True),
        text("avatar"),
        text("pinHash", wire=False, secret=True),
        text("pinLookup", wire=False, secret=True),
    ),
    reserved=frozenset({"directory"}),
)

PIN_LENGTHS = range(4, 9)


def easily_guessed() -> Iterator[str]:
    """All PINs that `is_easily_guessed` knows."""
    for length in PIN_LENGTHS:
        for first in range(10):
            for step in (0, 1, 9):
                yield "".join(str((first + step * place) % 10) for place in range(length))
        for part in range(2, length // 2 + 1):
            if length % part == 0:
                yield from (f"{number:0{part}}" * (length // part) for number in range(10**part))


def is_easily_guessed(pin: str) -> bool:
    """Whether a PIN is among the first that anybody tries, and so none for an ADMIN: 0000, 1212, 1234, 4321.

    `easily_guessed` lists them all.
    """
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return (len(steps) == 1 and steps <= {0, 1, 9}) or pin in (pin + pin)[1:-1]  # which only repetitions are
