"""A certificate authority of the tests' own, by openssl."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

CONFIGURATION = """
[ca]
default_ca = own
[own]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


class Authority:
    """`certificate` is the file that who trusts it needs."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.certificate = folder / "ca.pem"
        (folder / "index").touch()
        (folder / "serial").write_text("01\n")
        (folder / "configuration").write_text(CONFIGURATION.format(folder=folder))
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Authority of the tests",
                      "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip

    def issue(self, name: str, *, since: timedelta, until: timedelta) -> tuple[bytes, bytes]:
        """A certificate for a host and its key, as PEM; valid from and until so long from now."""
        first, last = (f"{datetime.now(UTC) + moment:%Y%m%d%H%M%SZ}" for moment in (since, until))
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "host.key",
                      "-out", "host.csr", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")  # fmt: skip
        self._openssl("ca", "-batch", "-notext", "-config", "configuration", "-in", "host.csr", "-out", "host.pem",
                      "-startdate", first, "-enddate", last)  # fmt: skip
        return (self.folder / "host.pem").read_bytes(), (self.folder / "host.key").read_bytes()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(("openssl", *arguments), cwd=self.folder, check=True, capture_output=True)
