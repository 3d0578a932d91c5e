"""A ledger that is copied from SQLite to PostgreSQL is the same there: proved, resumable; half of it opens for none."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.blank import blank
from tests.contract.books import GENERAL, HIGH, Books, opened
from tests.contract.conftest import NOON
from tests.contract.crowd import Crowd
from typer.testing import CliRunner

from tocsin.cli import app
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.errors import InvalidRequestError, LedgerCorruptError, LedgerOwnedError, LedgerUnavailableError
from tocsin.ledger import transfer as transferring
from tocsin.ledger.contract.people import ContactQuery
from tocsin.ledger.transfer import transfer


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def empty(postgresql: str, worker_id: str) -> Iterator[str]:
    """The url of a database with nothing in it, not even tables."""
    name = f"grown_{worker_id}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    yield postgresql.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def file(tmp_path: Path, clock: ManualClock) -> Path:
    """A ledger in which something of nearly everything has happened."""
    made = blank(tmp_path / "tocsin.db")
    async with opened(f"sqlite:///{made}", clock) as books:
        await books.append(*(books.detected(str(sku)) for sku in range(20)), key="once")
        await books.append(books.detected("both"), decide=books.telling(GENERAL, HIGH))
        await books.settle(await books.claimed(GENERAL), DeliveryState.SENT)
        await books.settle(await books.claimed(HIGH), DeliveryState.REFUSED, Why.REFUSED)
        await books.claimed(GENERAL)
        await Crowd(books.ledger.people).telling()
        await books.operations.disable(HIGH, "target_gone", "404: Ünïcode \N{BELL}")
    return made


async def test_everything_is_there_and_goes_on(file: Path, empty: str, clock: ManualClock) -> None:
    copied = await asyncio.to_thread(transfer, f"sqlite:///{file}", empty)
    assert (copied.rows["alerts"], copied.rows["stream"]) == (21, 1)
    async with opened(f"sqlite:///{file}", clock) as old, opened(empty, clock) as new:
        assert new.ledger.epoch == old.ledger.epoch
        assert await _told(new) == await _told(old)
        await new.append(new.detected("later"), decide=new.telling(GENERAL))
        claim = await new.claimed(GENERAL)
        await new.settle(claim, DeliveryState.SENT)
        assert (await new.history.span())[1] == (await old.history.span())[1] + 1


async def _told(books: Books) -> object:
    page = await books.history.deliveries(limit=1000)
    (contact,) = (await books.ledger.people.contacts(ContactQuery())).items
    told = await books.ledger.people.export(contact.id)
    return page.items, await books.operations.disabled(), await books.history.events(0, 1000), contact, told


async def test_what_was_broken_off_goes_on_and_opens_before_for_nobody(
    file: Path, empty: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transferring, "AT_ONCE", 4)

    def cut(table: str, done: int, total: int) -> None:
        if table == "deliveries" and 0 < done < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transfer(f"sqlite:///{file}", empty, cut)
    with pytest.raises(LedgerUnavailableError, match="broken off"):
        async with opened(empty, clock):
            pass
    seen: list[tuple[str, int]] = []
    copied = await asyncio.to_thread(transfer, f"sqlite:///{file}", empty, lambda *step: seen.append(step[:2]))
    assert copied.rows["deliveries"] == 22
    assert next(done for table, done in seen if table == "alerts") == 20  # the last of them once more
    async with opened(f"sqlite:///{file}", clock) as old, opened(empty, clock) as new:
        assert await _told(new) == await _told(old)


def test_a_row_that_is_another_is_found(file: Path, empty: str) -> None:
    def spoil(table: str, done: int, total: int) -> None:
        if table == "events" and done == total:
            with psycopg.connect(empty, autocommit=True) as connection:
                connection.execute("UPDATE alerts SET priority = 1 WHERE key = 3")

    with pytest.raises(LedgerCorruptError, match="alerts is not the same"):
        transfer(f"sqlite:///{file}", empty, spoil)


async def test_a_database_with_a_ledger_is_left_alone(file: Path, empty: str, clock: ManualClock) -> None:
    async with opened(empty, clock):
        pass
    with pytest.raises(InvalidRequestError, match="there is a ledger in that database already"):
        transfer(f"sqlite:///{file}", empty)


async def test_a_ledger_that_is_served_is_not_copied(file: Path, empty: str, clock: ManualClock) -> None:
    async with opened(f"sqlite:///{file}", clock):
        with pytest.raises(LedgerOwnedError):
            await asyncio.to_thread(transfer, f"sqlite:///{file}", empty)


def test_the_command_says_what_it_did(file: Path, empty: str) -> None:
    told = CliRunner().invoke(app, ["db", "copy", str(file), empty])
    assert told.exit_code == 0, told.output
    assert "are copied and proved" in told.output
