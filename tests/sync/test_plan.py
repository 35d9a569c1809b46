"""What a session begins with, and what differs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.plan import Plan, differing, plan
from sync.protocol import MAJOR, Standing, Welcome


@pytest.mark.parametrize(
    ("known", "head", "held", "cursor", "mark", "expected", "why"),
    [
        (True, 10, 5, 10, 5, Plan.GO_ON, "both agree: nothing to repeat"),
        (True, 20, 5, 10, 5, Plan.GO_ON, "central has news: pulled from the cursor on"),
        (True, 10, 9, 10, 5, Plan.GO_ON, "an acknowledgement was lost: sent again, harmlessly"),
        (True, 10, 5, 10, 9, Plan.OFFER_ALL, "central holds less than it acknowledged: it was set back"),
        (True, 3, 9, 10, 9, Plan.OFFER_ALL, "central has fewer changes than were pulled: it was set back"),
        (True, 0, 0, 0, 0, Plan.GO_ON, "both are new"),
        (False, 10, 5, 10, 5, Plan.BEGIN_ANEW, "neither word of the lineage: another history than central knows"),
        (False, 0, 0, 10, 9, Plan.BEGIN_ANEW, "central was set back to before they met"),
    ],
)
def test_a_session_begins_where_both_sides_agree(
    known: bool, head: int, held: int, cursor: int, mark: int, expected: Plan, why: str
) -> None:
    """Neither side relies on a number that the other does not confirm."""
    welcome = Welcome(MAJOR, known, Standing(head, {}), held, 0, "1", "", cursor)
    assert plan(welcome, cursor, mark, made=True, offering=False) is expected, why
    assert plan(welcome, cursor, mark, made=False, offering=False) is Plan.BEGIN_ANEW, (
        "central has heard of a copy under its name"
    )


DIGESTS = st.dictionaries(st.sampled_from("abcd"), st.integers(-2, 2))


@given(DIGESTS, DIGESTS)
def test_what_differs(ours: dict[str, int], theirs: dict[str, int]) -> None:
    """Exactly the keys with unequal digests, one that is missing counting as empty; the same from both sides."""
    expected = [key for key in "abcd" if ours.get(key, 0) != theirs.get(key, 0)]
    assert differing(ours, theirs) == differing(theirs, ours) == expected
