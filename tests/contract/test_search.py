"""Alerts are found again: by words of their names, by what became of their deliveries, page after page."""

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Select, create_engine, select, text
from sqlalchemy.dialects import sqlite
from tests.contract.books import GENERAL, HIGH, PHONE, Books, as_a_test, filtering, opened
from tests.contract.older import older

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.errors import NotFoundError
from tocsin.core.search import searched_words
from tocsin.ledger.contract import AlertQuery, AlertRow
from tocsin.ledger.engine import schema
from tocsin.ledger.engine.schema import metadata
from tocsin.ledger.history import names, records

SENT, REFUSED, PENDING = DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.PENDING


async def rows(books: Books, **query: object) -> tuple[AlertRow, ...]:
    return (await books.history.alerts(AlertQuery(**query))).items


async def found(books: Books, **query: object) -> list[str]:
    return [row.record.alert.sku for row in await rows(books, **query)]


async def searched(books: Books, text: str, **query: object) -> list[str]:
    return await found(books, words=searched_words(text), **query)


async def test_words_are_found_anywhere_in_the_names_whatever_their_case_and_accents(books: Books) -> None:
    await books.append(books.detected("1", product_name="Pokémon Écarlate", variant="100%_bleu"))
    await books.append(books.detected("2", product_name="POKEMON Violet", seller="Løkke & Sønn"))
    await books.append(books.detected("3-filtered", product_name="pokemon"), decide=filtering)
    await books.append(books.detected("4-test", product_name="pokemon"), decide=as_a_test(books.clock))
    assert await searched(books, "pokémon") == ["4-test", "3-filtered", "2", "1"]
    assert await searched(books, "POKE cARLATE") == ["1"]
    assert await searched(books, "lokke sonn") == ["2"]
    assert await searched(books, "filt") == ["3-filtered"]
    assert await searched(books, "bestbuy 2") == ["2"]
    assert await searched(books, "100%_b") == ["1"]
    assert await searched(books, "%") == ["1"]
    assert await searched(books, "\\") == []
    assert await searched(books, "pokemon nowhere") == []
    assert await searched(books, "pokemon", retailers=("bestbuy",), skus=("2", "1")) == ["2", "1"]


async def test_a_search_goes_on_page_after_page(books: Books) -> None:
    for number in range(9):
        await books.append(books.detected(f"{number}-{'even' if number % 2 == 0 else 'odd'}"))
    page = await books.history.alerts(AlertQuery(words=("even",), limit=2))
    seen = [row.record.alert.sku for row in page.items]
    while page.next:
        page = await books.history.alerts(AlertQuery(words=("even",), limit=2, page=page.next))
        seen += [row.record.alert.sku for row in page.items]
    assert seen == ["8-even", "6-even", "4-even", "2-even", "0-even"]


