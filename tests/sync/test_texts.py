"""Rows as text are the same rows, with the same fingerprints."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from structura_local.domain.catalog import SYNCED
from structura_local.domain.fields import Collection
from structura_local.domain.row import AGREED, ANY, text_of
from structura_local.store.rows import codec
from sync import agreed, protocol, texts
from sync.protocol import Tagged
from sync.texts import Texts
from tests.sync.rows import versions

KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@given(
    st.dictionaries(
        st.text("ab", max_size=3) | KEYS | st.sampled_from(["a", "bb", "ab", "ñ", '"', "\\", "\x7f", "\x1f"]),
        st.text("ab") | KEYS,
        max_size=5,
    )
)
def test_the_one_text_of_any(part: dict[str, str]) -> None:
    """Whatever is in keys and values, and in which order they were written."""
    for text in (orjson.dumps(part).decode(), orjson.dumps(dict(reversed(part.items()))).decode()):
        assert texts.canonical(text) == text_of(part)


@pytest.mark.parametrize("collection", SYNCED, ids=lambda collection: collection.table)
@given(st.data())
def test_a_row_and_its_line(collection: Collection, data: st.DataObject) -> None:
    """As the database keeps it: the row that comes of it, its fingerprint, what its arrival changes, its stamps."""
    row = data.draw(versions(collection))[-1]
    base = data.draw(st.sampled_from([{}, {ANY: ""}, {AGREED: -(2**62), "status": "x"}]))
    kind = codec(collection)
    stored = kind.decode(kind.encode(row, base, 7))
    lines = Texts([kind.text(kind.encode(row, base, 7))], based=True)
    rows = [Tagged(collection.table, stored.row, base)]
    assert lines == rows
    assert texts.keys(lines) == texts.keys(rows)
    assert texts.fingerprint(lines.lines[0]) == stored.row.fingerprint()
    assert agreed.difference(lines).get(collection.table, 0) == agreed.difference(rows)[collection.table]
    assert texts.newest(lines.lines) == protocol.latest(rows)
    assert lines[:0] == []
