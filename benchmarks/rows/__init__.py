"""One program for each row of the goals."""

from benchmarks.rows import (
    events,
    growth,
    lists,
    logins,
    mixed,
    newest,
    objects,
    online,
    overload,
    pages,
    patches,
    polling,
    start,
    syncing,
    terminals,
)

_ALL = (
    events,
    patches,
    lists,
    newest,
    objects,
    pages,
    logins,
    polling,
    mixed,
    online,
    syncing,
    start,
    growth,
    overload,
    terminals,
)
ROWS = {module.__name__.rpartition(".")[2]: module for module in _ALL}
ALONE = ("terminals",)  # as it takes ten minutes
