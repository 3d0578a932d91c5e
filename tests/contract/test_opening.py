import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from tests.contract.books import Books, opened
from tests.deadline import DEADLINE_S

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import (
    InvalidRequestError,
    LedgerCorruptError,
    LedgerNewerError,
    LedgerOwnedError,
    LedgerUnavailableError,
)
from tocsin.ledger.engine.connections import BUSY_S, parse_url, reading_engine, writing_engine
from tocsin.ledger.engine.schema import metadata
from tocsin.ledger.opening import open_ledger


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


async def test_a_ledger_keeps_its_name_its_secret_and_all_else_when_it_is_opened_again(
    place: str, clock: ManualClock
) -> None:
    async with opened(place, clock) as books:
        name = (books.ledger.epoch, books.ledger.link_secret)
        await books.append(books.detected("1"))
    async with opened(place, clock) as books:
        assert (books.ledger.epoch, books.ledger.link_secret) == name
        await books.append(books.detected("2"))
        assert [event.position for event in await books.history.events(0, 10)] == [1, 2]
    assert name[0].isalnum()
    assert len(name[1]) == 32


async def test_two_ledgers_have_different_names(tmp_path: Path, clock: ManualClock) -> None:
    names = set()
    for number in range(2):
        async with opened(f"sqlite:///{tmp_path / str(number)}.db", clock) as books:
            names |= {books.ledger.epoch, books.ledger.link_secret}
    assert len(names) == 4


async def test_a_second_owner_is_refused_and_told_who_has_it(place: str, clock: ManualClock) -> None:
    async with opened(place, clock):
        with pytest.raises(LedgerOwnedError) as refused:
            async with opened(place, clock):
                pass
    if place.startswith("sqlite"):
        assert str(os.getpid()) in refused.value.message
    async with opened(place, clock):
        pass


async def test_the_schema_that_migrations_make_is_the_one_that_the_code_means(place: str, clock: ManualClock) -> None:
    async with opened(place, clock):
        engine = reading_engine(parse_url(place))
        with engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), metadata)
            assert [one for one in differences if not _of_comments(one)] == []
        engine.dispose()


def _of_comments(difference: object) -> bool:
    """Comments explain the tables to readers of the code; the database does without."""
    return isinstance(difference, list) and {change[0] for change in difference} == {"modify_comment"}


async def test_a_newer_ledger_is_refused(place: str, clock: ManualClock) -> None:
    async with opened(place, clock):
        pass
    engine = writing_engine(parse_url(place))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(LedgerNewerError, match="9999"):
        async with opened(place, clock):
            pass


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:"])
async def test_a_url_that_is_no_ledger_is_refused(url: str, clock: ManualClock) -> None:
    with pytest.raises(LedgerUnavailableError):
        async with opened(url, clock):
            pass


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path, clock: ManualClock) -> None:
    with pytest.raises(LedgerUnavailableError, match="nowhere"):
        async with opened(f"sqlite:///{tmp_path}/nowhere/ledger.db", clock):
            pass


async def test_a_file_that_is_no_ledger_is_refused_with_words_and_left_as_it_is(file: Path, clock: ManualClock) -> None:
    other = b"this is a text, and a long one" * 200
    fill(file, other)
    with pytest.raises(LedgerCorruptError, match="backup"):
        async with opened(f"sqlite:///{file}", clock):
            pass
    assert content(file) == other


async def test_a_damaged_page_is_told_not_hidden(file: Path, clock: ManualClock) -> None:
    async with opened(f"sqlite:///{file}", clock) as books:
        for number in range(40):
            await books.append(*(books.detected(f"{number}-{each}") for each in range(20)))
    whole = content(file)
    fill(file, whole[:8192] + os.urandom(len(whole) - 8192))
    with pytest.raises(LedgerCorruptError):
        async with opened(f"sqlite:///{file}", clock) as books:
            await books.append(books.detected("new"))


def fill(file: Path, words: bytes) -> None:
    file.write_bytes(words)


def content(file: Path) -> bytes:
    return file.read_bytes()


async def test_another_programs_lock_costs_less_than_a_second_and_loses_nothing(file: Path, clock: ManualClock) -> None:
    assert BUSY_S < 1, "so long it is waited for"
    async with opened(f"sqlite:///{file}", clock) as books:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            results = await asyncio.gather(
                *(books.append(books.detected(str(number))) for number in range(20)), return_exceptions=True
            )
            assert {type(result) for result in results} == {LedgerUnavailableError}
            other.execute("ROLLBACK")
        await books.append(books.detected("after"))
        assert [event.record.alert.sku for event in await books.history.events(0, 10)] == ["after"]


