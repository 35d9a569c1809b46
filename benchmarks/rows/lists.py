"""A list that has not changed since it was last asked for: whole, and 304."""

import urllib.request

from benchmarks import wrk
from benchmarks.bench import Asked, Bench
from benchmarks.results import Bar, Figure, Outcome, alternating, median
from benchmarks.server import Server

TITLE = "a list that did not change"
LEAST = 0.6  # of bare aiohttp
LISTS = {"6 machines": "/api/machines", "500 events": "/api/events"}


def measure(bench: Bench) -> Outcome:
    """Beside bare aiohttp serving the same bytes."""
    ours = bench.ours()
    figures, bars = [], []
    for name, path in LISTS.items():
        body, etag = _fetched(ours, path)
        bare = bench.bare(body)
        size = f"{name} ({len(body) / 1000:.1f} kB)"
        unchanged = wrk.Load(headers={"If-None-Match": etag})
        for what, asked, bare_asked in (
            (size, Asked(ours, path), Asked(bare)),
            (f"304 for {name}", Asked(ours, path, unchanged), Asked(bare, "/304", unchanged)),
        ):
            mine, theirs = alternating(
                bench.rounds, *((lambda a=a: a.take(bench.seconds, 32)) for a in (asked, bare_asked))
            )
            rate, other = median([taken.rate for taken in mine]), median([taken.rate for taken in theirs])
            goal, ratio = f"≥ {LEAST:.0%} of bare", rate / other
            figures.append(Figure(what, f"{rate:,.0f}/s", goal, ratio >= LEAST, f"bare: {other:,.0f}/s", ratio))
            cpu, least = median([taken.cpu for taken in mine]), median([taken.cpu for taken in theirs])
            beside = f"bare: {least * 1e6:.0f} µs"
            figures.append(Figure(f"{what}: processor", f"{cpu * 1e6:.0f} µs each", "", None, beside, least / cpu))
            bars += [Bar(what, rate, "/s"), Bar("(bare aiohttp)", other, "/s")]
    return Outcome(figures, bars)


def _fetched(server: Server, path: str) -> tuple[bytes, str]:
    with urllib.request.urlopen(urllib.request.Request(server.url + path, headers=server.headers)) as answer:
        return answer.read(), answer.headers["ETag"]
