"""Plant PCs and a head office as real processes, with a bad link between, and people who write at all of them."""

import asyncio
import contextlib
import json
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sync.central import office
from tests.system import checker
from tests.system.checker import Account
from tests.system.cluster import Cluster
from tests.system.plant import PlantServer, query, until
from tests.system.proxy import Proxy
from tests.system.workload import Gate, HeadOffice, Log, Pc, Terminal

PLANT = "norte"
TERMINALS = 2  # at each PC
PROJECTS = 24


class World:
    """Two PCs of one plant, each behind a cable of its own, and a Postgres that a standby can take over from.

    A bundle's DSN names two hosts: the proxy to the folder in which the primary lives, and to the one where the next
    primary will.
    """

    def __init__(self, folder: Path, disk: Path, seed: str, *, can_fill: bool) -> None:
        self.folder = folder
        self.disk = disk
        self.can_fill = can_fill
        self.seed = seed
        self.log = Log()
        self.pcs: list[Pc] = []
        self.cables: dict[str, list[Proxy]] = {}
        self.projects: list[list[str]] = []
        self.head_office = HeadOffice(PLANT, self.log, f"{seed} head office")
        self._evening = asyncio.Event()
        self._stack = contextlib.AsyncExitStack()
        self._places = [disk / "a", disk / "b"]
        self._copies = 0
        self.counts: Counter[str] = Counter()  # what the last check found

    async def open(self) -> None:
        self.central = Cluster(self._places[0])
        await self.central.make()
        self._stack.push_async_callback(self._down)
        await office.init(self.central.dsn())
        await query(self.central.dsn(), "CREATE TABLE witness (name text PRIMARY KEY)")
        self.head_office.dsn = self.central.dsn()
        for name in ("one", "two"):
            await self._enrolled(name)
        await self.pcs[0].start()
        await self.pcs[0].server.log_in()
        for number in range(PROJECTS):
            await self._project(f"P-{number}")
        await self.pcs[1].start()
        await until(self.pcs[1].server.can_log_in)
        await self.quiet()

    async def close(self) -> None:
        for pc in self.pcs:
            await pc.stop()
        await self.head_office.leave()
        await self._stack.aclose()

    async def _down(self) -> None:
        await self.central.kill()

    async def _enrolled(self, name: str) -> None:
        cables = [
            await self._stack.enter_async_context(Proxy(place / ".s.PGSQL.5432", seed=len(self.cables)))
            for place in self._places
        ]
        self.cables[name] = cables
        bundle = await office.enroll(self.central.dsn(), PLANT)
        parts = urlsplit(bundle["dsn"])
        hosts = ",".join(f"127.0.0.1:{cable.port}" for cable in cables)
        bundle["dsn"] = f"postgresql://{parts.netloc.rpartition('@')[0]}@{hosts}{parts.path}"
        server = PlantServer(self.folder / name, clocked=True)
        if not self.pcs:
            await server.set_up()
        await server.enroll(bundle)
        self.pcs.append(Pc(name, server))

    async def _project(self, name: str) -> None:
        project = {"id": name, "name": name, "deadline": "2099-01-01"}
        await self.pcs[0].server.ask("POST", "/api/projects", project)
        jobs = [f"{name}-{number}" for number in (1, 2)]
        for job in jobs:
            body = {"productName": job, "targetQuantity": 1, "unit": "m", "projectId": name}
            await self.pcs[0].server.ask("POST", "/api/jobs", {"id": job, "machineType": "CONFORMADORA", **body})
        self.projects.append(jobs)
        self.log.unfinished += jobs

    @contextlib.asynccontextmanager
    async def busy(self, name: str) -> AsyncIterator[None]:
        """People write everywhere while this lasts; in the end all have their answers."""
        self._evening.clear()
        async with asyncio.TaskGroup() as self._people:
            for pc in self.pcs:
                self.staff(pc, name)
            self._people.create_task(self._work(self.head_office, self.head_office.opened))
            yield
            self._evening.set()
        await self.head_office.settle()

    def staff(self, pc: Pc, name: str) -> None:
        """People begin to write at a PC, while all are busy."""
        for number in range(TERMINALS):
            terminal = Terminal(pc, self.log, f"{self.seed} {name} {pc.name} {number}")
            self._people.create_task(self._work(terminal, pc.opened))

    async def _work(self, writer: Any, opened: Gate) -> None:
        while not self._evening.is_set():
            async with opened.passed():
                await writer.write()
            await asyncio.sleep(0.01)

    @contextlib.asynccontextmanager
    async def office_closed(self) -> AsyncIterator[None]:
        """Nobody writes at head office, and what was written has come to the plants: no other place holds it."""
        await self.head_office.opened.close()
        await self.head_office.settle()
        ((head,),) = await query(self.central.dsn(), "SELECT head FROM structura_sync.partition")

        async def pulled() -> bool:
            states = [checker.state_at_plant(pc.server.folder) for pc in self.pcs]
            return all(int(state.get("cursor", "0")) >= head for state in states)

        await until(pulled, 60, lambda: [checker.state_at_plant(pc.server.folder) for pc in self.pcs])
        try:
            yield
        finally:
            await self.head_office.leave()
            self.head_office.dsn = self.central.dsn()
            self.head_office.opened.open()

    async def quiet(self) -> float:
        """Wait until both sides have compared their digests and found them equal; returns the seconds it took."""
        began = time.monotonic()
        while True:
            now = (await query(self.central.dsn(), "SELECT now()"))[0][0]
            moments = now.isoformat(), (now + timedelta(hours=1)).isoformat()  # not the future of a wrong clock
            steps = [partial(self._in_step, pc, *moments) for pc in self.pcs]
            await asyncio.gather(*(until(step, 90, self.states) for step in steps))
            ((head,),) = await query(self.central.dsn(), "SELECT head FROM structura_sync.partition")
            if all(int(checker.state_at_plant(pc.server.folder).get("cursor", "0")) == head for pc in self.pcs):
                return time.monotonic() - began

    async def _in_step(self, pc: Pc, since: str, before: str) -> bool:
        sync = await pc.server.sync()
        compared = since[:23] < sync.get("inStep", "")[:23] < before[:23]
        if sync["pending"] == 0 and sync["state"] == "waiting" and compared:
            return not sync.get("differing") and not await self.retry(pc)
        if sync["state"] != "exchanging":
            await pc.server.ask("POST", "/api/system/sync")
            await until(partial(self._tried_since, pc, sync), 90, self.states)
        return False

    async def retry(self, pc: Pc) -> int:
        """Try again what head office has refused, as whoever looks after a plant does; how many rows that were."""
        lines = await pc.server.ask("GET", "/api/system/set-aside")
        for line in lines:
            status, answer, _ = await pc.server.send("POST", f"/api/system/set-aside/{line['id']}/retry", None, {})
            assert status in (200, 404), answer  # 404: somebody wrote the row again meanwhile, and it went through
        return len(lines)

    async def _tried_since(self, pc: Pc, before: dict[str, Any]) -> bool:
        """Whether a server has ended an exchange since it said this, well or not."""
        sync = await pc.server.sync()
        return any(sync.get(name) != before.get(name) for name in ("lastExchange", "nextTry"))

    def states(self) -> str:
        states = [checker.state_at_plant(pc.server.folder) for pc in self.pcs]
        logs = [pc.server.log.read_text()[-2_000:] for pc in self.pcs]
        return json.dumps(states, indent=1) + "\n".join(logs)

    async def check(self) -> Account:
        """Compare all databases, and account for every write acknowledged so far."""
        rows = await checker.at_head_office(self.central.dsn(), PLANT)
        account = checker.account(self.log, rows, self.projects)
        theirs = await checker.digests_at_head_office(self.central.dsn())
        for pc in self.pcs:
            here = await asyncio.to_thread(checker.at_plant, pc.server.folder)
            account.wrong += [f"different: {pc.name} {row}" for row in checker.differences(here, rows)]
            ours = checker.digests(checker.state_at_plant(pc.server.folder))
            account.wrong += [f"digest: {pc.name} {ours}, not {theirs}"] if ours != theirs else []
        return account

    # What can be done to it

    def copy(self, pc: Pc) -> Path:
        """A copy of the folder of a PC that is stopped."""
        self._copies += 1
        target = self.folder / f"copy-{self._copies}"
        shutil.copytree(pc.server.folder, target)
        return target

    async def cloned(self, pc: Pc, name: str) -> Pc:
        """Another PC with a copy of a PC's folder. Both are stopped."""
        server = PlantServer(self.copy(pc), clocked=True)
        server.token = pc.server.token
        clone = Pc(name, server)
        self.cables[name] = self.cables[pc.name]
        self.pcs.append(clone)
        return clone

    async def standby(self) -> Cluster:
        """A streaming standby, in the other place."""
        place = next(p for p in self._places if p != self.central.folder)
        shutil.rmtree(place, ignore_errors=True)
        made = Cluster(place)
        await made.copy(self.central)
        return made
