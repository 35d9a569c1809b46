"""The laws of the pure merge."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.parts import based, counted, kinds, shown
from structura_local.domain.parts import merged as parts_merged
from structura_local.domain.row import Row
from sync.merge import merge
from tests.sync.central.factories import canonical
from tests.sync.rows import versions

ROWS = st.sampled_from(COLLECTIONS).flatmap(versions)


@given(ROWS)
def test_merging_again_changes_nothing(rows: list[Row]) -> None:
    """Idempotent: a delivery may be repeated."""
    a, b, _ = rows
    assert canonical(merge(a, a)) == canonical(a)
    once = merge(a, b)
    assert canonical(merge(once, b)) == canonical(merge(once, a)) == canonical(once)


@given(ROWS)
def test_it_does_not_matter_who_merges(rows: list[Row]) -> None:
    """Commutative: both sides end up with the same row."""
    a, b, _ = rows
    assert canonical(merge(a, b)) == canonical(merge(b, a))


@given(ROWS)
def test_it_does_not_matter_in_which_order(rows: list[Row]) -> None:
    """Associative: rows may travel any way."""
    a, b, c = rows
    assert canonical(merge(merge(a, b), c)) == canonical(merge(a, merge(b, c)))


@given(ROWS)
def test_every_field_has_its_latest_write(rows: list[Row]) -> None:
    """A field's value is that of the greatest stamp that any version carries for it."""
    a, b, _ = rows
    merged = merge(a, b)
    for name in {*a.data, *b.data, *a.stamps, *b.stamps} - {"life"}:
        latest = max(a, b, key=lambda row, name=name: row.stamp(name))  # type: ignore[misc]
        assert merged.stamp(name) == latest.stamp(name)
        if name not in kinds(merged.parts):
            assert merged.data.get(name) == latest.data.get(name)


@given(ROWS)
def test_both_sides_parts_count(rows: list[Row]) -> None:
    """The merged row shows what its counters and sets add up, and holds all parts of both."""
    a, b, _ = rows
    merged = merge(a, b)
    assert merged.parts.keys() == a.parts.keys() | b.parts.keys()
    assert merged.parts == parts_merged(a.parts, b.parts)
    assert shown(merged.data, merged.parts) == merged.data


def test_stock_taken_at_two_places_adds_up() -> None:
    """Base and differences, not the later of two totals."""
    begin = based({}, "quantity", "1" * 24, 100)
    row = Row("i", "1" * 24, 1, {}, begin, {"quantity": 100})
    here = replace(row, stamps={"quantity": "2" * 24}, parts=counted(begin, "quantity", "actor001", 90))
    there = replace(row, stamps={"quantity": "3" * 24}, parts=counted(begin, "quantity", "actor002", 150))
    assert merge(here, there).data == merge(there, here).data == {"quantity": 140}


def test_a_delete_wins_over_an_edit_and_a_restore_over_the_delete() -> None:
    """The greater causal length wins, whatever the clocks say."""
    edited = Row("a", "1", 1, {"name": "9"}, {}, {"name": "x"})
    deleted = Row("a", "1", 2, {"life": "5"}, {}, {"name": "y"})
    restored = Row("a", "1", 3, {"life": "2"}, {}, {"name": "y"})
    assert not merge(edited, deleted).alive
    assert merge(merge(edited, deleted), restored) == Row("a", "1", 3, {"name": "9", "life": "2"}, {}, {"name": "x"})
