"""The schema can be distributed by `plant_id` unchanged: it holds to what was found to work there."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from sync.central import desk, office, postgres, review
from sync.central.functions import RENEW
from sync.central.tables import metadata

TABLE = re.compile(r'structura_sync\."?(' + "|".join(table.name for table in metadata.sorted_tables) + r')"?(?![\w(])')
CALLED = re.compile(r"structura_sync\.(\w+)\(|\b(now|clock_timestamp|random|nextval|set_config|statement_timestamp)\(")
ASSIGNED = re.compile(r"DO UPDATE SET(.*?)(?:;|\bRETURNING\b|\Z)", re.DOTALL)


@pytest.fixture
async def owner(central_dsn: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(central_dsn)
    yield connection
    await connection.close()


async def _sources(owner: Any) -> dict[str, str]:
    """The functions' bodies, by name."""
    found = await owner.fetch("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'structura_sync'::regnamespace")
    return {record["proname"]: record["prosrc"] for record in found}


def _statements(source: str) -> list[str]:
    """The statements of a body that touch a table."""
    plain = re.sub(r"--.*", "", source)
    return [part for part in plain.split(";") if TABLE.search(part)]


async def test_every_key_begins_with_the_plant(owner: Any) -> None:
    """And so does every index; a foreign key stays within the plant."""
    indexes = await owner.fetch("""
        SELECT c.relname, (SELECT attname FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = i.indkey[0])
        FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
        WHERE c.relnamespace = 'structura_sync'::regnamespace AND c.relname <> 'alembic_version'""")
    assert indexes
    assert {column for _, column in indexes} == {"plant_id"}
    keys = await owner.fetch("""
        SELECT conname, pg_get_constraintdef(oid) AS said FROM pg_constraint
        WHERE contype = 'f' AND connamespace = 'structura_sync'::regnamespace""")
    assert keys
    assert all(key["said"].startswith("FOREIGN KEY (plant_id") for key in keys)


async def test_every_statement_names_the_plant(owner: Any) -> None:
    """In functions as in what a plant's node, a stick or a command sends; only what is for all plants does not."""
    sources = await _sources(owner)
    for_all = {"holders"}  # reads the server's own tables
    texts = {**vars(postgres), **vars(desk), "RENEW": RENEW, "UNSEEN": review.UNSEEN, "BUNDLE": office.ADD_BUNDLE}
    sent = {name: text for name, text in texts.items() if name.isupper() and isinstance(text, str)}
    checked = 0
    for name, source in {**sources, **sent}.items():
        for statement in _statements(source) if name not in for_all else ():
            assert "plant_id" in statement, (name, statement)
            checked += 1
    assert checked > 50


async def test_what_a_distributed_postgres_refuses_is_not_used(owner: Any) -> None:
    """No MERGE, no transition tables, no policy with a subquery or a setting."""
    for name, source in (await _sources(owner)).items():
        assert not re.search(r"\bMERGE\s+INTO\b", source), name
    assert (
        await owner.fetchval("SELECT count(*) FROM pg_trigger WHERE tgnewtable IS NOT NULL OR tgoldtable IS NOT NULL")
        == 0
    )
    policies = await owner.fetch("SELECT policyname, concat(qual, ' ', with_check) AS said FROM pg_policies")
    assert policies
    assert not [p["policyname"] for p in policies if re.search(r"SELECT|current_setting", p["said"], re.IGNORECASE)]


async def test_only_immutable_functions_decide_in_an_upsert(owner: Any) -> None:
    """Times and all else that varies come in as values."""
    volatile = {
        record["proname"]
        for record in await owner.fetch(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'structura_sync'::regnamespace AND provolatile <> 'i'"
        )
    }
    upserts = 0
    for name, source in (await _sources(owner)).items():
        for assignments in ASSIGNED.findall(source):
            called = {ours or theirs for ours, theirs in CALLED.findall(assignments)}
            assert not called & (volatile | {"now", "clock_timestamp", "random", "nextval", "set_config"}), name
            upserts += 1
    assert upserts >= len([table for table in metadata.sorted_tables if "_lsn" in table.columns])
