"""What an import did or would do: counts, and each thing it repaired, rejected or wants looked at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NotRequired

from typing_extensions import TypedDict

from structura_local.phrases import Phrase, phrase

COUNTS = ("read", "new", "changed", "same")
LISTS = ("repaired", "rejected", "noted")
IDS = 5  # that the text names of rows with the same to say; --json has them all


class ImportReport(TypedDict):
    """What an import did, or would do, as JSON; `collections` by their keys in the file."""

    dryRun: bool
    collections: dict[str, "ImportTally"]
    noted: list[str]


class ImportTally(TypedDict):
    """Of one collection: counts, and what is worth reading."""

    read: int
    new: int
    changed: int
    same: int
    repaired: list["ImportEntry"]
    rejected: list["ImportRejection"]
    noted: list["ImportEntry"]


class ImportEntry(TypedDict):
    """Something about one row of the file. `row` counts from 1; `id` may be empty."""

    row: int
    id: str
    field: str
    what: str
    why: NotRequired[str]


class ImportRejection(TypedDict):
    """A row that was left out."""

    row: int
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something about one row of a file; `row` counts from 1 (0: the file as a whole), `id` may be empty."""

    row: int
    id: str
    field: str
    what: tuple[Phrase, ...]
    why: Phrase | None = None

    def said(self, language: str) -> ImportEntry:
        told: ImportEntry = {"row": self.row, "id": self.id, "field": self.field, "what": self._what(language)}
        if self.why:
            told["why"] = self.why.text(language)
        return told

    def rejected(self, language: str) -> ImportRejection:
        return {"row": self.row, "id": self.id, "reason": self._what(language)}

    def _what(self, language: str) -> str:
        return "; ".join(part.text(language) for part in self.what)


@dataclass(slots=True)
class Tally:
    """What an import does with one collection."""

    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    repaired: list[Entry] = field(default_factory=list)
    rejected: list[Entry] = field(default_factory=list)
    noted: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do (`dry_run`). `noted` is about the file as a whole."""

    dry_run: bool
    collections: dict[str, Tally]
    noted: list[Phrase]

    def said(self, language: str) -> ImportReport:
        """The report as JSON, in `es` or else in English."""
        return {
            "dryRun": self.dry_run,
            "collections": {key: _said(tally, language) for key, tally in self.collections.items()},
            "noted": [note.text(language) for note in self.noted],
        }


def _said(tally: Tally, language: str) -> ImportTally:
    def ordered(entries: list[Entry]) -> list[Entry]:
        return sorted(entries, key=lambda entry: entry.row)

    return {
        "read": tally.read,
        "new": tally.new,
        "changed": tally.changed,
        "same": tally.same,
        "repaired": [entry.said(language) for entry in ordered(tally.repaired)],
        "rejected": [entry.rejected(language) for entry in ordered(tally.rejected)],
        "noted": [entry.said(language) for entry in ordered(tally.noted)],
    }


def lines(report: Mapping[str, Any], language: str) -> Iterator[str]:
    """A report's JSON as text for people: a table of counts, then what is worth reading, then how it ended."""

    def word(code: str, **values: Any) -> str:
        return phrase(code, **values).text(language)

    collections = report["collections"]
    columns = [(name, max(9, len(word(name)) + 2)) for name in (*COUNTS, *LISTS)]
    yield " " * 20 + "".join(word(name).rjust(width) for name, width in columns)
    counted = {
        key: [tally[name] if name in COUNTS else len(tally[name]) for name, _ in columns]
        for key, tally in collections.items()
    }
    total = [sum(column) for column in zip(*counted.values(), strict=True)]
    for key, numbers in (*counted.items(), (word("total"), total)):
        yield f"{key:20}" + "".join(f"{n or '-':>{width}}" for n, (_, width) in zip(numbers, columns, strict=True))
    for name in ("rejected", "repaired", "noted"):
        listed = [line for key, tally in collections.items() for line in _listed(key, tally[name], word)]
        listed += [f"  {note}." for note in report["noted"]] if name == "noted" else []
        if listed:
            yield ""
            yield f"{word(f'title-{name}')}:"
            yield from listed
    yield ""
    changes = any(tally["new"] or tally["changed"] for tally in collections.values())
    flaws = any(tally["repaired"] or tally["rejected"] for tally in collections.values())
    if report["dryRun"]:
        yield word("end-dry-run")
    else:
        yield word("end-same" if not changes else "end-done" if flaws else "end-clean")


def _listed(key: str, entries: list[dict[str, Any]], word: Any) -> Iterator[str]:
    """One line an entry, but one line for all that have the same to say."""

    def say(entry: Mapping[str, Any]) -> str:
        if "reason" in entry:
            return str(entry["reason"])
        about = f"{entry['field']}: " if entry["field"] else ""
        return f"{about}{entry['what']}" + (f" ({entry['why']})" if "why" in entry else "")

    def name(entry: Mapping[str, Any]) -> str:
        row = word("row", row=entry["row"])
        return f"{entry['id']} ({row})" if entry["id"] else str(row)

    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        groups.setdefault(say(entry), []).append(entry)
    for text, alike in groups.items():
        if len(alike) == 1:
            yield f"  {key} {name(alike[0])}: {text}"
            continue
        ids = ", ".join(entry["id"] or word("row", row=entry["row"]) for entry in alike[:IDS])
        if len(alike) > IDS:
            ids += ", " + word("and-more", count=len(alike) - IDS)
        yield f"  {key}: {text}"
        yield f"      {word('rows', count=len(alike), ids=ids)}"
