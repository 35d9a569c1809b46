"""HTTPS: real handshakes with the plant's own authority and with PEM files, renewed and replaced while it runs."""

import asyncio
import contextlib
import itertools
import shutil
import ssl
import stat
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from structura_local import app, certificates, front
from structura_local.errors import StartError
from structura_local.folder import Folder
from structura_local.settings import load
from structura_local.tls import Tls
from tests.plant import PIN, Api, Clock, Template
from tests.test_commands import run
from tests.web.test_settings_change import by_file, free_port

AUTHORITY = "/trust/structura-authority.crt"


Looked = Callable[[], Awaitable[None]]


@pytest.fixture(autouse=True)
def looked(monkeypatch: pytest.MonkeyPatch) -> Looked:
    """Certificates are looked at all the time; returns when that was done twice more: what changes has to settle."""
    monkeypatch.setattr(front, "LOOK", 0.05)
    look, looks = Tls.look, itertools.count()
    done = next(looks)

    def counted(tls: Tls) -> None:
        nonlocal done
        look(tls)
        done = next(looks)

    async def wait() -> None:
        before = done
        async with asyncio.timeout(60):
            while done < before + 2:
                await asyncio.sleep(0.01)

    monkeypatch.setattr(Tls, "look", counted)
    return wait


async def said_of_certificate(api: Api, language: str = "en") -> dict[str, str]:
    status = await api.get("/api/system/status", await api.token(PIN["ADMIN"]), Accept_Language=language)
    found: dict[str, str] = status.json["certificate"]
    return found


@pytest.fixture
def now() -> Clock:
    """A clock that can be moved, from now on: the other side of a handshake judges by the machine's."""
    return Clock(int(datetime.now(UTC).timestamp() * 1000))


async def trust(api: Api) -> ssl.SSLContext:
    """What a device does that has the authority's certificate, and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=(await api.get(AUTHORITY, None)).body.decode())
    return context


async def presented(port: int, trusted: ssl.SSLContext, name: str = "structura.local") -> x509.Certificate:
    """The certificate of a handshake that `trusted` accepts."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusted, server_hostname=name)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(der)


async def presents_another(port: int, trusted: ssl.SSLContext, than: x509.Certificate) -> x509.Certificate:
    async with asyncio.timeout(30):
        while (found := await presented(port, trusted)) == than:
            await asyncio.sleep(0.05)
    return found


def insecure() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def own(**more: str | int) -> str:
    lines = {"port": 0, "tls_port": free_port(), "tls": "own", **more}
    return "".join(f"{name} = {value!r}\n".replace("'", '"') for name, value in lines.items())


async def test_trusted_by_who_has_the_authority(data_dir: Path, template: Template, now: Clock) -> None:
    """By name and by address; nobody else trusts it. The keys are for this account alone, and the cookie is Secure."""
    async with by_file(data_dir, template, now, own(), require_paired_terminals=True) as api:
        said = (await api.get("/api/trust", None)).json
        trusted = await trust(api)
        for name in ("structura.local", "localhost", "127.0.0.1"):
            await presented(said["port"], trusted, name)
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            await presented(said["port"], trusted, "example.com")
        with pytest.raises(ssl.SSLCertVerificationError, match=r"unable to get local issuer|self-signed"):
            await presented(said["port"], ssl.create_default_context())
        authority = x509.load_pem_x509_certificate((await api.get(AUTHORITY, None)).body)
        assert said["fingerprint"] == authority.fingerprint(hashes.SHA256()).hex(":").upper()
        assert {stat.S_IMODE(file.stat().st_mode) for file in (data_dir / "tls").iterdir()} == {0o600}
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as session:
            over = Api(f"https://localhost:{said['port']}", api.tokens, session, api.folder)
            owner = Folder(data_dir).running()
            assert owner
            code = (await over.post("/api/system/terminals", {"name": "Tablet"}, owner["token"])).json["code"]
            cookie = (await over.post("/api/auth/pair", {"code": code}, None)).headers["Set-Cookie"]
            assert "; Secure" in cookie
    async with by_file(data_dir, template, now, own()) as api:
        assert (await api.get("/api/trust", None)).json["fingerprint"] == said["fingerprint"], "once is enough"


