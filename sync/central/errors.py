"""What can go wrong between a plant and central, as sentences that an IT person can act on."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from sync.protocol import SyncError

# SQLSTATE, or its class (the first two characters), to a sentence; the exact code is looked up first.
SENTENCES = {
    "28P01": "Head office's database refused the password; a plant needs a new bundle then.",
    "28000": "Head office's database does not accept this user; a bundle may have been revoked, ask for a new one.",
    "28": "Head office's database does not accept this user; a plant needs a new bundle then.",
    "3D000": "The database named in the DSN or bundle does not exist at head office.",
    "3F000": "Head office's database is not set up for this program; run `structura-local central init` there.",
    "42883": "Head office's database is not set up for this version; run `structura-local central init` there.",
    "42P01": "Head office's database is not set up for this version; run `structura-local central init` there.",
    "42703": "Head office's database is not set up for this version; run `structura-local central init` there.",
    "42501": "Head office's database denied access to this plant's data; the bundle's rights are not as enrolled.",
    "25006": "Head office's database is read-only at the moment (a standby, or under maintenance).",
    "53100": "Head office's database has no disk space left.",
    "53300": "Head office's database has too many connections open.",
    "53": "Head office's database is out of resources.",
    "55P03": "Somebody at head office holds data of this plant in an open transaction.",
    "40P01": "Somebody at head office holds data of this plant in an open transaction.",
    "57P01": "Head office's database closed the connection; it is being restarted, or this bundle was revoked.",
    "57P03": "Head office's database is starting up or shutting down.",
    "57": "Head office's database stopped the operation.",
    "58": "Head office's database server reports a failure of its disk or system.",
    "08": "The connection to head office broke.",
    "22": "Head office's database could not take a value.",
    "P0001": "",  # raised by central's own functions: their text is the sentence
}

NOT_FROM_HERE = "Head office's database lets nobody in this way from this address; its pg_hba.conf says who may."

# What OpenSSL finds wrong with a certificate (its X509_V_ERR_…) to a sentence.
CERTIFICATES = {
    9: "Head office's certificate is not valid yet; is this PC's clock right?",
    10: "Head office's certificate has expired (or this PC's clock is ahead); head office has to renew it.",
    62: "Head office's certificate is for another name than the one in the DSN.",
    64: "Head office's certificate is for another address than the one in the DSN.",
    **dict.fromkeys(
        (18, 19, 20, 21),
        "Head office's certificate is signed by an authority that this PC does not know; name the authority's "
        "certificate with ?sslrootcert= in the DSN.",
    ),
}

# What a session may meet. asyncpg raises InternalClientError when a connection dies between a statement and its end.
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, ValueError)

ROWS = frozenset({"22", "23"})  # classes: a value or a row is at fault, not the database
BUSY = frozenset({"55P03", "40P01"})  # lock timeout, deadlock: worth another try


def explain(error: BaseException) -> SyncError:
    """The sentence for an error of the driver, the network or the database, with the original text behind it."""
    if isinstance(error, SyncError):
        return error
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        sentence = SENTENCES.get(state, SENTENCES.get(state[:2], "Head office's database reported an error."))
        if "pg_hba.conf" in str(error):
            sentence = NOT_FROM_HERE
        return SyncError(f"{sentence} ({error.message or error})" if sentence else str(error.message or error))
    return SyncError(f"{_sentence(error)} ({str(error) or type(error).__name__})")


def _sentence(error: BaseException) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            unknown = "Head office's certificate could not be verified."
            return CERTIFICATES.get(getattr(error, "verify_code", 0), unknown)
        case ssl.SSLError():
            return "No encrypted connection to head office could be made."
        case socket.gaierror():
            return "The name of head office's server was not found; check the network and DNS."
        case FileNotFoundError():
            return "Head office's database is not running on this machine, or a file named in the DSN is missing."
        case ConnectionRefusedError():
            return "Head office's server refused the connection; is its database running, and the port right?"
        case TimeoutError():
            return "Head office did not answer in time."
        case ConnectionError() if "SSL" in str(error):
            return "Head office's server does not offer an encrypted connection."
        case asyncpg.TargetServerAttributeNotMatched():
            return "None of head office's servers is the primary at the moment."
        case asyncpg.ClientConfigurationError() | ValueError():
            return "The DSN of head office is not valid."
        case OSError() | asyncpg.InterfaceError() | asyncpg.InternalClientError():
            return "The connection to head office broke."
    return "The exchange with head office failed."


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the driver raises into SyncError."""
    try:
        yield
    except FAILURES as error:
        raise explain(error) from error


def refusal(central: int, node: int) -> str:
    """The sentence for two majors that differ."""
    older = "this plant's program" if node < central else "head office's program"
    return f"Head office speaks protocol {central}, this plant {node}: {older} wants an upgrade."
