"""Each check of the doctor's, made to fail for real; where it names a command, the command is run and it is well."""

import asyncio
import ctypes
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from structura_local import clock
from structura_local.doctor import data, machine
from structura_local.doctor.finding import FAILED, OK, SKIPPED, WARNING, Finding
from structura_local.doctor.https import certificate
from structura_local.doctor.office import office as look_at_office
from structura_local.drives import network_drive
from structura_local.errors import StartError
from structura_local.files import write_secret
from structura_local.folder import Folder
from structura_local.rights import service_sid, strangers_in
from structura_local.settings import Settings, load
from structura_local.store.backups import DAY, MANUAL, Shelf
from structura_local.store.health import examine
from sync.central import office
from tests.postgres import execute
from tests.web.test_https import Files
from tests.web.test_settings_change import free_port

root_only = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root on Linux can cause it")
PLANT = "norte"


def doctor(*arguments: Any, inside: tuple[str, ...] = (), code: int | None = None) -> dict[str, dict[str, str]]:
    """What the command says, by check."""
    command = [*inside, sys.executable, "-m", "structura_local", "doctor", "--json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return {finding["check"]: finding for finding in json.loads(done.stdout)}


def run(command: str) -> None:
    subprocess.run(command, shell=True, check=True, capture_output=True)


def test_a_plant_without_faults(tmp_path: Path) -> None:
    """Nothing fails, and the exit code says so; in Spanish too."""
    folder = tmp_path / "data"
    init = ["init", "--plant", "x", "--admin-name", "Ana", "--admin-pin", "86420975", "--data-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "structura_local", *init], check=True, capture_output=True)
    write_secret(folder / "settings.toml", f"port = {free_port()}\n")
    found = doctor("--data-dir", folder, code=0)
    assert {f["state"] for check, f in found.items() if check not in ("disk", "backup", "firewall")} == {OK, SKIPPED}
    spoken = subprocess.run(
        [sys.executable, "-m", "structura_local", "doctor", "--data-dir", folder],
        capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "es_UY.UTF-8"},
    )  # fmt: skip
    assert "La base de datos está íntegra" in spoken.stdout


@pytest.mark.parametrize(
    ("spoil", "state", "said"),
    [
        ({}, OK, "fit; it is good until"),
        ({"days": 5}, WARNING, "is good until"),
        ({"days": -1}, FAILED, "browsers refuse it"),
        ({"of_another": True}, FAILED, "is not the key of"),
        ({"password": b"x"}, FAILED, "has a password"),
    ],
)
def test_a_certificate_in_files(data_dir: Path, tmp_path: Path, spoil: dict[str, Any], state: str, said: str) -> None:
    """A pair that does not fit, or has ended, is named with what is wrong; a new pair mends it. In Spanish too."""
    (files := Files(tmp_path / "pem")).write(**spoil)
    written = {"port": free_port(), "tls_port": free_port(), **files.settings}
    write_secret(data_dir / "settings.toml", "".join(f"{name} = {json.dumps(v)}\n" for name, v in written.items()))
    found = doctor("--data-dir", data_dir, code=1 if state == FAILED else None)["https"]
    assert (found["state"], said in found["said"]) == (state, True), found
    finding = certificate(load({"data_dir": str(data_dir)}, {}), clock.now())
    assert finding.said.text("es") != finding.said.text("en")
    assert said not in finding.said.text("es")
    files.write()
    assert doctor("--data-dir", data_dir)["https"]["state"] == OK


def test_a_port_that_somebody_has(data_dir: Path) -> None:
    """Who has it is named, and a port that is free."""
    holder = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        (data_dir / "settings.toml").write_text(f'host = "127.0.0.1"\nport = {port}\n')
        found = doctor("--data-dir", data_dir, code=1)["port"]
        assert (found["state"], str(process.pid) in found["said"]) == (FAILED, True), found
        assert f"port = {port + 1}" in found["fix"]
        process.kill()
    assert doctor("--data-dir", data_dir)["port"]["state"] == OK


async def test_an_address_that_is_not_ours(data_dir: Path) -> None:
    """What the system says is passed on."""
    found = await machine.port(Settings(data_dir=data_dir, host="192.0.2.1"), Folder(data_dir))
    assert (found.state, "192.0.2.1 cannot be used" in str(found.said)) == (FAILED, True)


async def test_a_server_that_does_not_answer(data_dir: Path) -> None:
    """It has the folder, but nothing is behind the address that it announced."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        folder = Folder(data_dir)
        with Folder(data_dir).locked():
            folder.announce(f"http://127.0.0.1:{nobody.getsockname()[1]}", "token")
            found = await machine.port(Settings(data_dir=data_dir), folder)
    assert (found.state, found.said.code) == (FAILED, "mute")


@contextmanager
def small(place: Path, size: str) -> Iterator[Path]:
    """A disk of its own."""
    place.mkdir()
    run(f"mount -t tmpfs -o size={size},mode=700 tmpfs {place}")
    try:
        yield place
    finally:
        run(f"umount {place}")


@root_only
@pytest.mark.parametrize(("size", "state"), [("100m", FAILED), ("1g", WARNING)])
def test_a_small_disk(tmp_path: Path, size: str, state: str) -> None:
    """Less than 2 GB free is worth a word; with less than 200 MB something has to be done."""
    with small(tmp_path / "disk", size) as place:
        found = machine.disk(Folder(place / "data"))
        assert found.state == state
        assert str(place) in str(found.fix)


def test_a_file_that_others_can_read(data_dir: Path) -> None:
    """It is named; the command that is named mends it."""
    data_dir.chmod(0o700)
    (data_dir / "token-secret").chmod(0o644)
    found = machine.rights(Folder(data_dir))
    assert (found.state, "token-secret" in str(found.said)) == (FAILED, True)
    run(str(found.fix))
    assert machine.rights(Folder(data_dir)).state == OK


@root_only
def test_a_file_of_somebody_else(data_dir: Path) -> None:
    """As when root has copied something into the folder of the service's account."""
    run(f"chmod -R go= {data_dir}; chown -R nobody: {data_dir}; chown root: {data_dir / 'structura.db'}")
    found = machine.rights(Folder(data_dir))
    assert (found.state, found.said.values["names"]) == (FAILED, "structura.db")
    run(str(found.fix))
    assert machine.rights(Folder(data_dir)).state == OK


def test_a_damaged_database(data_dir: Path) -> None:
    """A page in the middle is not what it was."""
    folder = Folder(data_dir)
    assert data.database(folder, examine(folder.database)).state == OK
    with folder.database.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096 * 20)
    found = data.database(folder, examine(folder.database))
    assert (found.state, found.said.code) == (FAILED, "database-damaged")
    assert doctor("--data-dir", data_dir, code=1)["database"]["state"] == FAILED