async def test_after_a_lost_disk(data_dir: Path, template: Template, now: Clock, tmp_path: Path) -> None:
    """Who trusted the PC trusts the one that its backup was restored on; one that has an authority keeps that."""
    async with by_file(data_dir, template, now, own()) as api:
        trusted = await trust(api)
        made = (await api.post("/api/system/backups")).json
        assert "BEGIN" not in str(made)
    backup = data_dir / "backups" / f"{made['id']}.db"
    new = tmp_path / "new"
    await restored(backup, new)
    assert stat.S_IMODE((new / "tls" / "ca.pem").stat().st_mode) == 0o600
    async with by_file(new, template, now, own()) as api:
        await presented((await api.get("/api/trust", None)).json["port"], trusted)
    other = Path(shutil.copytree(template.path, tmp_path / "other"))
    async with by_file(other, template, now, own()) as api:
        theirs = await trust(api)
    await restored(backup, other)
    async with by_file(other, template, now, own()) as api:
        await presented((await api.get("/api/trust", None)).json["port"], theirs)


async def restored(backup: Path, folder: Path) -> None:
    done = await asyncio.to_thread(run, "restore", backup, "--yes", "--data-dir", folder)
    assert done.returncode == 0, done.stderr


async def test_renewed_by_itself(data_dir: Path, template: Template, now: Clock, looked: Looked) -> None:
    """90 days before the end, while it runs; an old connection goes on; a clock that was years ahead is survived."""
    async with by_file(data_dir, template, now, own()) as api:
        port, trusted = (await api.get("/api/trust", None)).json["port"], await trust(api)
        first = await presented(port, trusted)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusted, server_hostname="localhost")
        now.move(hours=24 * 270)
        await looked()
        assert await presented(port, trusted) == first, "too early"
        now.move(hours=24 * 10)
        second = await presents_another(port, insecure(), first)
        assert second.not_valid_after_utc > first.not_valid_after_utc + timedelta(days=200)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b'{"ok":true}')
        writer.close()
        now.move(hours=-24 * 280)
        third = await presents_another(port, insecure(), second)
        assert await presented(port, trusted) == third, "good today again"


async def test_a_clock_far_ahead(
    data_dir: Path, template: Template, now: Clock, looked: Looked, caplog: pytest.LogCaptureFixture
) -> None:
    """Beyond the authority's end there is no certificate to be made; once the clock is right, all is as before."""
    async with by_file(data_dir, template, now, own()) as api:
        assert (await said_of_certificate(api))["state"] == "fine"
        hours = 40 * 365 * 24
        now.move(hours=hours)
        await looked()
        assert "the certificate for HTTPS stays as it is" in caplog.text
        now.move(hours=-hours)
        await looked()
        assert (await said_of_certificate(api))["state"] == "fine"


async def test_a_start_with_a_clock_far_ahead(
    data_dir: Path, template: Template, now: Clock, looked: Looked, caplog: pytest.LogCaptureFixture
) -> None:
    """It starts, with the certificate that is there, and says once what is wrong; the authority stays the same."""
    hours = 40 * 365 * 24
    async with by_file(data_dir, template, now, own()) as api:
        trusted, port = await trust(api), (await api.get("/api/trust", None)).json["port"]
        first = await presented(port, trusted)
    now.move(hours=hours)
    async with by_file(data_dir, template, now, own()) as api:
        port = (await api.get("/api/trust", None)).json["port"]
        assert await presented(port, trusted) == first
        await looked()
        found = await said_of_certificate(api)
        assert found["state"] == "failing"
        assert "by this PC's clock the authority in" in found["detail"]
        assert "según el reloj de este equipo" in (await said_of_certificate(api, "es"))["detail"]
        assert caplog.text.count("the certificate for HTTPS stays as it is") == 1
    (data_dir / "tls" / "server.pem").unlink()
    async with by_file(data_dir, template, now, own()) as api:
        port = (await api.get("/api/trust", None)).json["port"]
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await presented(port, trusted)
        now.move(hours=-hours)
        await looked()
        await presented(port, trusted)
        assert (await said_of_certificate(api))["state"] == "fine"


