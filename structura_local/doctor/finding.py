"""What a check found."""

from dataclasses import dataclass
from typing import Any

from structura_local.doctor.sentences import SENTENCES
from structura_local.phrases import Phrase

OK, WARNING, FAILED, SKIPPED = "ok", "warning", "failed", "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` names it; `state` is ok, warning, failed or skipped; `fix` is a command, or what to do in words."""

    check: str
    state: str
    said: Phrase
    fix: Phrase | None = None

    def shown(self, language: str) -> dict[str, str]:
        """As JSON, in a language."""
        found = {"check": self.check, "state": self.state, "said": self.said.text(language)}
        return found if self.fix is None else {**found, "fix": self.fix.text(language)}


def say(code: str, **values: Any) -> Phrase:
    """A sentence of the doctor's."""
    return Phrase(code, values, SENTENCES)
