"""The fewest actions of a scenario that still lead to a finding (Zeller, Hildebrandt: delta debugging, 2002)."""

from collections.abc import Callable, Sequence


def shrunk(places: Sequence[int], fails: Callable[[Sequence[int]], bool]) -> list[int]:
    """A part of `places` that fails, of which no single place can be left out."""
    rest = list(places)
    size = max(len(rest) // 2, 1)
    while True:
        start, before = 0, len(rest)
        while start < len(rest):
            without = rest[:start] + rest[start + size :]
            if fails(without):
                rest = without
            else:
                start += size
        if size == 1 and len(rest) == before:
            return rest
        size = max(size // 2, 1)
