"""HTTPS: which certificate a handshake gets. It changes while the server runs; no connection ends for that.

`own`: made by the plant's authority (certificates.py) for the names and addresses that the server has just now.
`files`: whatever is in the two files; if that does not fit any more, the last that did goes on, and the log says why.
"""

import logging
import os
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from structura_local import clock
from structura_local.files import private_folder, write_secret
from structura_local.settings import SettingError, Settings

NAME = "structura.local"
SOON = timedelta(days=14)
FINE, ENDING, ENDED, FAILING = "fine", "ending", "ended", "failing"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate for HTTPS. `state`: fine, ending (in less than 14 days), ended, or failing: the files do not fit,
    or cannot be read, or the own authority has ended, with `detail` in words; what is served then is the last one that
    was right, if there is one. `until`: its end.
    """

    state: str
    until: str | None = None
    detail: str | None = None


class Tls:
    """The certificate in force. `addresses`: names and addresses at which the server is reached on the LAN."""

    def __init__(
        self, folder: Path, machine: str, now: clock.Now, addresses: Callable[[Settings], Iterable[str]]
    ) -> None:
        self._folder = folder / "tls"
        self._machine = machine
        self._now = now
        self._addresses = addresses
        self._settings: Settings | None = None
        self._present: ssl.SSLContext | None = None
        self._seen: Any = None  # the files as they were when they were taken, or found not to fit
        self._changing: Any = None
        self.front = _context()
        self.front.sni_callback = self._choose
        self.trust: dict[str, str] | None = None  # what devices are told of the own authority
        self._until: datetime | None = None
        self._wrong: str | None = None  # why the last look failed

    def check(self, settings: Settings) -> None:
        """SettingError if there can be no HTTPS with these settings."""
        if settings.tls == "files":
            _of_files(settings)

    def use(self, settings: Settings) -> None:
        """Go on with these settings. StartError if that is not possible."""
        self._settings = settings
        self.trust = self._until = self._wrong = None
        if settings.tls == "own":
            self._present = None
            self._look_at_own(settings)
        elif settings.tls == "files":
            self._seen = self._changing = _signature(settings)
            self._take_files(settings)

    def look(self) -> None:
        """See whether the certificate has to be another one. What goes wrong is logged, and the last one stays."""
        settings = self._settings
        try:
            if settings is not None and settings.tls == "own":
                self._look_at_own(settings)
            elif settings is not None and settings.tls == "files":
                self._look_at_files(settings)
        except Exception as error:
            self._stays(error.why if isinstance(error, SettingError) else str(error))

    @property
    def certificate(self) -> Certificate | None:
        """How it is with the certificate; None without HTTPS."""
        if self._settings is None or self._settings.tls == "off":
            return None
        return judged(self._until, self._wrong, self._now())

    @property
    def authority(self) -> Path:
        """The own authority's certificate, for devices."""
        return self._folder / "authority.crt"

    def _look_at_own(self, settings: Settings) -> None:
        from structura_local import certificates  # noqa: PLC0415 - large, and only for who wants it

        now = datetime.fromtimestamp(self._now() / 1000, UTC)
        names = {NAME, f"{_host()}.local", "localhost", "127.0.0.1", "::1", *self._addresses(settings)}
        names = {name for name in names if certificates.is_of_lan(name)}
        private_folder(self._folder)
        ca = certificates.authority(self._folder, self._machine, now)
        if self.trust is None:
            write_secret(self.authority, ca.pem)
            self.trust = {"fingerprint": ca.fingerprint, "until": ca.until.isoformat().replace("+00:00", "Z")}
        place = self._folder / "server.pem"
        if now >= ca.until:
            # Nothing can be made by it. Another authority would not do: most likely the clock is wrong, and whoever
            # trusts this one goes on when it is right again.
            self._stays(
                f"by this PC's clock the authority in {self._folder / 'ca.pem'} ended on {ca.until.date()}; set the"
                " clock right, or remove that file and start again: then devices have to trust a new one"
            )
            if self._present is None and place.exists():
                self._take_own(place)
        elif not (place.exists() and certificates.is_good(place.read_bytes(), ca, names, now)):
            write_secret(place, certificates.issue(ca, names, now))
            _log.info("a new certificate for HTTPS: %s; authority %s", ", ".join(sorted(names)), ca.fingerprint)
            self._take_own(place)
            self._wrong = None
        else:
            if self._present is None:
                self._take_own(place)
            self._wrong = None

    def _take_own(self, place: Path) -> None:
        from structura_local import certificates  # noqa: PLC0415 - large, and only for who wants it

        context = _context()
        context.load_cert_chain(place)
        self._present, self._until = context, certificates.end_of(place.read_bytes())

    def _stays(self, why: str) -> None:
        """The certificate cannot be the one that it should be; that is logged once."""
        if self._wrong != why:
            _log.error("the certificate for HTTPS stays as it is: %s", why)
        self._wrong = why

    def _look_at_files(self, settings: Settings) -> None:
        """Take files that have changed, once they have stopped changing: two files are not replaced at one instant."""
        found = _signature(settings)
        settled, self._changing = found == self._changing, found
        if found == self._seen or not settled:
            return
        self._seen = found
        self._take_files(settings)
        _log.info("the certificate for HTTPS was replaced")

    def _take_files(self, settings: Settings) -> None:
        self._present, self._until = _of_files(settings), end_of_files(settings)
        self._wrong = None
        if self._until.timestamp() * 1000 < self._now():
            _log.error(
                "the certificate %s ended on %s; browsers refuse it", settings.tls_certificate, self._until.date()
            )

    def _choose(self, handshake: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> int | None:
        if self._present is None:
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        handshake.context = self._present
        return None


def judged(until: datetime | None, wrong: str | None, now: int) -> Certificate:
    """A certificate at this time."""
    left = None if until is None else until.timestamp() * 1000 - now
    end = None if until is None else until.isoformat().replace("+00:00", "Z")
    if wrong is not None:
        return Certificate(FAILING, end, wrong)
    if left is not None and left < SOON / timedelta(milliseconds=1):
        return Certificate(ENDED if left < 0 else ENDING, end)
    return Certificate(FINE, end)


def look_at_files(settings: Settings, now: int) -> Certificate:
    """How it is with the files, served or not."""
    try:
        _of_files(settings)
    except SettingError as error:
        return judged(None, error.why, now)
    return judged(end_of_files(settings), None, now)


def end_of_files(settings: Settings) -> datetime:
    """When the certificate in the files ends."""
    from structura_local import certificates  # noqa: PLC0415 - large, and only for who wants it

    assert settings.tls_certificate is not None  # noqa: S101 - settings.py sees to it
    return certificates.end_of(settings.tls_certificate.read_bytes())


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _of_files(settings: Settings) -> ssl.SSLContext:
    """A context with the certificate of the settings' files; SettingError says which does not fit, and why."""
    certificate, key = settings.tls_certificate, settings.tls_key
    assert certificate is not None and key is not None  # noqa: S101, PT018 - settings.py sees to it
    for name, path, mark in (
        ("tls_certificate", certificate, b"-----BEGIN CERTIFICATE-----"),
        ("tls_key", key, b"PRIVATE KEY-----"),
    ):
        try:
            found = mark in path.read_bytes()
        except OSError as error:
            raise _wrong(settings, name, f"{path} cannot be read: {error.strerror or error}") from error
        if not found:
            raise _wrong(settings, name, f"{path} holds no {'key' if name == 'tls_key' else 'certificate'} in PEM")
    context = _context()
    try:
        context.load_cert_chain(certificate, key, password=_refused)
    except _PasswordAskedError:
        raise _wrong(settings, "tls_key", f"{key} has a password") from None
    except (ssl.SSLError, ValueError) as error:
        if "KEY_VALUES_MISMATCH" in str(error) or "KEY_TYPE_MISMATCH" in str(error):
            raise _wrong(settings, "tls_key", f"{key} is not the key of {certificate}") from error
        from structura_local import certificates  # noqa: PLC0415 - large, and only for who wants it

        for name, path, is_whole in (
            ("tls_certificate", certificate, certificates.are_whole),
            ("tls_key", key, certificates.is_whole_key),
        ):
            if not is_whole(path.read_bytes()):
                raise _wrong(settings, name, f"{path} is cut off or damaged; copy it there again, whole") from error
        raise _wrong(settings, "tls_certificate", f"{certificate} and {key} cannot be used together") from error
    return context


class _PasswordAskedError(Exception):
    """The key is of no use without a password."""


def _refused() -> str:
    raise _PasswordAskedError


def _wrong(settings: Settings, name: str, why: str) -> SettingError:
    return SettingError(settings.origins.get(name, ("", "settings"))[1], name, why)


def _signature(settings: Settings) -> Any:
    def of(path: Path | None) -> Any:
        try:
            stat = os.stat(path or "")
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    return of(settings.tls_certificate), of(settings.tls_key)


def _host() -> str:
    return socket.gethostname().split(".")[0].lower()