def test_a_newer_database(data_dir: Path) -> None:
    """The program is the older one: it does not start, and the fix says what does."""
    with closing(sqlite3.connect(Folder(data_dir).database)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999_future'")
        database.execute("UPDATE node_state SET value = '99.0.0' WHERE key = 'program'")
    found = doctor("--data-dir", data_dir, code=1)["database"]
    assert (found["state"], "99.0.0" in found["said"], "99.0.0" in found["fix"]) == (FAILED, True, True)


def test_no_database(tmp_path: Path, data_dir: Path) -> None:
    """There was none yet: what to do first is in the fix. There was one: its backups are."""
    found = doctor("--data-dir", tmp_path)["database"]
    assert (found["state"], "structura-local init" in found["fix"]) == (WARNING, True)
    folder = Folder(data_dir)
    Shelf(folder.backups).make(MANUAL, folder.database, folder.keys(), clock.now())
    folder.database.unlink()
    found = doctor("--data-dir", data_dir, code=1)["database"]
    assert (found["state"], "structura-local restore" in found["fix"]) == (FAILED, True)


def test_an_old_sqlite() -> None:
    """As the one that Python has on many systems."""
    assert data.program().state == OK
    with closing(sqlite3.connect(":memory:")) as own:
        (version,) = own.execute("SELECT sqlite_version()").fetchone()
    expected = FAILED if tuple(map(int, version.split("."))) < (3, 51, 3) else OK
    assert data.program(version).state == expected
    assert data.program("3.51.2").state == FAILED


def test_an_old_backup(data_dir: Path) -> None:
    """None, one of now, one of two days ago, one of two weeks ago."""
    folder, now = Folder(data_dir), clock.now()
    assert data.backup(folder, now).said.code == "backup-none"
    Shelf(folder.backups).make(MANUAL, folder.database, folder.keys(), now)
    for days, state in ((0, OK), (2, WARNING), (14, FAILED)):
        assert data.backup(folder, now + days * DAY).state == state


def test_a_clock_that_was_set_back(data_dir: Path) -> None:
    """The test's plant was written to in 2027."""
    newest = examine(Folder(data_dir).database).newest
    assert newest is not None
    assert machine.clock_of_data(newest - 3_600_000, newest).state == WARNING
    assert machine.clock_of_data(newest, newest).state == OK
    assert doctor("--data-dir", data_dir)["clock"]["state"] == (WARNING if clock.now() < newest else OK)


@root_only
def test_a_network_drive(tmp_path: Path) -> None:
    """Mounted as sshfs does it: the server does not start there, and doctor says why."""
    place = tmp_path / "share"
    place.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"host:/data", os.fsencode(place), b"fuse.sshfs", 0, options) != 0:
        os.close(device)
        pytest.skip(f"cannot be mounted here: {os.strerror(ctypes.get_errno())}")
    os.close(device)  # nobody answers there any more
    try:
        assert network_drive(place / "data") == "fuse.sshfs"
        assert machine.drive(Folder(place / "data")).state == FAILED
        with pytest.raises(StartError, match="network drive"), Folder(place / "data").locked():
            pass
    finally:
        libc.umount2(os.fsencode(place), 2)
    assert network_drive(place) is None


