"""What tells two rows apart."""

import hashlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from structura_local.domain.row import Row

ROW = Row("a", "1" * 24, 1, {"name": "2" * 24, "life": "3" * 24}, {"n+": "x", "s@a@ñ": "y"}, {"name": "x"})


def test_the_fingerprint_is_of_the_merge_state() -> None:
    """Whatever of the merge state changes, the fingerprint does; the data follows from it."""
    others = [
        replace(ROW, id="b"),
        replace(ROW, born="2" * 24),
        replace(ROW, life=2),
        replace(ROW, stamps={**ROW.stamps, "name": "4" * 24}),
        replace(ROW, stamps={}),
        replace(ROW, parts={**ROW.parts, "n+": "z"}),
        replace(ROW, parts={}),
    ]
    assert len({row.fingerprint() for row in (ROW, *others)}) == 8
    assert replace(ROW, data={"name": "y"}).fingerprint() == ROW.fingerprint()
    assert len({row.version for row in (ROW, *others[1:])}) == 7


def test_the_fingerprint_is_what_postgres_makes_of_its_jsonb() -> None:
    """Keys by length and then by bytes, 64 bits with a sign: a number that has once been computed there."""
    text = "a|" + "1" * 24 + '|1|{"life": "' + "3" * 24 + '", "name": "' + "2" * 24 + '"}|{"n+": "x", "s@a@ñ": "y"}'
    assert ROW.fingerprint() == _signed(text)


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=5))
def test_the_order_of_keys_does_not_matter(stamps: dict[str, str]) -> None:
    """A row that came by another way has the same fingerprint and version."""
    backwards = dict(reversed(stamps.items()))
    one, other = replace(ROW, stamps=stamps, parts=stamps), replace(ROW, stamps=backwards, parts=backwards)
    assert one.fingerprint() == other.fingerprint()
    assert one.version == other.version
    assert -(2**63) <= one.fingerprint() < 2**63


def _signed(text: str) -> int:
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], "big", signed=True)
