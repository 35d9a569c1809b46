"""Guessing PINs is slowed down: per address, for all strangers together, across restarts. Administrators hear of it.

An address from which somebody logged in of late is a terminal: it is judged alone, and nobody else can lock it out.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from structura_local.domain.guessing import DAY, STRANGER, STRANGERS, TERMINAL, Policy, Record
from structura_local.errors import AppError
from structura_local.operations import rules
from structura_local.store import attempts
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction

EVERYBODY = "*"  # where the failures of all strangers together are kept
_FAILURES = ("wrong-pin", "current-pin", "pin-taken")


class Guard:
    """One for all places where a PIN can be tried. `load` it before use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._records: dict[str, Record] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def load(self) -> None:
        """Read what was kept over a restart."""
        self._records = await attempts.load(self._store.reader)

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Around one try of a PIN: AppError `too-many` if it comes too early; what it raises tells whether it failed.

        Tries wait for each other, those of one terminal and those of all strangers, so that many at once count as many.
        """
        async with self._turns.setdefault(self._judged_as(address), asyncio.Lock()):
            now = self._store.now()
            wait = max(self._records.get(name, Record()).wait(policy, now) for name, policy in self._rules(address))
            if wait:
                raise AppError("too-many", seconds=-(-wait // 1000))
            try:
                yield
            except AppError as error:
                if error.code in _FAILURES:
                    await self._failed(address)
                raise
            await self._succeeded(address)

    def _is_terminal(self, address: str) -> bool:
        return self._records.get(address, Record()).is_terminal(self._store.now())

    def _judged_as(self, address: str) -> str:
        return address if self._is_terminal(address) else EVERYBODY

    def _rules(self, address: str) -> list[tuple[str, Policy]]:
        return [(address, TERMINAL)] if self._is_terminal(address) else [(address, STRANGER), (EVERYBODY, STRANGERS)]

    async def _failed(self, address: str) -> None:
        now = self._store.now()
        news = {name: self._records.get(name, Record()).failed(policy, now) for name, policy in self._rules(address)}
        self._records.update(news)

        def work(tx: Transaction) -> None:
            attempts.keep(tx, news)
            if any(record.blocked_until > now for record in news.values()):
                rules.raise_guessing(tx, address)

        await self._store.door.write(work, Author("rules"))

    async def _succeeded(self, address: str) -> None:
        now = self._store.now()
        record = self._records.get(address, Record())
        if now - record.good_at < DAY:
            return  # known well enough; a login costs no write for this
        good = self._records[address] = replace(record, good_at=now)
        await self._store.door.write(lambda tx: attempts.keep(tx, {address: good}), Author("api"))
