"""Conflicts that a push meets: central's SQL and the pure function find the same."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from structura_local.domain import parts
from structura_local.domain.actors import RULES
from structura_local.domain.catalog import BY_TABLE
from structura_local.domain.fields import Collection, Field, Kind, Merge
from structura_local.domain.row import AGREED, ANY, LIFE, Row
from structura_local.domain.stamp import join
from sync.conflicts import conflicts, entry
from sync.protocol import Batch, Tagged
from tests.sync.central.factories import at, enrolled, everything, greet
from tests.sync.rows import VALUES

pytestmark = pytest.mark.asyncio

ACTORS = {
    "ours0001": ("node0001", "U-1"),
    "oursrule": ("node0001", RULES),
    "their001": ("node0002", "U-2"),
    "theirrul": ("node0002", RULES),
    "central1": ("central", "erp"),
    "unknown1": None,
}
STAMPS = st.builds(join, st.integers(1, 4), st.integers(0, 1), st.sampled_from(list(ACTORS)))
# What only newer versions of the program declare.
NEWER = (Field("shelves", Kind.TEXTS, merge=Merge.SET), Field("reserved", Kind.NUMBER, merge=Merge.COUNTER))
BASES = st.one_of(st.just(""), STAMPS)


@st.composite
def meetings(draw: st.DrawFn, collection: Collection) -> tuple[Row, dict[str, Any], Row]:
    """A row with changes, what was agreed of it, and central's version."""
    fields = draw(st.lists(st.sampled_from((*collection.stored, *NEWER)), min_size=1, max_size=4, unique=True))
    written: dict[tuple[str, str], Any] = {}

    def version() -> Row:
        born = draw(STAMPS)
        data, stamps, entries = {}, {}, {}
        for field in fields:
            stamp = draw(st.just(born) | STAMPS)
            if stamp != born:
                stamps[field.name] = stamp
            if field.merge is Merge.COUNTER:
                base = draw(st.none() | STAMPS)
                if base is not None:
                    entries[field.name + parts.COUNTER] = f"{base} {sum(map(ord, base)) % 3}"
                if draw(st.booleans()):
                    entries[f"{field.name}{parts.COUNTER}ours0001"] = f"00000001 {draw(st.integers(-2, 2))}000000"
            elif field.merge is Merge.SET and draw(st.booleans()):
                entries[f"{field.name}@ours0001@{draw(st.sampled_from('ab'))}"] = "00000001 0000000000000000+"
            else:
                if (field.name, stamp) not in written:
                    written[field.name, stamp] = draw(st.none() | VALUES[field.kind])
                data[field.name] = written[field.name, stamp]
        life = draw(st.sampled_from([1, 1, 2, 3, 4]))
        if life > 1:
            stamps[LIFE] = draw(STAMPS)
        data = {name: value for name, value in data.items() if value is not None}
        return Row("row", born, life, stamps, entries, dict(parts.shown(data, entries)))

    base: dict[str, Any] = {AGREED: 1}
    if draw(st.booleans()):
        base[ANY] = ""
    for field in fields:
        if draw(st.booleans()):
            base[field.name] = draw(BASES)
    if draw(st.booleans()):
        base[LIFE] = draw(BASES)
    return version(), base, version()


@pytest.mark.parametrize("table", ["jobs", "machines", "inventory", "users"])
async def test_sql_and_the_pure_function_find_the_same_conflicts(table: str, central_dsn: str) -> None:
    """Which writes lost, to which, with which values; all clauses, deletes, counters, sets, masked secrets."""
    collection = BY_TABLE[table]
    examples = _examples(collection)
    expected: dict[str, Any] = {}
    async with enrolled(central_dsn) as ours, enrolled(central_dsn, "node0002") as theirs:
        known = [
            Tagged("actors", Row(actor, at(1, actor), 1, {}, {}, {"node": who[0], "user": who[1]}))
            for actor, who in ACTORS.items()
            if who
        ]
        await theirs.push(Batch(known, 1))
        batch = []
        for n, (dirty, base, other) in enumerate(examples):
            row_id = f"row {n}"
            batch.append((_named(dirty, row_id), base, _named(other, row_id)))
            found = conflicts(collection, dirty, base, other, "node0001", lambda stamp: ACTORS.get(stamp[16:]))
            for conflict in sorted(found, key=lambda c: c.winner.stamp):
                row = entry(collection, row_id, conflict)
                expected[row.id] = _shown(row)
        await theirs.push(Batch([Tagged(table, other) for _, _, other in batch], 2))
        await ours.push(Batch([Tagged(table, dirty, base) for dirty, base, _ in batch], 1))
        rows = await everything(theirs)
        found = {key[1]: _shown(row) for key, row in rows.items() if key[0] == "conflicts"}
        assert found == expected
        assert len(expected) > 20
        assert (await greet(ours)).standing == await ours.recount()


def _examples(collection: Collection) -> list[tuple[Row, dict[str, Any], Row]]:
    found: list[tuple[Row, dict[str, Any], Row]] = []

    @settings(max_examples=300, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(meetings(collection))
    def collect(meeting: tuple[Row, dict[str, Any], Row]) -> None:
        found.append(meeting)

    collect()
    return found


def _named(row: Row, row_id: str) -> Row:
    return Row(row_id, row.born, row.life, row.stamps, row.parts, row.data)


def _shown(row: Row) -> dict[str, Any]:
    return {
        **row.data,
        "born": row.born,
        "stamps": dict(row.stamps),
        "winner": json.loads(row.data["winner"]),
        "loser": json.loads(row.data["loser"]),
    }
