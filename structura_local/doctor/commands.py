"""The commands `doctor` and `support-bundle`."""

import argparse
import asyncio
import json
from collections.abc import Sequence

from structura_local import clock
from structura_local.doctor import data, machine
from structura_local.doctor.bundle import write
from structura_local.doctor.finding import FAILED, OK, SKIPPED, WARNING, Finding, say
from structura_local.doctor.firewall import firewall
from structura_local.doctor.https import certificate
from structura_local.doctor.office import office
from structura_local.folder import Folder
from structura_local.settings import Settings, language
from structura_local.store.health import Health, examine

MARKS = {OK: "✓", WARNING: "!", FAILED: "✗", SKIPPED: "-"}


async def doctor(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Look at everything; 1 if something has failed."""
    findings, _health = await examined(settings, folder)
    spoken = language()
    if arguments.json:
        print(json.dumps([finding.shown(spoken) for finding in findings], ensure_ascii=False, indent=1))
    else:
        print("\n".join(lines(findings, spoken)))
    return 1 if any(finding.state == FAILED for finding in findings) else 0


async def support_bundle(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Write what whoever helps from afar needs to see."""
    findings, health = await examined(settings, folder)
    await write(arguments.file, settings, folder, [finding.shown("en") for finding in findings], health)
    print(f"{arguments.file} can be sent: passwords, PINs, keys and what is known of clients and people are not in it.")
    return 0


async def examined(settings: Settings, folder: Folder) -> tuple[list[Finding], Health | None]:
    """All findings, in the order in which to mend them; and what the database holds, if it can be read."""
    now = clock.now()
    found = [machine.drive(folder), machine.disk(folder), machine.rights(folder)]
    health = await asyncio.to_thread(examine, folder.database) if folder.database.exists() else None
    found += [data.database(folder, health), data.program(), data.backup(folder, now)]
    found += [await machine.port(settings, folder), await asyncio.to_thread(firewall, settings.port)]
    found += [certificate(settings, now)]
    found += [machine.clock_of_data(now, health.newest if health else None)]
    return [*found, *await office(folder.bundle(), now)], health


def lines(findings: Sequence[Finding], spoken: str) -> list[str]:
    """The findings as text; how to mend one stands below it."""
    shown = []
    for finding in findings:
        shown.append(f"{MARKS[finding.state]} {finding.check:15} {finding.said.text(spoken)}")
        if finding.fix is not None:
            shown.append(f"{'':18}→ {finding.fix.text(spoken)}")
    states = [finding.state for finding in findings]
    failed, warnings = states.count(FAILED), states.count(WARNING)
    whole = say("some-failed", failed=failed, warnings=warnings) if failed or warnings else say("all-well")
    return [*shown, whole.text(spoken)]
