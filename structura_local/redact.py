"""Takes secrets out of text: of every line of a log, of everything in a support bundle."""

import re
from collections.abc import Iterable

MASK = "•••"

_SHAPES = (
    # What stands before a mask stays: which secret it was helps whoever reads it.
    (re.compile(r"(?<!\w)(\w++://[^\s:/@]++:)[^\s@]++(?=@)"), rf"\1{MASK}"),  # the password in a DSN
    (re.compile(r"(?i)(?<![a-z])(password['\"]?\s*[:=]\s*)('[^']*'|\"[^\"]*\"|\S+)"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(pin['\"]?\s*[:=]\s*['\"]?)\d{4,8}\b"), rf"\1{MASK}"),
    (re.compile(r"\beyJ[\w-]++\.[\w-]++\.[\w-]*+"), MASK),  # a token
    (re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}"), MASK),  # the hash of a PIN
    (re.compile(r"\b[0-9a-f]{32,}+\b"), MASK),  # a key
    (re.compile(r"(?<![\w/#-])(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{32,}+"), MASK),  # a random word that lets one in; but a
    # setup link (behind `#`) is in the log to be found there, and good once
)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without anything that has the shape of a secret, nor any of the `secrets`."""
    for secret in sorted(set(secrets), key=len, reverse=True):  # a longer one may contain a shorter one
        text = text.replace(secret, MASK)
    for shape, kept in _SHAPES:
        text = shape.sub(kept, text)
    return text
