"""Where a session begins."""

import pytest

from sync.plan import Plan, plan
from sync.protocol import MAJOR, Welcome


@pytest.mark.parametrize(
    ("head", "held", "cursor", "mark", "expected", "why"),
    [
        (10, 5, 10, 5, Plan(10, 5), "both agree: nothing to repeat"),
        (20, 5, 10, 5, Plan(10, 5), "central has news: pulled from the cursor on"),
        (10, 5, 10, 9, Plan(10, 5), "central holds less than it acknowledged: sent again from there"),
        (10, 9, 10, 5, Plan(10, 5), "an acknowledgement was lost: sent again, harmlessly"),
        (3, 0, 10, 9, Plan(0, 0), "central was set back: all is looked at and sent again"),
    ],
)
def test_a_session_begins_where_both_sides_agree(
    head: int, held: int, cursor: int, mark: int, expected: Plan, why: str
) -> None:
    """Neither side relies on a number that the other does not confirm."""
    assert plan(Welcome(MAJOR, head, held, 0), cursor, mark) == expected, why
