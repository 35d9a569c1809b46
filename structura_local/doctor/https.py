"""Whether the certificate for HTTPS can be served, where it comes in files. The plant's own renews itself."""

from structura_local import tls
from structura_local.doctor.finding import FAILED, OK, SKIPPED, WARNING, Finding, say
from structura_local.phrases import both
from structura_local.settings import Settings
from structura_local.spanish import spanish


def certificate(settings: Settings, now: int) -> Finding:
    """Whether the two files are a pair, and until when."""
    if settings.tls != "files":
        return Finding("https", SKIPPED, say(f"https-{settings.tls}"))
    found = tls.look_at_files(settings, now)
    pair = {"certificate": settings.tls_certificate, "key": settings.tls_key}
    if found.detail is not None:
        why = both(found.detail, spanish(found.detail) or found.detail)
        return Finding("https", FAILED, say("https-unfit", why=why), say("fix-https", **pair))
    state = {tls.FINE: OK, tls.ENDING: WARNING}.get(found.state, FAILED)
    said = say(f"https-{found.state}", until=found.until, certificate=settings.tls_certificate)
    return Finding("https", state, said, None if state == OK else say("fix-https", **pair))
