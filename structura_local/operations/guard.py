"""Guessing PINs is slowed down: per address, for all strangers together, across restarts. Administrators hear of it.

A paired terminal, and an address from which somebody logged in of late, is judged alone: nobody else can lock it out.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from weakref import WeakValueDictionary

from structura_local.domain.guessing import CODE, CODES, DAY, STRANGER, STRANGERS, TERMINAL, Policy, Record
from structura_local.errors import AppError
from structura_local.operations.rules import raise_guessing
from structura_local.store import attempts
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction

EVERYBODY = "*"  # where the failures of all strangers together are kept
# A key that was used for another code tells of that one that it is not the one asked for now.
_FAILURES = ("wrong-pin", "current-pin", "pin-taken", "wrong-code", "key-reused")
_CODE = "code:"  # how the names of records begin that count codes
_PAIRED = "terminal:"  # and those of paired terminals

Rules = list[tuple[str, Policy]]  # each with the name of its record


class Guard:
    """One for all places where a PIN can be tried. `load` it before use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._records: dict[str, Record] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # while somebody tries or waits

    async def load(self) -> None:
        """Read what was kept over a restart."""
        self._records = await attempts.load(self._store.reader)

    @asynccontextmanager
    async def turn(self, address: str, terminal: str | None = None) -> AsyncIterator[None]:
        """Around one try of a PIN: AppError `too-many` if it comes too early; what it raises tells whether it failed.

        Tries wait for each other, those of one terminal and those of all strangers, so that many at once count as many.
        """
        async with self._limited(address, lambda: self._pin_rules(address, terminal)):
            yield
            if not terminal:
                await self._succeeded(address)

    @asynccontextmanager
    async def code_turn(self, address: str) -> AsyncIterator[None]:
        """Around one try of a code that pairs a terminal; as `turn`. Codes and PINs do not count for each other."""
        rules: Rules = [(_CODE + address, CODE)]
        if not self._is_terminal(address):
            rules.append((_CODE + EVERYBODY, CODES))
        async with self._limited(address, lambda: rules):
            yield

    @asynccontextmanager
    async def _limited(self, address: str, rules: Callable[[], Rules]) -> AsyncIterator[None]:
        turn = self._turns.setdefault(rules()[-1][0], asyncio.Lock())
        async with turn:
            now = self._store.now()
            wait = max(self._records.get(name, Record()).wait(policy, now) for name, policy in rules())
            if wait:
                raise AppError("too-many", seconds=-(-wait // 1000))
            try:
                yield
            except AppError as error:
                if error.code in _FAILURES:
                    await self._failed(address, rules())
                raise

    def _is_terminal(self, address: str) -> bool:
        return self._records.get(address, Record()).is_terminal(self._store.now())

    def _pin_rules(self, address: str, terminal: str | None) -> Rules:
        if terminal:
            return [(_PAIRED + terminal, TERMINAL)]
        return [(address, TERMINAL)] if self._is_terminal(address) else [(address, STRANGER), (EVERYBODY, STRANGERS)]

    async def _failed(self, address: str, rules: Rules) -> None:
        now = self._store.now()
        news = {name: self._records.get(name, Record()).failed(policy, now) for name, policy in rules}
        self._records = {name: record for name, record in self._records.items() if not record.is_forgotten(now)} | news

        def work(tx: Transaction) -> None:
            attempts.keep(tx, news)
            if any(record.blocked_until > now for record in news.values()):
                raise_guessing(tx, address)

        await self._store.door.write(work, Author("rules"), spare=True)

    async def _succeeded(self, address: str) -> None:
        now = self._store.now()
        record = self._records.get(address, Record())
        if now - record.good_at < DAY:
            return  # known well enough; a login costs no write for this
        good = self._records[address] = replace(record, good_at=now)
        await self._store.door.write(lambda tx: attempts.keep(tx, {address: good}), Author("api"), spare=True)
