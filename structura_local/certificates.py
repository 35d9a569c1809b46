"""A certificate authority of the plant's own, which is good for names and addresses of a LAN and nothing else.

Devices trust it once; the server's certificate is made anew as often as need be. The authority's begin lies in the
past and its end far off, so that a PC whose clock is wrong on the first day does not spoil it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from structura_local.errors import StartError
from structura_local.files import write_secret

# Names that nobody can own in the world's DNS, and networks that nobody routes.
DOMAINS = ("local", "localhost", "internal", "home.arpa")
NETWORKS = tuple(
    ip_network(network)
    for network in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8",
        "fc00::/7", "fe80::/10", "::1/128",
    )
)  # fmt: skip
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
CA_LASTS = timedelta(days=20 * 365)
LASTS = timedelta(days=365)  # Apple's devices take no more than 825 days
RENEWED = timedelta(days=90)  # before the end


@dataclass(frozen=True, slots=True)
class Authority:
    """The plant's certificate authority."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """What devices trust."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        """Its SHA-256, as devices show it."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    @property
    def until(self) -> datetime:
        """Its end."""
        return self.certificate.not_valid_after_utc


def authority(folder: Path, machine: str, now: datetime) -> Authority:
    """The authority whose certificate and key are in this folder, made on first use. StartError if it is damaged."""
    place = folder / "ca.pem"
    if not place.exists():
        made = _new_authority(machine, now)
        write_secret(place, made.pem + _private(made.key))
        return made
    try:
        content = place.read_bytes()
        key = serialization.load_pem_private_key(content, None)
        certificate = x509.load_pem_x509_certificate(content)
    except (ValueError, TypeError, OSError) as error:
        raise StartError(f"{place} is damaged: {error}. Remove it, and devices have to trust a new one.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise StartError(f"{place} is damaged: its key is of another certificate.")
    return Authority(certificate, key)


def is_of_lan(name: str) -> bool:
    """Whether the authority may vouch for this name or address."""
    try:
        address = ip_address(name)
    except ValueError:
        return any(name == domain or name.endswith(f".{domain}") for domain in DOMAINS)
    return any(address in network for network in NETWORKS if network.version == address.version)


def issue(ca: Authority, names: Iterable[str], now: datetime) -> bytes:
    """A certificate for these names and addresses with its key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = sorted(names)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("Structura Local"))
        .issuer_name(ca.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(min(now + LASTS, ca.until))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), critical=False)
        .sign(ca.key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + ca.pem + _private(key)


def is_good(pem: bytes, ca: Authority, names: Iterable[str], now: datetime) -> bool:
    """Whether a certificate is the authority's, for exactly these names, and has not come near its end."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        certificate.verify_directly_issued_by(ca.certificate)
        said = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:
        return False  # whatever it is, a new one is made
    until = certificate.not_valid_after_utc
    return (
        {str(name.value) for name in said} == set(names)
        and certificate.not_valid_before_utc <= now
        and (now < until - RENEWED or until == ca.until)
    )


def end_of(pem: bytes) -> datetime:
    """When the first certificate of a file ends. ValueError if there is none in it."""
    return x509.load_pem_x509_certificate(pem).not_valid_after_utc


def are_whole(pem: bytes) -> bool:
    """Whether each certificate that begins in a file ends there, and can be read."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError:
        return False
    return len(found) == pem.count(b"-----BEGIN CERTIFICATE-----")


def is_whole_key(pem: bytes) -> bool:
    """Whether a key without a password can be read from a file."""
    try:
        serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _new_authority(machine: str, now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"Structura Local – {machine}"[:64])
    permitted: list[x509.GeneralName] = [x509.DNSName(domain) for domain in DOMAINS]
    permitted += [x509.IPAddress(network) for network in NETWORKS]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(EPOCH, now))
        .not_valid_after(now + CA_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
