"""What a client asks a list for: which objects, in which order, which part of them. `store/search.py` runs it."""

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Query:
    """`equal`: per field the values of which it has one (or contains one, for a list). `since` and `until`:
    milliseconds since 1970, compared with the object's timestamp, both inclusive. `text`: words to look for in the
    fields `searched`.

    `sort`: a field name, or None for the collection's own order. `after`: the place behind which a page begins, as
    `store/search.py` made it. `reader`: only the messages that concern this user (unless `everything`), `isRead` as
    this user sees it.
    """

    equal: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    since: int | None = None
    until: int | None = None
    text: str | None = None
    searched: tuple[str, ...] = ()
    sort: str | None = None
    descending: bool = False
    limit: int | None = None
    offset: int = 0
    after: tuple[Any, ...] | None = None
    counted: bool = False
    reader: str | None = None
    everything: bool = False

    def whole(self) -> "Query":
        """The list that this is a part of, in no order."""
        return replace(self, sort=None, descending=False, limit=None, offset=0, after=None)


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a list: `rows`, `total` of the whole list if it was counted, `next` page's `after` if there is one."""

    rows: list[Any] = field(default_factory=list)
    total: int | None = None
    next: tuple[Any, ...] | None = None
