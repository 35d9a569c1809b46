"""What counters and sets add up, however the writes of several people meet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structura_local.domain import parts
from structura_local.domain.parts import COUNTER, LARGEST, SET
from structura_local.domain.stamp import join

ACTORS = ("actor001", "actor002", "actor003")
MICROS = st.integers(-(10**9), 10**9)
ELEMENTS = st.sampled_from(["U-1", "U-2", "a@b", "c+d", "ñ", ""])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 2), MICROS),
        st.tuples(st.just("base"), st.integers(0, 2), MICROS),
        st.tuples(st.just("list"), st.integers(0, 2), st.lists(ELEMENTS, max_size=4)),
        st.tuples(st.just("meet"), st.integers(0, 2), st.integers(0, 2)),
    ),
    max_size=25,
)


@dataclass
class Node:
    """A replica, and beside it what it should hold: every write that it has seen, told one by one."""

    actor: str
    parts: Mapping[str, str] = field(default_factory=dict)
    bases: frozenset[tuple[int, int]] = frozenset()  # (when, what it leaves beside the differences)
    differences: frozenset[tuple[int, int]] = frozenset()  # (when, by how much)
    added: frozenset[tuple[int, str]] = frozenset()  # (when, element)
    removed: frozenset[tuple[int, str]] = frozenset()

    @property
    def total(self) -> int:
        return max(self.bases, default=(0, 0))[1] + sum(by for _, by in self.differences)

    @property
    def elements(self) -> list[str]:
        """In the order in which they were added."""
        first: dict[str, int] = {}
        for when, element in sorted(self.added - self.removed):
            first.setdefault(element, when)
        return sorted(first, key=lambda element: (first[element], element))


def played(steps: list[tuple[str, int, object]]) -> list[Node]:
    """What the nodes hold after these steps."""
    nodes = [Node(actor) for actor in ACTORS]
    for now, (step, number, what) in enumerate(steps, start=1):
        here = nodes[number]
        if step == "add":
            assert isinstance(what, int)
            here.parts = parts.counted(here.parts, "n", here.actor, exact(here.total + what))
            here.differences |= {(now, what)}
        elif step == "base":
            assert isinstance(what, int)
            if what != here.total:
                here.bases |= {(now, what - sum(by for _, by in here.differences))}
                here.parts = parts.based(here.parts, "n", join(now, 0, here.actor), exact(what))
        elif step == "list":
            assert isinstance(what, list)
            here.parts = parts.listed(here.parts, "s", here.actor, join(now, 0, ""), what)
            there = set(here.elements)
            here.removed |= {(when, e) for when, e in here.added if e not in what}
            # Those added at one time are in the order of the list.
            here.added |= {(now * 100 + n, e) for n, e in enumerate(dict.fromkeys(what)) if e not in there}
        else:
            assert isinstance(what, int)
            other = nodes[what]
            here.parts = parts.merged(here.parts, other.parts)
            here.bases |= other.bases
            here.differences |= other.differences
            here.added |= other.added
            here.removed |= other.removed
    return nodes


def exact(micros: int) -> float:
    return micros // 10**6 if micros % 10**6 == 0 else float(Decimal(micros) / 10**6)


@given(STEPS)
def test_nothing_is_counted_twice_or_lost(steps: list[tuple[str, int, object]]) -> None:
    """A counter is the latest base and all differences seen, to the millionth, in whatever order they came."""
    for node in played(steps):
        if node.bases or any(by for _, by in node.differences):
            assert parts.value(node.parts, "n", COUNTER, None) == exact(node.total)


@given(STEPS)
def test_an_element_is_there_while_an_add_of_it_has_not_been_removed(steps: list[tuple[str, int, object]]) -> None:
    """A remove takes away what it has seen and nothing else; the order is that of the adds."""
    for node in played(steps):
        assert parts.value(node.parts, "s", SET, []) == node.elements


@given(STEPS)
def test_merging_is_idempotent_commutative_and_associative(steps: list[tuple[str, int, object]]) -> None:
    """Parts may arrive twice, late and by any way."""
    a, b, c = (node.parts for node in played(steps))
    assert parts.merged(a, a) == a
    assert parts.merged(a, b) == parts.merged(b, a) == parts.merged(parts.merged(a, b), b)
    assert parts.merged(parts.merged(a, b), c) == parts.merged(a, parts.merged(b, c))


def test_an_add_wins_over_a_remove_that_had_not_seen_it() -> None:
    """Taken off here, put on again there at the same time: it is on."""
    begin = parts.listed({}, "s", "actor001", "1" * 16, ["x", "y"])
    off = parts.listed(begin, "s", "actor002", "2" * 16, ["y"])
    again = parts.listed(parts.listed(begin, "s", "actor003", "2" * 16, ["y"]), "s", "actor003", "3" * 16, ["y", "x"])
    assert parts.value(parts.merged(off, again), "s", SET, []) == ["y", "x"]
    assert parts.value(parts.merged(off, begin), "s", SET, []) == ["y"]


def test_of_two_bases_the_later_counts() -> None:
    """One export that is imported at two PCs does not double the stock."""
    one = parts.based({}, "n", join(1, 0, "actor001"), 100)
    two = parts.based({}, "n", join(2, 0, "actor002"), 100.5)
    assert parts.value(parts.merged(one, two), "n", COUNTER, None) == 100.5


def test_an_import_of_what_is_there_changes_nothing() -> None:
    """A base that says what the counter has already is none."""
    counted = parts.counted(parts.based({}, "n", join(1, 0, "actor001"), 100), "n", "actor002", 90)
    assert parts.based(counted, "n", join(2, 0, "actor001"), 90) == counted
    assert parts.based(counted, "n", join(2, 0, "actor001"), 90.0000001) == counted
    assert parts.counted(counted, "n", "actor001", 90.0000001) == counted


@pytest.mark.parametrize("value", [0, 437515.85, 0.1 + 0.2, 1e-7, -3, LARGEST, -LARGEST, 2**49 + 0.125])
def test_a_base_is_kept_as_it_was_said(value: float) -> None:
    """What was typed or imported comes back digit by digit, until something is added to it."""
    base = parts.based({}, "n", join(1, 0, "actor001"), value)
    assert repr(parts.value(base, "n", COUNTER, None)) == repr(value)


def test_tenths_add_up() -> None:
    """Ten times a tenth is one."""
    now = parts.based({}, "n", join(1, 0, "actor001"), 0)
    for n in range(1, 11):
        now = parts.counted(now, "n", "actor001", n / 10)
    assert parts.value(now, "n", COUNTER, None) == 1
    assert now["n+actor001"] == "0000000a 1000000"


def test_half_a_millionth_is_rounded_away_from_zero() -> None:
    """As head office's Postgres rounds."""
    for said, kept in ((0.0000005, 0.000001), (-0.0000005, -0.000001), (0.0000004, 0)):
        now = parts.counted(parts.counted({}, "n", "actor001", 1), "n", "actor001", said)
        assert parts.value(now, "n", COUNTER, None) == kept


