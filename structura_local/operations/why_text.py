"""Why a row is as it is, as text that a person likes to read; made of what `why.py` answers."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from structura_local.domain.actors import HEAD_OFFICE, RULES, SERVER
from structura_local.phrases import Phrase, phrase

_LONGEST = 60  # characters of a value
_NOBODY = {
    RULES: "why-rules",
    SERVER: "why-server",
    "(import)": "why-import",
    "(setup)": "why-setup",
    "(api)": "why-owner",
}


def lines(why: Mapping[str, Any], language: str) -> Iterator[str]:
    """The answer of GET /api/system/why/:collection/:id, in `es` or else in English; times are this machine's."""
    return _Text(why["users"], language).all(why)


class _Text:
    def __init__(self, users: Mapping[str, str], language: str) -> None:
        self._users = users
        self._language = language

    def all(self, why: Mapping[str, Any]) -> Iterator[str]:
        state = [self._say("why-alive" if why["alive"] else "why-deleted")]
        state.append(self._say("why-created", written=self._written(why["created"])))
        if "turned" in why:
            turned = "why-turned-restored" if why["alive"] else "why-turned-deleted"
            state.append(self._say(turned, written=self._written(why["turned"])))
        yield f"{why['collection']} {why['id']}: {'; '.join(state)}"
        for line in why["setAside"]:
            yield self._say(f"why-{line['direction']}", reason=line["reason"])
        if why["waits"] and not why["setAside"]:
            yield self._say("why-waits")
        yield from self._under("why-fields", [line for field in why["fields"] for line in self._field(field)])
        changes = [line for change in why["changes"] for line in self._change(change)]
        if (older := why["changeCount"] - len(why["changes"])) > 0:
            changes.append(self._say("why-more", count=older))
        yield from self._under("why-changes", changes)
        yield from self._under("why-conflicts", [self._conflict(conflict) for conflict in why["conflicts"]])

    def _under(self, title: str, found: list[str]) -> Iterator[str]:
        if found:
            yield ""
            yield self._say(title)
            yield from (f"  {line}" for line in found)

    def _field(self, field: Mapping[str, Any]) -> Iterator[str]:
        value = self._value(field.get("value"))
        if field["rule"] == "last-writer":
            yield f"{field['field']} = {value}  [{self._written(field['written'])}]"
            return
        yield f"{field['field']} = {value}"
        if "base" in field:
            said = self._written(field["base"]["written"])
            yield "    " + self._say("why-base", value=field["base"]["value"], written=said)
        for entry in field.get("entries", ()):
            said = self._say("why-added", added=f"{entry['added']:+}", node=self._node(entry.get("node")))
            by = [
                self._say("why-share", added=f"{share['added']:+}", user=self._user(share.get("userId", SERVER)))
                for share in entry["by"]
            ]
            yield f"    {said}" + (f" ({', '.join(by)})" if by else "")
        for element in field.get("elements", ()):
            user, node = self._user(element.get("userId")), self._node(element.get("node"))
            name = self._users.get(element["element"], element["element"])
            yield "    " + self._say("why-element", element=name, at=_local(element["at"]), user=user, node=node)

    def _change(self, change: Mapping[str, Any]) -> Iterator[str]:
        written = change["written"]
        user = change.get("userId", written.get("userId"))
        said = self._say("why-on", at=_local(change["at"]), user=self._user(user), node=self._node(written.get("node")))
        yield f"{said}: {self._say('why-' + change['kind'])}; {self._whereabouts(change)}"
        for name, (old, new) in change["fields"].items():
            yield f"    {name}: {self._value(old)} → {self._value(new)}"

    def _whereabouts(self, change: Mapping[str, Any]) -> str:
        if change["origin"] == "sync":
            return self._say("why-came")
        if "reachedCentral" in change:
            return self._say("why-reached", at=_local(change["reachedCentral"]))
        return self._say("why-refused" if "refused" in change else "why-change-waits")

    def _conflict(self, conflict: Mapping[str, Any]) -> str:
        winner, loser = self._side(conflict["winner"]), self._side(conflict["loser"])
        said = self._say("why-clash", field=conflict["field"], winner=winner, loser=loser)
        return said if conflict["seen"] else f"{said}; {self._say('why-unseen')}"

    def _side(self, side: Mapping[str, Any]) -> str:
        value = self._say("why-removed") if side.get("deleted") else self._value(side.get("value"))
        return self._say("why-side", value=value, written=self._written(side))

    def _written(self, written: Mapping[str, Any]) -> str:
        user, node = self._user(written.get("userId")), self._node(written.get("node"))
        return self._say("why-on", at=_local(written["at"]), user=user, node=node)

    def _user(self, user: str | None) -> str:
        if user is None:
            return self._say("why-somebody")
        if user in _NOBODY:
            return self._say(_NOBODY[user])
        return f"{self._users[user]} ({user})" if user in self._users else user

    def _node(self, node: str | None) -> str:
        if node is None:
            return self._say("why-nowhere")
        return self._say("why-central") if node == HEAD_OFFICE else self._say("why-pc", node=node)

    def _value(self, value: Any) -> str:
        if value is None:
            return self._say("why-unset")
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        text = " ".join(text.split())
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

    def _say(self, code: str, **values: Any) -> str:
        said: Phrase = phrase(code, **values)
        return said.text(self._language)


def _local(moment: str) -> str:
    """A moment as a clock in the plant showed it."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
