"""The goals, and which row's figures tell whether each is met. A figure is named by how its text begins."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """`figures`: all of them have to be met; what comes first is shown first."""

    what: str
    goal: str
    row: str
    figures: tuple[str, ...]


GOALS = (
    Goal(
        "`POST /api/events`, 32 connections, all checks and the change log",
        "≥ 8,000/s, p99 ≤ 15 ms",
        "events",
        ("event, 32 connections", "p99 at 32 connections"),
    ),
    Goal("`PATCH /api/jobs/:id`, 32 connections, with its rules", "≥ 5,000/s", "patches", ("job, 32 connections",)),
    Goal(
        "a list that did not change, up to 100 kB",
        "≥ 60 % of bare aiohttp with the same bytes",
        "lists",
        ("6 machines (", "500 events ("),
    ),
    Goal(
        "the same with `If-None-Match`",
        "≥ 60 % of bare aiohttp's 304",
        "lists",
        ("304 for 6 machines", "304 for 500 events"),
    ),
    Goal("500 events while 500 a second are written", "≥ 2,000/s", "newest", ("lists",)),
    Goal("`GET /:id`", "≥ 8,000/s", "objects", ("object, 32 connections",)),
    Goal("a filtered page of 100,000 jobs", "p99 ≤ 10 ms at 200/s", "pages", ("page",)),
    Goal(
        "100 logins at shift change",
        "all within 10 s, API p99 < 50 ms meanwhile",
        "logins",
        ("all answered", "p99 of lists meanwhile"),
    ),
    Goal(
        "200 terminals, each ten lists every 5 s, 20 writes/s",
        "CPU < 60 % of one core, p99 ≤ 50 ms",
        "polling",
        ("processor", "p99", "errors"),
    ),
    Goal(
        "local write → visible at head office",
        "median ≤ 150 ms, p99 ≤ 500 ms",
        "online",
        ("local write, median", "local write, p99"),
    ),
    Goal(
        "write at head office → message in the plant's browser",
        "median ≤ 200 ms",
        "online",
        ("central write, median",),
    ),
    Goal(
        "1,000,000 waiting rows pushed",
        "≥ 25,000 new, ≥ 15,000 changed rows/s, ≤ 200 MB",
        "syncing",
        ("push, new rows", "push, changed rows", "server's memory while it pushes"),
    ),
    Goal("the same at 200 ms round trip", "≥ 80 % of what the line allows", "syncing", ("push over a slow line",)),
    Goal("first download of 1,000,000 rows", "≥ 40,000 rows/s", "syncing", ("first download",)),
    Goal(
        "API at 500 requests/s while that runs",
        "p99 ≤ 15 ms",
        "syncing",
        ("API p99 while it pushes", "API p99 while it downloads"),
    ),
    Goal(
        "`serve` to first answer, 1,000,000 rows stored",
        "≤ 1.5 s from source, ≤ 3 s frozen",
        "start",
        ("serve to first answer, from source", "serve to first answer, packaged"),
    ),
    Goal(
        "memory, idle / with that database and 200 terminals",
        "≤ 90 MB / ≤ 250 MB",
        "start",
        ("memory, idle", "memory, 200 terminals"),
    ),
    Goal(
        "one more event with 10 million stored",
        "pages as with ten thousand (± 20 %)",
        "growth",
        ("pages of one more event",),
    ),
)
