"""Hypothesis strategies for rows as nodes write them: a stamp belongs to one write, so it has one value."""

from typing import Any

from hypothesis import strategies as st

from structura_local.domain import parts
from structura_local.domain.fields import Collection, Field, Kind, Merge
from structura_local.domain.parts import LARGEST
from structura_local.domain.row import LIFE, Row
from structura_local.domain.stamp import join

NODES = ("node0001", "node0002", "zz\u00e9zzzzz")
MOMENTS = st.builds(join, st.integers(1, 6), st.integers(0, 1), st.sampled_from(NODES))

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.sampled_from(["", "\\N", "\\", "a\tb\nc\rd\\te", "'\"{}", "\u2028\U0001f600", "null"]),
)
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([437515.85, 12000, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, -0.0, 1e22]),
)
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: TEXTS,
    Kind.MOMENT: TEXTS,
    Kind.CHOICE: TEXTS,
    Kind.NUMBER: NUMBERS,
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Kind.BOOLEAN: st.booleans(),
    Kind.TEXTS: st.lists(TEXTS, max_size=3),
    Kind.STAGES: st.lists(
        st.fixed_dictionaries({"name": TEXTS, "isCompleted": st.booleans(), "completedAt": st.none() | TEXTS}),
        max_size=2,
    ),
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
UNKNOWN = ("hologram", 'it\'s \\ "new"')


# Whose writes counters and sets add up: each version of a row is one's who has seen some of the others'.
ACTORS = ("actor001", "actor002", "actor003")
ELEMENTS = st.sampled_from(["U-1", "U-2", "a@b", "c+d", "\u00e9", "\U0001f600 '\"\\", ""])
AMOUNTS = st.one_of(
    st.integers(-LARGEST, LARGEST),
    st.decimals(-1_000, 1_000, places=6).map(float),
    st.floats(-1e9, 1e9),
    st.sampled_from([437515.85, 0.1 + 0.2, 1e-7, 0.0000005, 0]),
)


@st.composite
def versions(draw: st.DrawFn, collection: Collection, count: int = 3) -> list[Row]:
    """Versions of one row that have seen different sets of the same writes."""
    fields: list[Field | str] = [*draw(st.lists(st.sampled_from(collection.stored), max_size=5, unique=True)), *UNKNOWN]
    written: dict[tuple[str, str], Any] = {}  # the value of each write: (field, stamp)
    entries = draw(added_up([f for f in fields if isinstance(f, Field) and f.merge is not Merge.LAST_WRITER], count))

    def value(field: Field | str, stamp: str) -> Any:
        name = field if isinstance(field, str) else field.name
        if (name, stamp) not in written:
            if isinstance(field, Field) and field.merge is not Merge.LAST_WRITER:
                written[name, stamp] = draw(st.sampled_from([None, []])) if field.merge is Merge.SET else None
            else:
                kind = ANYTHING if isinstance(field, str) else VALUES[field.kind]
                written[name, stamp] = draw(st.none() | kind)
        return written[name, stamp]

    return [_version(draw, fields, value, entries[number]) for number in range(count)]


@st.composite
def added_up(draw: st.DrawFn, fields: list[Field], count: int) -> list[parts.Parts]:
    """The parts that so many nodes come to hold by writing and by meeting; the last field is unknown to all."""
    held: list[parts.Parts] = [{} for _ in range(count)]
    known = [(field.name, field.merge) for field in fields]
    choices = [*known, ("novelty", Merge.COUNTER)] if draw(st.booleans()) else known
    if not choices:
        return held
    for now in range(1, draw(st.integers(0, 8)) + 1):
        here = draw(st.integers(0, count - 1))
        name, merge = draw(st.sampled_from(choices))
        if draw(st.booleans()):
            held[here] = parts.merged(held[here], held[draw(st.integers(0, count - 1))])
        elif merge is Merge.SET:
            wanted = draw(st.none() | st.lists(ELEMENTS, max_size=3))
            held[here] = parts.listed(held[here], name, ACTORS[here], join(now, 0, ""), wanted)
        elif draw(st.booleans()):
            held[here] = parts.based(held[here], name, join(now, 0, ACTORS[here]), draw(AMOUNTS))
        else:
            held[here] = parts.counted(held[here], name, ACTORS[here], draw(AMOUNTS))
    return held


def _version(draw: st.DrawFn, fields: list[Field | str], value: Any, entries: parts.Parts) -> Row:
    born = draw(MOMENTS)
    data, stamps = {}, {}
    for field in fields:
        name = field if isinstance(field, str) else field.name
        stamp = draw(st.just(born) | MOMENTS)
        if stamp != born:
            stamps[name] = stamp
        content = value(field, stamp)
        if content is not None:
            data[name] = content
    life = draw(st.integers(1, 3))
    if life > 1:
        stamps[LIFE] = draw(MOMENTS)
    return Row("row", born, life, stamps, entries, parts.shown(data, entries))