async def test_another_address(data_dir: Path, template: Template, now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new address is in the certificate a moment later; one of the Internet never is."""
    addresses = ["10.1.2.3"]
    monkeypatch.setattr(app, "reachable", lambda host: [(ip, "eth0") for ip in addresses])
    async with by_file(data_dir, template, now, own(), mdns=False) as api:
        port, trusted = (await api.get("/api/trust", None)).json["port"], await trust(api)
        first = await presented(port, trusted, "10.1.2.3")
        addresses[:] = ["192.168.7.9", "203.0.113.5"]
        await presents_another(port, trusted, first)
        await presented(port, trusted, "192.168.7.9")
        for gone in ("10.1.2.3", "203.0.113.5"):
            with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
                await presented(port, trusted, gone)


def test_the_authority_is_good_for_a_lan_only(tmp_path: Path) -> None:
    """Whoever steals its key cannot be a bank: what it signs for other names and addresses is trusted by nobody."""
    now = datetime.now(UTC)
    ca = certificates.authority(tmp_path, "pc", now)

    def judged(name: str) -> str:
        (pem := tmp_path / "server.pem").write_bytes(certificates.issue(ca, [name], now))
        server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        server.load_cert_chain(pem)
        client.load_verify_locations(cadata=ca.pem.decode())
        a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
        sides = client.wrap_bio(a, b, server_hostname=name), server.wrap_bio(b, a, server_side=True)
        for side in sides * 5:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
        return "good"

    for name in ("structura.local", "pc.local", "10.0.0.1", "192.168.1.1", "fe80::1", "::1"):
        assert judged(name) == "good"
    for name in ("example.com", "local.example.com", "notlocal", "8.8.8.8", "2001:db8::1"):
        assert judged(name) == "permitted subtree violation"
    assert [certificates.is_of_lan(name) for name in ("a.local", "example.com", "8.8.8.8", "10.0.0.1")] == [
        True, False, False, True,
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
async def test_old_versions_are_refused(data_dir: Path, template: Template, now: Clock) -> None:
    """TLS 1.2 and 1.3 are spoken, 1.0 and 1.1 are not, however little the client asks for."""
    async with by_file(data_dir, template, now, own()) as api:
        port = (await api.get("/api/trust", None)).json["port"]
        for version, good in (("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)):
            context = insecure()
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
            if good:
                await presented(port, context)
            else:
                with pytest.raises((ssl.SSLError, ConnectionResetError)) as refused:
                    await presented(port, context)
                assert "NO_PROTOCOLS" not in str(refused.value), "this client could not even ask"


async def test_http_turned_off(data_dir: Path, template: Template, now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """From another machine pages are sent to HTTPS, PINs are not looked at, `/trust` works; this machine goes on."""
    import structura_local.web.trust as module  # noqa: PLC0415

    (data_dir / "settings.toml").write_text(own() + "http = false\n")
    settings = load({"data_dir": str(data_dir), "host": "127.0.0.1"}, {})
    async with app.served(settings, Folder(data_dir), now) as url, aiohttp.ClientSession() as session:
        api = Api(url, template.tokens, session, Folder(data_dir))
        assert (await api.get("/api/machines")).status == 200, "from here"
        monkeypatch.setattr(module, "_from_here", lambda request: False)
        port = (await api.get("/api/trust", None)).json["port"]
        moved = await api.get("/console?x=1", None)
        assert (moved.status, moved.headers["Location"]) == (307, f"https://localhost:{port}/console?x=1")
        refused = await api.login("11112222")
        assert (refused.status, refused.json["type"]) == (403, "/problems/https-only")
        for method in ("POST", "PATCH", "DELETE", "PUT"):
            assert (await api.ask(method, "/api/machines/x", {})).status == 403, method
        for method, path in (("GET", "/api/machines?status=IDLE"), ("HEAD", "/api/machines/x"), ("GET", "/nowhere")):
            moved = await api.ask(method, path)
            assert (moved.status, moved.headers["Location"]) == (307, f"https://localhost:{port}{path}")
        asked = {"Access_Control_Request_Method": "POST", "Origin": "http://a"}
        assert (await api.ask("OPTIONS", "/api/machines", None, None, **asked)).status == 204
        for path in ("/trust", "/trust/page.js", AUTHORITY, "/api/trust", "/console/look.css", "/healthz", "/readyz"):
            assert (await api.get(path, None)).status == 200, path
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=await trust(api))) as secure:
            over = Api(f"https://localhost:{port}", api.tokens, secure, api.folder)
            assert (await over.login("11112222")).status == 200


async def test_who_is_another_machine(data_dir: Path, template: Template, now: Clock) -> None:
    """127.0.0.1 is this one; an address of this machine that the request came to is too."""
    from structura_local.web.trust import _from_here  # noqa: PLC0415

    class Request:
        def __init__(self, remote: str, here: str) -> None:
            self.remote, self.here = remote, here

        def get_extra_info(self, name: str, default: object) -> object:
            return (self.here, 8000) if name == "sockname" else default

    said = [("127.0.0.1", "127.0.0.1"), ("10.0.0.5", "10.0.0.5"), ("10.0.0.6", "10.0.0.5"), ("::1", "::1")]
    assert [_from_here(Request(*one)) for one in said] == [True, True, False, True]  # type: ignore[arg-type]


class Files:
    """PEM files as an IT department makes them, each by an authority of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.certificate, self.key = folder / "server.crt", folder / "server.key"

    def write(self, *, days: int = 30, password: bytes = b"", of_another: bool = False, kind: str = "ec") -> None:
        key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "structura.local")])
        begin = datetime.now(UTC) - timedelta(days=60)
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=60 + days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("structura.local")]), critical=False)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        kept = ec.generate_private_key(ec.SECP256R1()) if of_another else key
        locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        pem = serialization.Encoding.PEM
        self.certificate.write_bytes(certificate.public_bytes(pem))
        self.key.write_bytes(kept.private_bytes(pem, serialization.PrivateFormat.PKCS8, locked))

    @property
    def settings(self) -> dict[str, str]:
        return {"tls": "files", "tls_certificate": str(self.certificate), "tls_key": str(self.key)}


