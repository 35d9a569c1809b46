"""A file that carries one direction of an exchange: JSON lines, compressed, signed.

    header       format, plant, node, lineage, and what the other side has to know before the rows
    batch …      rows as a session would send them, and how far one is with them
    end          what was reached
    signature    HMAC-SHA256 (RFC 2104) of all lines before, with the secret of the bundle that the header names

The checksum is gzip's own. Everything here is pure; files are the caller's.
"""

import gzip
import hashlib
import hmac
import io
import secrets
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from structura_local import __version__
from structura_local.domain.row import Row
from sync.protocol import MAJOR, MINOR, SyncError, Tagged, VersionRefused, latest

FORMAT, FORMAT_VERSION = "structura-carry", 1
LARGEST = 256 * 2**20  # bytes of a file; what does not fit comes with the next one
TOO_LARGE = 2 * LARGEST
LONGEST_LINE = 64 * 2**20

Direction = Literal["to-office", "to-plant"]


class Refused(SyncError):
    """A file is not taken; the text says why, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a bundle signs with: its role's name and the secret that both sides hold."""

    role: str
    secret: str

    def sign(self) -> "hmac.HMAC":
        return hmac.new(self._derived(b"sign"), digestmod=hashlib.sha256)

    def wrapped(self, nonce: str, keys: Mapping[str, str]) -> dict[str, str]:
        """PIN keys as they travel: a stick that is lost must not give away PINs."""
        return {key_id: self._masked(f"{nonce}|{key_id}", key.encode()).hex() for key_id, key in keys.items()}

    def unwrapped(self, nonce: str, keys: Mapping[str, str]) -> dict[str, str]:
        """PIN keys as they are."""
        return {key_id: self._masked(f"{nonce}|{key_id}", bytes.fromhex(key)).decode() for key_id, key in keys.items()}

    def _masked(self, name: str, key: bytes) -> bytes:
        """With a pad of its own for each file and key (a pseudo-random function in counter mode)."""
        pad, secret = b"", self._derived(b"wrap")
        while len(pad) < len(key):
            pad += hmac.digest(secret, f"{name}|{len(pad)}".encode(), "sha256")
        return bytes(a ^ b for a, b in zip(key, pad, strict=False))

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.digest(self.secret.encode(), purpose, "sha256")


@dataclass(frozen=True, slots=True)
class Header:
    """Who carries what to whom. `made`: the sender's clock, milliseconds since 1970. `about`: see plant and office."""

    direction: Direction
    plant: str
    node: str
    role: str
    made: int
    about: Mapping[str, Any]
    nonce: str = ""
    program: str = __version__


@dataclass(frozen=True, slots=True)
class Load:
    """Rows, and how far one is with them: a mark on the way to head office, a cursor on the way back."""

    rows: Sequence[Tagged]
    upto: int


class Writer:
    """Makes a file in memory. `about` may hold PIN keys under `keys`; they are wrapped."""

    def __init__(self, key: Key, header: Header) -> None:
        self._buffer = io.BytesIO()
        self._file = gzip.GzipFile(fileobj=self._buffer, mode="wb", mtime=0, compresslevel=6)
        self._mac = key.sign()
        self._rows = 0
        self._latest = 0
        nonce = secrets.token_hex(16)
        about = {**header.about, "keys": key.wrapped(nonce, header.about.get("keys", {}))}
        self._line(
            {
                "format": FORMAT, "version": FORMAT_VERSION, "major": MAJOR, "minor": MINOR,
                "direction": header.direction, "plant": header.plant, "node": header.node, "role": header.role,
                "made": header.made, "program": header.program, "nonce": nonce, "about": about,
            }
        )  # fmt: skip

    @property
    def full(self) -> bool:
        """Whether the rest has to wait for the next file."""
        return self._buffer.tell() > LARGEST

    @property
    def rows(self) -> int:
        """How many rows it has so far."""
        return self._rows

    def add(self, load: Load) -> None:
        """Add a batch."""
        self._line({"rows": [_listed(row) for row in load.rows], "upto": load.upto})
        self._rows += len(load.rows)
        self._latest = max(self._latest, latest(load.rows))

    def finished(self, **reached: Any) -> bytes:
        """The whole file; `reached` is for who reads it."""
        self._line({**reached, "rows": self._rows, "latest": self._latest})
        self._file.write(orjson.dumps({"signature": self._mac.hexdigest()}) + b"\n")
        self._file.close()
        return self._buffer.getvalue()

    def _line(self, value: Mapping[str, Any]) -> None:
        line = orjson.dumps(value) + b"\n"
        self._mac.update(line)
        self._file.write(line)