async def test_a_file_that_cannot_grow_turns_appends_away_and_goes_on_when_it_can(
    file: Path, clock: ManualClock
) -> None:
    async with opened(f"sqlite:///{file}", clock) as books:
        await books.append(books.detected("before"))
        await pragma(books, "max_page_count=1")
        long = {"note": "x" * 10_000}
        with pytest.raises(LedgerUnavailableError, match="room"):
            await books.append(*(books.detected(str(number), metadata=long) for number in range(50)))
        assert len(await books.history.events(0, 10)) == 1
        await pragma(books, "max_page_count=1000000")
        await books.append(books.detected("after"))
        assert [event.position for event in await books.history.events(0, 10)] == [1, 2]


async def test_no_other_connection_can_write_or_checkpoint(file: Path, clock: ManualClock) -> None:
    async with opened(f"sqlite:///{file}", clock) as books:
        await books.append(books.detected())
        engine = reading_engine(parse_url(f"sqlite:///{file}"))
        with engine.connect() as connection:
            reader = connection.connection.driver_connection
            assert reader is not None
            for statement in ("DELETE FROM alerts", "PRAGMA user_version=7", "CREATE TABLE t (x)"):
                with pytest.raises(sqlite3.OperationalError):
                    reader.execute(statement)
            assert reader.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
            log = content(Path(f"{file}-wal"))
            with pytest.raises(sqlite3.OperationalError):
                reader.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            assert content(Path(f"{file}-wal")) == log != b""
        engine.dispose()


async def test_every_commit_is_synced(file: Path, clock: ManualClock) -> None:
    async with opened(f"sqlite:///{file}", clock) as books:
        assert await pragma(books, "journal_mode") == "wal"
        assert await pragma(books, "synchronous") == 2  # FULL


async def pragma(books: Books, words: str) -> object:
    """Said to the one connection that writes."""

    def say(connection: Connection) -> object:
        with connection.begin():
            return connection.exec_driver_sql(f"PRAGMA {words}").scalar()

    return await books.ledger._writer.read(say)


async def test_a_backup_is_whole_while_the_ledger_is_written(tmp_path: Path, file: Path, clock: ManualClock) -> None:
    copy = tmp_path / "copy.db"
    async with opened(f"sqlite:///{file}", clock) as books:
        writing = [books.append(books.detected(str(number))) for number in range(30)]
        await asyncio.gather(books.ledger.backup(str(copy)), *writing)
        await books.claimed()
        await books.ledger.backup(str(copy))
    async with opened(f"sqlite:///{copy}", clock) as restored:
        assert await restored.ledger.history.span() == (1, 30)
        (left,) = (await restored.ledger.queue.recover()).deliveries
        assert left.state is DeliveryState.UNKNOWN


async def test_postgresql_is_backed_up_with_its_own_tools(
    on_postgresql: str, tmp_path: Path, clock: ManualClock
) -> None:
    async with opened(on_postgresql, clock) as books:
        with pytest.raises(InvalidRequestError, match="pg_dump"):
            await books.ledger.backup(str(tmp_path / "copy.db"))


async def test_a_closed_ledger_takes_nothing_more(place: str, clock: ManualClock) -> None:
    async with opened(place, clock) as books:
        pass
    with pytest.raises(LedgerUnavailableError):
        await books.append(books.detected())


async def test_what_waits_when_it_closes_is_still_written(place: str, clock: ManualClock) -> None:
    async with opened(place, clock) as books:
        waiting = [asyncio.create_task(books.append(books.detected(str(number)))) for number in range(20)]
        await asyncio.sleep(0)
    assert len(await asyncio.gather(*waiting)) == 20


KILLED = """
    import asyncio, sys
    from tests.contract.books import opened
    from tocsin.core.clock import SystemClock

    async def main():
        async with opened(sys.argv[1], SystemClock()) as books:
            for number in range(100_000):
                await books.append(books.detected(str(number)), books.detected(f"{number} too"))
                print(number, flush=True)

    asyncio.run(main())
"""


def killed_writer(place: str) -> int:
    """The last number that it acknowledged before it was killed at work."""
    command = [sys.executable, "-c", textwrap.dedent(KILLED), place]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
    return int([line for line in lines if line.endswith("\n")][-1])


async def test_what_was_acknowledged_is_there_after_a_kill(place: str, clock: ManualClock) -> None:
    last = await asyncio.to_thread(killed_writer, place)
    async with asyncio.timeout(DEADLINE_S), _as_soon_as_free(place, clock) as books:
        events = await books.history.events(0, 100_000)
        assert [event.position for event in events] == list(range(1, len(events) + 1))
        assert len(events) >= 2 * (last + 1)
        assert len(events) % 2 == 0


class _as_soon_as_free:  # noqa: N801 - reads as the sentence that it is
    """PostgreSQL notices a dead client when it gets round to it."""

    def __init__(self, place: str, clock: ManualClock) -> None:
        self._place, self._clock = place, clock

    async def __aenter__(self) -> Books:
        while True:
            self._open = open_ledger(self._place, clock=self._clock)
            try:
                return Books(await self._open.__aenter__(), self._clock)
            except LedgerOwnedError:
                await asyncio.sleep(0)

    async def __aexit__(self, *problem: object) -> None:
        await self._open.__aexit__(*problem)