async def test_what_many_alerts_bear_is_found_without_a_look_at_each(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As few as can be listed, more than that, and names that are more than that."""
    for number in range(6):
        await books.append(books.detected(f"{number}", product_name=f"Switch {number % 2}"))
    for many, named in itertools.product((9, 4, 1), (0, 2, 9)):
        monkeypatch.setattr(names, "MANY", many)
        await books.history.name(named)
        assert await searched(books, "switch") == ["5", "4", "3", "2", "1", "0"]
        assert await searched(books, "switch 1") == ["5", "3", "1"]
        assert await searched(books, "switch", skus=("2",)) == ["2"]
        assert await searched(books, "switch nowhere") == []


async def test_a_name_is_kept_once_and_as_long_as_an_alert_bears_it(books: Books) -> None:
    await books.append(books.detected("a"), decide=filtering)
    await books.append(books.detected("b"), books.detected("b"), decide=filtering)
    books.clock.advance(timedelta(days=2).total_seconds())
    await books.append(books.detected("b"), decide=filtering)
    assert await kept_names(books) == []
    await books.history.name()
    assert await kept_names(books) == ["a\nbestbuy", "b\nbestbuy"]
    await books.history.prune(books.clock.now() - timedelta(days=1))
    assert await kept_names(books) == ["b\nbestbuy"]
    assert await searched(books, "bestbuy") == ["b"]


async def kept_names(books: Books) -> list[str]:
    def look(connection: Connection) -> list[str]:
        with connection.begin():
            return sorted(connection.scalars(select(schema.names.c.text)))

    return await books.ledger._writer.read(look)


async def test_what_is_forgotten_is_not_found(books: Books) -> None:
    await books.append(books.detected("old"), decide=filtering)
    books.clock.advance(timedelta(days=2).total_seconds())
    await books.history.prune(books.clock.now() - timedelta(days=1))
    await books.append(books.detected("new"), decide=filtering)
    assert await searched(books, "bestbuy") == ["new"]


_OLD_ALERT = """
    INSERT INTO alerts (key, id, type, priority, sku, retailer, product_name, currency, detected_at, metadata,
                        accepted_at, decision, reason, repeats, last_seen_at)
    VALUES (:key, :id, 'in_stock', 9, 'old', 'bestbuy', 'Été', 'USD', 0, '{}', 0, 'filtered', 'stale', 0, 0)
"""


async def test_an_older_ledger_is_searched_too_once_it_is_opened(
    place: str, tmp_path: Path, clock: ManualClock
) -> None:
    """Written by a program that knew nothing of searches, more than are copied at once."""
    with older(place, tmp_path, "0003") as (there, connection):
        many = [{"key": key, "id": UUID(int=key).hex} for key in range(1, 5002)]
        connection.execute(text(_OLD_ALERT), many)
    async with opened(there, clock) as books:
        page = await books.history.alerts(AlertQuery(words=("ete",), limit=1))
        assert page.items[0].record.alert.id == UUID(int=5001)
        for _ in range(3):  # before they are named, when some are, and after
            assert len(await rows(books, words=("ete", "old"), before=UUID(int=3))) == 2
            assert await rows(books, words=("nowhere",)) == ()
            await books.history.name(4000)
        assert await kept_names(books) == ["ete\nold\nbestbuy"]


async def test_alerts_are_found_by_where_they_went_and_what_became_of_that(books: Books) -> None:
    await books.append(books.detected("both"), decide=books.telling(GENERAL, HIGH))
    await books.append(books.detected("phone"), decide=books.telling(PHONE))
    await books.append(books.detected("nowhere"), decide=books.telling())
    await books.settle(await books.claimed(GENERAL), REFUSED, Why.REFUSED)
    await books.settle(await books.claimed(PHONE), SENT)
    assert await found(books, channels=("discord",)) == ["both"]
    assert await found(books, channels=("discord:general", "sms")) == ["phone", "both"]
    assert await found(books, channels=("disc",)) == await found(books, channels=("di_cord",)) == []
    assert await found(books, delivery_states=frozenset({REFUSED})) == ["both"]
    assert await found(books, delivery_states=frozenset({REFUSED, SENT})) == ["phone", "both"]
    assert await found(books, delivery_states=frozenset({PENDING, REFUSED})) == ["both"]
    # One and the same delivery: discord:high_priority waits, and only discord:general was refused.
    assert await found(books, channels=("discord:high_priority",), delivery_states=frozenset({REFUSED})) == []
    assert await found(books, channels=("discord:general",), delivery_states=frozenset({REFUSED})) == ["both"]
    assert await found(books, channels=("discord",), delivery_states=frozenset({SENT})) == []
    assert await found(books, channels=("sms",), delivery_states=frozenset({SENT}), words=("pho",)) == ["phone"]


async def test_a_list_tells_what_became_of_each_delivery(books: Books) -> None:
    await books.append(books.detected("old"), decide=books.telling())
    await books.append(books.detected("new"), decide=books.telling(GENERAL, HIGH))
    books.clock.advance(2)
    await books.settle(await books.claimed(GENERAL), REFUSED, Why.REFUSED)
    new, old = await rows(books)
    assert [(one.target, one.state, one.why) for one in new.deliveries] == [
        (GENERAL, REFUSED, Why.REFUSED),
        (HIGH, PENDING, None),
    ]
    assert new.deliveries[0].moved_at == books.clock.now()
    assert new.deliveries[0].id == (await books.deliveries())[GENERAL].id
    assert old.deliveries == ()


async def test_how_long_it_lasted_is_kept_with_the_alert(books: Books) -> None:
    alert = books.detected()
    await books.append(alert)
    books.clock.advance(20)
    await books.close(alert)
    await books.append(books.detected("open"))
    assert [row.sold_out_after for row in await rows(books)] == [None, timedelta(seconds=20)]
    # Back again, and open: how long the first time lasted stays true.
    books.clock.advance(60)
    await books.append(books.detected())
    assert [row.sold_out_after for row in await rows(books)] == [None, None, timedelta(seconds=20)]
    story = await books.history.story(alert.id)
    assert story is not None
    assert story.sold_out_after == timedelta(seconds=20)


async def test_a_list_goes_by_the_order_of_the_ledger_within_one_instant_too(books: Books) -> None:
    """One commit, one time for all: names of the same millisecond differ by chance alone."""
    batch = [books.detected(str(number)) for number in range(40)]
    await books.append(*batch, decide=books.telling())
    await books.append(*(books.detected(str(number)) for number in range(40, 60)), decide=filtering)
    assert await found(books, limit=100) == [str(number) for number in reversed(range(60))]
    told = [event.record.alert.sku for event in await books.history.events(0, 100)]
    assert told == [str(number) for number in range(40)]
    middle = await found(books, before=batch[20].id, limit=5)
    assert middle == ["19", "18", "17", "16", "15"]


async def test_what_is_older_than_an_alert_that_nobody_knows_cannot_be_told(books: Books) -> None:
    with pytest.raises(NotFoundError):
        await books.history.alerts(AlertQuery(before=UUID(int=7)))


def plan(statement: Select[Any]) -> list[str]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    asked = statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        steps = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    engine.dispose()
    return steps


def test_a_search_reads_names_alone_from_the_newest_on() -> None:
    steps = plan(records.listing(AlertQuery(words=("rtx", "5090"))))
    assert steps[:2] == ["SCAN texts", "SEARCH alerts USING INTEGER PRIMARY KEY (rowid=?)"]
    assert not any("TEMP B-TREE" in step for step in steps)


def test_few_that_bear_a_name_are_looked_up_by_their_keys() -> None:
    steps = plan(records.listing_of([1, 2], AlertQuery(words=("rtx",))))
    assert steps[0] == "SEARCH alerts USING INTEGER PRIMARY KEY (rowid=?)"


def test_what_went_wrong_is_found_without_going_through_history() -> None:
    steps = plan(records.listing(AlertQuery(delivery_states=frozenset({REFUSED, DeliveryState.EXPIRED}))))
    assert "SEARCH alerts USING INTEGER PRIMARY KEY (rowid=?)" in steps
    assert any("INDEX deliveries_refused" in step for step in steps)
    assert not any(step.startswith("SCAN alerts") for step in steps)
