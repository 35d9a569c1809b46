"""A batch on its way to central: folded to one row per id, and written for COPY."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from structura_local.domain.catalog import BY_TABLE
from sync.merge import merge
from sync.protocol import SyncError, Tagged


def fold(rows: Iterable[Tagged]) -> list[Tagged]:
    """One row per collection and id. SyncError if a collection is not known here, and so not at this central."""
    folded: dict[tuple[str, str], Tagged] = {}
    for tagged in rows:
        if tagged.collection not in BY_TABLE:
            raise SyncError(f"The collection {tagged.collection} cannot be pushed: this version does not know it.")
        key = (tagged.collection, tagged.row.id)
        seen = folded.get(key)
        folded[key] = tagged if seen is None else Tagged(tagged.collection, merge(seen.row, tagged.row))
    return list(folded.values())


def copy_text(rows: Iterable[Tagged]) -> bytes:
    """The batch in COPY's text format. Sending it takes no look at the server's types."""
    return b"".join(_copy_lines(rows))


def _copy_lines(rows: Iterable[Tagged]) -> Iterator[bytes]:
    for n, tagged in enumerate(rows, start=1):
        row = tagged.row
        data = {name: _exact(value) for name, value in row.data.items() if value is not None}
        texts = (tagged.collection, row.id, row.born)
        # Only the two dicts and the ids can hold anything to escape; JSON itself has no raw tabs or newlines.
        yield (
            b"\t".join(
                (
                    b"%d" % n,
                    *(_escape(text.encode()) for text in texts),
                    b"%d" % row.life,
                    *(_escape(orjson.dumps(dict(part))) for part in (row.stamps, row.parts, data)),
                )
            )
            + b"\n"
        )


def _exact(value: Any) -> Any:
    """The value, with floats that JSON would write as 5e16 written out with a decimal point.

    Postgres keeps 5e16 as the integer of its shortest digits, which is not the same number; 5e-7 it keeps.
    """
    match value:
        case float() if abs(value) >= 1e16:
            return orjson.Fragment(f"{value:.1f}")
        case list() | tuple():
            return [_exact(item) for item in value]
        case dict():
            return {key: _exact(item) for key, item in value.items()}
    return value


def _escape(field: bytes) -> bytes:
    return field.replace(b"\\", b"\\\\").replace(b"\t", b"\\t").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