async def test_files_replaced_while_it_runs(
    data_dir: Path, tmp_path: Path, template: Template, now: Clock, caplog: pytest.LogCaptureFixture, looked: Looked
) -> None:
    """A new pair is taken, of another kind of key too; one that does not fit is not, and the log says why."""
    files = Files(tmp_path / "pem")
    files.write()
    port = free_port()
    async with by_file(data_dir, template, now, own(tls_port=port, **files.settings)) as api:
        assert (await api.get("/api/trust", None)).status == 404
        first = await presented(port, insecure())
        files.write(kind="rsa")
        second = await presents_another(port, insecure(), first)
        assert isinstance(second.public_key(), rsa.RSAPublicKey)
        files.write(of_another=True)
        async with asyncio.timeout(30):
            while "is not the key of" not in caplog.text:
                await asyncio.sleep(0.05)
        assert await presented(port, insecure()) == second
        assert (await said_of_certificate(api))["state"] == "failing"
        assert "no es la clave de" in (await said_of_certificate(api, "es"))["detail"]
        await looked()
        assert caplog.text.count("is not the key of") == 1, "said once"
        files.key.unlink()
        async with asyncio.timeout(30):
            while "cannot be read" not in (await said_of_certificate(api))["detail"]:
                await asyncio.sleep(0.02)
        assert await presented(port, insecure()) == second
        files.write()
        await presents_another(port, insecure(), second)
        found = await said_of_certificate(api)
        assert (found["state"], "detail" in found) == ("fine", False)


