"""Files that are refused: with a sentence, and without a trace."""

import gzip
from collections.abc import Callable

import orjson
import pytest

from sync.carry.stick import Header, Key, Load, Refused, Writer, header, verified
from sync.central import office
from sync.protocol import MAJOR, SyncError, VersionRefused
from tests.sync.carry.desk import Courier
from tests.sync.central.factories import job

ABOUT = {"last": "", "next": "n", "mark": 0, "cursor": 0, "latest": 0, "keys": {"k1": "secret of a PIN"}}
KEY = Key("plant_norte_000000", "the secret")


def made(key: Key = KEY, plant: str = "norte") -> bytes:
    writer = Writer(key, Header("to-office", plant, "node0001", key.role, 1, ABOUT))
    writer.add(Load([job(f"J-{n}") for n in range(50)], 7))
    return writer.finished(mark=7, offer=None, complete=False, whole=True)


def rewritten(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return gzip.compress(b"".join(change(gzip.decompress(made()).splitlines(keepends=True))))


def with_header(**news: object) -> bytes:
    return rewritten(lambda lines: [orjson.dumps(orjson.loads(lines[0]) | news) + b"\n", *lines[1:]])


def read(content: bytes) -> None:
    verified(content, header(content, "to-office"), KEY)


def test_a_whole_file_reads_as_it_was_written() -> None:
    """Rows, keys and the end come out as they went in; PIN keys do not lie in it in clear."""
    content = made()
    stick = verified(content, header(content, "to-office"), KEY)
    (load,) = stick.loads()
    assert [row.row for row in load.rows] == [job(f"J-{n}").row for n in range(50)]
    assert (load.upto, stick.end["mark"], stick.keys) == (7, 7, ABOUT["keys"])
    assert b"secret of a PIN" not in gzip.decompress(content)
    assert b"secret of a PIN".hex().encode() not in gzip.decompress(content)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off(share: float) -> None:
    """Wherever it is cut."""
    content = made()
    with pytest.raises(Refused, match=r"damaged or cut off|not a file made by"):
        read(content[: int(len(content) * share)])


def test_a_file_with_a_damaged_byte() -> None:
    """None can be another one unnoticed, unless what was packed is the same: gzip has several ways to pack it."""
    content = made()
    harmless = 0
    for at in range(10, len(content)):  # the first ten hold gzip's own time and system
        damaged = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        try:
            read(damaged)
        except SyncError:
            continue
        assert gzip.decompress(damaged) == gzip.decompress(content)
        harmless += 1
    assert harmless < 5


FORGED = [
    (b"", "not a file made by"),
    (b"PK\3\4 something else", "not a file made by"),
    (gzip.compress(b"hello\n"), "not a file made by"),
    (gzip.compress(b"[1, 2]\n"), "not a file made by"),
    (with_header(version=2), "has format 2"),
    (with_header(direction="to-plant"), "comes from head office"),
    (with_header(plant="sur"), "signature is wrong"),
    (rewritten(lambda lines: [lines[0], lines[1].replace(b"J-7", b"J-8"), *lines[2:]]), "signature is wrong"),
    (rewritten(lambda lines: [lines[0], *lines[2:]]), "signature is wrong"),
    (rewritten(lambda lines: lines[:-1]), "not signed"),
    (rewritten(lambda lines: [*lines[:-1], b'{"signature":"00"}\n']), "signature is wrong"),
    (rewritten(lambda lines: [*lines[:-1], b'{"signature":7}\n']), "signature is wrong"),
    (rewritten(lambda lines: [*lines, lines[1]]), "signature is wrong"),
    (made(Key(KEY.role, "another secret")), "signature is wrong"),
]


@pytest.mark.parametrize(("content", "said"), FORGED, ids=range(len(FORGED)))
def test_a_file_that_is_not_as_it_was_made(content: bytes, said: str) -> None:
    """Something else, of another format, altered, unsigned, or signed by somebody else."""
    with pytest.raises(Refused, match=said):
        read(content)


@pytest.mark.parametrize(("major", "older"), [(MAJOR + 1, "the program here"), (MAJOR - 1, "the program that made it")])
def test_a_file_of_another_protocol(major: int, older: str) -> None:
    """The sentence says which side wants an upgrade."""
    with pytest.raises(VersionRefused, match=f"{older} wants an upgrade"):
        read(with_header(major=major))


@pytest.mark.asyncio
async def test_files_of_others(courier: Courier) -> None:
    """Of another plant, for another PC, with an unknown bundle or one without a secret, in the wrong direction."""
    a, b = await courier.enroll("a"), await courier.enroll("b")
    south = await office.enroll(courier.dsn, "sur")
    held = await courier.fingerprint()
    forged = Key(courier.bundles["a"]["role"], south["carry"])
    for content, said in (
        (made(Key(south["role"], south["carry"]), "sur"), "is from the plant 'sur'"),
        (made(Key(south["role"], south["carry"])), "has not handed out"),
        (made(), "has not handed out"),
        (made(forged), "signature is wrong"),
    ):
        with pytest.raises(Refused, match=said):
            await courier.deliver(content)
    assert await courier.fingerprint() == held
    file = await courier.export(a)
    await courier.deliver(file)
    await courier.deliver(await courier.export(b))
    rows = await b.everything()
    with pytest.raises(Refused, match="for another PC"):
        await courier.take(b, await courier.answer(a))
    with pytest.raises(Refused, match="central import"):
        await courier.take(b, file)
    with pytest.raises(Refused, match="sync import"):
        await courier.deliver(await courier.answer(b))
    assert await b.everything() == rows
    await courier.sql("UPDATE structura_sync.bundle SET carry = NULL")
    with pytest.raises(Refused, match="too old to sign files"):
        await courier.deliver(file)
