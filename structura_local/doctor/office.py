"""Whether head office can be reached: name, TCP, TLS, login, schema, each named by itself."""

from typing import Any

from structura_local.doctor.finding import FAILED, OK, SKIPPED, WARNING, Finding, say
from structura_local.doctor.machine import clock_at_office
from sync.central.dsn import endpoints
from sync.central.reach import STEPS, Step, reach


async def office(bundle: dict[str, Any] | None, now: int) -> list[Finding]:
    """A finding for each step; those behind a failure are not tried."""
    if bundle is None:
        return [Finding("office", SKIPPED, say("office-none"))]
    taken = [step async for step in reach(bundle["dsn"], bundle["plantId"], now)]
    found = [_finding(step, bundle["dsn"]) for step in taken]
    found += [Finding(f"office-{name}", SKIPPED, say("office-not-tried")) for name in STEPS[len(taken) :]]
    if taken[-1].offset is not None:
        found.append(clock_at_office(taken[-1].offset))
    return found


def _finding(step: Step, dsn: str) -> Finding:
    check = f"office-{step.name}"
    if step.failure is not None:
        try:
            host, port = endpoints(dsn)[0]
        except (ValueError, IndexError):
            host, port = "?", 0
        return Finding(check, FAILED, say("office-failed", why=step.failure), say(f"fix-{check}", host=host, port=port))
    if step.name == "tls" and not step.detail:
        return Finding(check, WARNING if not _local(dsn) else OK, say("office-plain"))
    return Finding(check, OK, say(check, detail=step.detail))


def _local(dsn: str) -> bool:
    return all(host.startswith(("/", "127.", "localhost", "::1")) for host, _port in endpoints(dsn))