def cut(file: Path, end: int) -> None:
    """Leave what a copy that was broken off leaves."""
    file.write_bytes(file.read_bytes()[:end])


def add_half(file: Path) -> None:
    """A chain whose second certificate was cut off."""
    file.write_bytes(file.read_bytes() + file.read_bytes()[:300])


@pytest.mark.parametrize(
    ("spoil", "setting", "why"),
    [
        (lambda f: f.key.unlink(), "tls_key", "cannot be read"),
        (lambda f: f.certificate.write_text("x"), "tls_certificate", "holds no certificate in PEM"),
        (lambda f: f.key.write_bytes(f.certificate.read_bytes()), "tls_key", "holds no key in PEM"),
        (lambda f: f.write(of_another=True), "tls_key", "is not the key of"),
        (lambda f: f.write(password=b"secret"), "tls_key", "has a password"),
        (
            lambda f: f.certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "tls_certificate",
            "server.crt is cut off or damaged; copy it there again, whole",
        ),
        (lambda f: cut(f.certificate, 200), "tls_certificate", "server.crt is cut off or damaged"),
        (lambda f: cut(f.certificate, -40), "tls_certificate", "server.crt is cut off or damaged"),
        (lambda f: add_half(f.certificate), "tls_certificate", "server.crt is cut off or damaged"),
        (lambda f: cut(f.key, 100), "tls_key", "server.key is cut off or damaged"),
    ],
)  # fmt: skip
async def test_files_that_do_not_fit(
    data_dir: Path, tmp_path: Path, template: Template, now: Clock, spoil: object, setting: str, why: str
) -> None:
    """Refused over HTTP and at the start, with the setting, the file and the reason."""
    files = Files(tmp_path / "pem")
    files.write()
    spoil(files)  # type: ignore[operator]
    async with by_file(data_dir, template, now, "port = 0\n") as api:
        for language in ("en", "es"):
            refused = await api.patch("/api/system/settings", {**files.settings, "tls_port": free_port()},
                                      Accept_Language=language)  # fmt: skip
            assert (refused.status, refused.json["errors"][0]["field"]) == (422, setting)
            said = refused.json["errors"][0]["msg"]
            assert (why in said) is (language == "en"), said
        assert (data_dir / "settings.toml").read_text() == "port = 0\n"
    with pytest.raises(StartError, match=rf"settings\.toml:\d+: {setting} is not valid: .*{why}"):
        async with by_file(data_dir, template, now, own(**files.settings)):
            pass


async def test_a_certificate_that_ended_is_served(
    data_dir: Path, tmp_path: Path, template: Template, now: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A plant starts all the same; the log says what browsers will."""
    files = Files(tmp_path / "pem")
    files.write(days=-1)
    port = free_port()
    async with by_file(data_dir, template, now, own(tls_port=port, **files.settings)) as api:
        await presented(port, insecure())
        assert (await said_of_certificate(api))["state"] == "ended"
    assert "ended on" in caplog.text


async def test_no_handshake_holds_others_up(
    data_dir: Path, template: Template, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who never ends one is cut off; who speaks HTTP to the port of HTTPS is too; others are served meanwhile."""
    monkeypatch.setattr(front, "HANDSHAKE", 1.0)
    async with by_file(data_dir, template, now, own()) as api:
        port, trusted = (await api.get("/api/trust", None)).json["port"], await trust(api)
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
        plain, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await presented(port, trusted)
        async with asyncio.timeout(30):
            assert not (await plain.read()).startswith(b"HTTP")
            for reader, held in silent:
                with contextlib.suppress(ConnectionResetError):
                    assert await reader.read() == b""
                held.close()
        writer.close()