def test_fields_that_nobody_here_knows_add_up_too() -> None:
    """A counter of a newer version is merged as one, and shown beside what is known."""
    one = parts.counted({}, "novel", "actor001", 1.5)
    two = parts.counted({}, "novel", "actor002", 2)
    both = parts.merged(one, parts.listed(two, "set", "actor002", "1" * 16, ["x"]))
    assert parts.kinds(both) == {"novel": COUNTER, "set": SET}
    assert parts.shown({"name": "x", "novel": 1.5}, both) == {"name": "x", "novel": 3.5, "set": ["x"]}


def test_whether_an_empty_set_is_unset_does_not_depend_on_the_way_it_became_empty() -> None:
    """Unset is what somebody said and nobody took back; the parts know, however the versions met."""
    begin = parts.listed({}, "s", "actor001", "1" * 16, ["x"])
    unset = parts.listed(begin, "s", "actor001", "3" * 16, None)
    added = parts.listed(begin, "s", "actor002", "2" * 16, ["x", "y"])
    removed = parts.listed(added, "s", "actor002", "2" * 16, ["x"])
    assert parts.shown({}, parts.merged(unset, added)) == {"s": ["y"]}, "an add wins"
    straight, around = parts.merged(unset, removed), parts.merged(parts.merged(unset, added), removed)
    assert parts.shown({}, straight) == parts.shown({"s": ["y"]}, around) == {}
    emptied = parts.listed(unset, "s", "actor001", "4" * 16, [])
    assert parts.shown({}, emptied) == {"s": []}
    assert parts.shown({}, parts.listed({}, "s", "actor001", "1" * 16, None)) == {}, "never had any"
    assert parts.adds(parts.listed(begin, "s", "actor002", "2" * 16, None), "s") == []
