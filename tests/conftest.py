"""Fixtures for all tests."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

os.environ["LC_ALL"] = "C.UTF-8"  # commands speak the machine's language; the tests expect English

pytest_plugins = [
    "tests.postgres",
    "tests.pgbouncer",
    "tests.plant",
    "tests.statements",
    "tests.sync.nodes",
    "tests.sync.carry.desk",
    "tests.system.year",
]

# A busy machine is no fault of a test.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """A command run in the tests' own process keeps its files to itself; those of the next test are readable."""
    usual = os.umask(0o022)
    os.umask(usual)
    yield
    os.umask(usual)