@dataclass(frozen=True, slots=True)
class Stick:
    """A file whose signature is right. `end`: what was reached, `rows`, and `latest`, of its stamps."""

    header: Header
    keys: Mapping[str, str]
    end: Mapping[str, Any]
    content: bytes

    def loads(self) -> Iterator[Load]:
        """Its batches, in order."""
        lines = _lines(self.content)
        next(lines)
        for line in lines:
            read = orjson.loads(line)
            if "upto" not in read:
                return
            yield Load([_tagged(row) for row in read["rows"]], read["upto"])


def header(content: bytes, direction: Direction) -> Header:
    """Who a file says it is from, not yet proved. Raises Refused, VersionRefused."""
    for line in _lines(content):
        read = _json(line)
        if not isinstance(read, dict) or read.get("format") != FORMAT:
            break
        if read.get("version") != FORMAT_VERSION:
            raise Refused(
                f"This file has format {read.get('version')}, this program reads {FORMAT_VERSION}: "
                "the two sides' programs are too different; upgrade the older one."
            )
        if read.get("major") != MAJOR:
            older = "the program here" if (read.get("major") or 0) > MAJOR else "the program that made it"
            raise VersionRefused(
                f"This file speaks protocol {read.get('major')}, this program {MAJOR}: {older} wants an upgrade."
            )
        if read.get("direction") != direction:
            raise Refused(
                "This file comes from a plant; 'structura-local central import' at head office takes it."
                if direction == "to-plant"
                else "This file comes from head office; 'structura-local sync import' at the plant takes it."
            )
        try:
            names = ("direction", "plant", "node", "role", "made", "about", "nonce", "program")
            return Header(**{name: read[name] for name in names})
        except KeyError:
            break
    raise Refused("This is not a file made by 'structura-local sync export' or 'structura-local central export'.")


def verified(content: bytes, said: Header, key: Key) -> Stick:
    """The file, if it is whole and signed with this key. Raises Refused."""
    mac = key.sign()
    before = end = b""
    last = False
    for line in _lines(content):
        if last:
            raise Refused(ALTERED)
        if line.startswith(b'{"signature":'):
            last = True
            if not hmac.compare_digest(_signature(line), mac.hexdigest()):
                raise Refused(ALTERED)
            end = before
        else:
            mac.update(line)
            before = line
    if not last:
        raise Refused("This file is not signed, or its end is missing; have it made again.")
    keys = key.unwrapped(said.nonce, said.about["keys"])
    return Stick(replace(said, about={**said.about, "keys": {}}), keys, orjson.loads(end), content)


ALTERED = (
    "This file's signature is wrong: it was altered on the way, or signed with another bundle. "
    "Nothing was taken from it."
)


def _signature(line: bytes) -> str:
    read = _json(line)
    found = read.get("signature") if isinstance(read, dict) else None
    return found if isinstance(found, str) and found.isascii() else ""


def _lines(content: bytes) -> Iterator[bytes]:
    """The lines of a file. Raises Refused where it is damaged."""
    if len(content) > TOO_LARGE:
        raise Refused(f"This file is larger than {TOO_LARGE // 2**20} MiB; it cannot have been made by this program.")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            while line := file.readline(LONGEST_LINE):
                yield line
    except (EOFError, zlib.error, gzip.BadGzipFile, OSError) as error:
        if content[:2] != b"\x1f\x8b":
            raise Refused(
                "This is not a file made by 'structura-local sync export' or 'structura-local central export'."
            ) from error
        raise Refused("This file is damaged or cut off; copy it again, or have it made again.") from error


def _json(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _listed(tagged: Tagged) -> list[Any]:
    row = tagged.row
    state = [row.id, row.born, row.life, dict(row.stamps), dict(row.parts), dict(row.data)]
    return [tagged.collection, state, dict(tagged.base), tagged.lsn]


def _tagged(listed: Sequence[Any]) -> Tagged:
    collection, state, base, lsn = listed
    return Tagged(collection, Row(*state), base, lsn)