def states(findings: list[Finding]) -> dict[str, str]:
    return {finding.check.removeprefix("office-"): finding.state for finding in findings}


def expected(failing: str) -> dict[str, str]:
    """The steps before it went well, those behind it were not tried."""
    steps = ["name", "tcp", "tls", "login", "schema"]
    at = steps.index(failing)
    return {step: OK if n < at else FAILED if n == at else SKIPPED for n, step in enumerate(steps)}


async def looked(dsn: str) -> list[Finding]:
    return await look_at_office({"dsn": dsn, "plantId": PLANT}, clock.now())


async def test_head_office_step_by_step(central_dsn: str) -> None:
    """A name that nobody knows, a port where nobody listens, well, no schema, a revoked bundle."""
    assert states(await looked("postgresql://u:p@central.invalid/x")) == expected("name")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        found = await looked(f"postgresql://u:p@127.0.0.1:{nobody.getsockname()[1]}/x")
    assert states(found) == expected("tcp")
    assert "refused the connection" in str(found[1].said)
    bundle = await office.enroll(central_dsn, PLANT)
    assert set(states(await looked(bundle["dsn"])).values()) == {OK}
    await execute(central_dsn, "ALTER SCHEMA structura_sync RENAME TO elsewhere")
    found = await looked(bundle["dsn"])
    assert states(found) == expected("schema")
    assert "central init" in str(found[-1].fix)
    await execute(central_dsn, "ALTER SCHEMA elsewhere RENAME TO structura_sync")
    await office.revoke(central_dsn, bundle["role"])
    found = await looked(bundle["dsn"])
    assert states(found) == expected("login")
    assert "central enroll" in str(found[3].fix)


async def test_looking_leaves_no_trace_at_head_office(central_dsn: str) -> None:
    """The doctor is no node of the plant."""
    bundle = await office.enroll(central_dsn, PLANT)
    await looked(bundle["dsn"])
    (plant,) = await office.status(central_dsn)
    assert (plant["nodes"], plant["lastContact"]) == (0, None)


async def test_head_office_without_tls() -> None:
    """A server that has no certificate, and a DSN that insists on one."""

    async def deny(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(8):
            writer.write(b"N")
        writer.close()

    server = await asyncio.start_server(deny, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await looked(f"postgresql://u:p@127.0.0.1:{port}/x?sslmode=verify-full")
    assert states(found) == expected("tls")
    assert f"localhost:{port}" in str(found[2].fix).replace("127.0.0.1", "localhost")


async def test_another_clock_at_head_office(central_dsn: str) -> None:
    """An hour apart."""
    bundle = await office.enroll(central_dsn, PLANT)
    found = await look_at_office(bundle, clock.now() - 3_600_000)
    assert (found[-1].check, found[-1].state) == ("clock-office", WARNING)
    assert "3600 s" in str(found[-1].said)


def test_windows_accounts_by_their_sids() -> None:
    """Names are translated, SIDs are not. That of a service is made of its name; TrustedInstaller's is well known."""
    known = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
    assert service_sid("TrustedInstaller") == known
    assert strangers_in(f"O:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;{known})") == []
    assert strangers_in("O:BAD:AI(A;ID;FA;;;SY)(A;OICIID;0x1200a9;;;BU)(A;;FR;;;WD)") == ["BU", "WD"]
    assert strangers_in("O:BAD:(D;;FA;;;WD)(A;;FA;;;SY)") == []
