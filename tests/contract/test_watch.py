"""The watch list: every product as it stands, whichever monitor looks at it, page after page."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.contract.books import Books

from tocsin.core.alert import AlertType
from tocsin.core.clock import ManualClock
from tocsin.core.errors import InvalidRequestError
from tocsin.core.monitor import Monitor
from tocsin.core.search import searched_words
from tocsin.ledger.contract import WatchQuery, WatchRow, WatchState
from tocsin.ledger.history import watch

MINUTE = timedelta(minutes=1)


def monitor(clock: ManualClock, name: str = "bestbuy-1", *skus: str, retailer: str = "bestbuy") -> Monitor:
    now = clock.now()
    return Monitor(id=name, retailer=retailer, skus=skus, interval=MINUTE, registered_at=now, heard_at=now)


async def listed(books: Books, *monitors: Monitor, **query: Any) -> list[WatchRow]:
    """All pages."""
    page = await books.history.watched(WatchQuery(**query), monitors)
    rows = list(page.items)
    while page.next:
        page = await books.history.watched(WatchQuery(**query, page=page.next), monitors)
        rows += page.items
    return rows


async def skus(books: Books, *monitors: Monitor, **query: Any) -> list[str]:
    return [row.sku for row in await listed(books, *monitors, **query)]


async def stock(books: Books) -> None:
    """Of three, a is in stock, b is sold out, c was announced; each is seen a minute after the one before it."""
    sold = books.detected("b", product_name="Pokémon Écarlate", variant="blue")
    coming = books.detected("c", AlertType.RESTOCK_SOON, retailer="newegg", price=None)
    for alert in (books.detected("a"), sold, coming):
        await books.append(alert)
        books.clock.advance(60)
    await books.close(sold)


async def test_each_product_stands_as_its_alerts_tell(books: Books, clock: ManualClock) -> None:
    began = clock.now()
    await stock(books)
    coming, sold, there = await listed(books)
    assert [(row.sku, row.retailer, row.variant, row.state.value) for row in (coming, sold, there)] == [
        ("c", "newegg", None, "announced"),
        ("b", "bestbuy", "blue", "sold_out"),
        ("a", "bestbuy", None, "in_stock"),
    ]
    assert (there.since, there.last_seen_at) == (began, began)
    assert (sold.since, coming.since) == (clock.now(), None)
    assert there.last is not None
    assert there.last.alert.type is AlertType.IN_STOCK


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": WatchState.IN_STOCK}, ["a"]),
        ({"state": WatchState.SOLD_OUT}, ["b"]),
        ({"state": WatchState.ANNOUNCED}, ["c"]),
        ({"state": WatchState.UNSEEN}, ["d"]),
        ({"state": WatchState.SILENT}, ["a", "d"]),
        ({"retailers": ("newegg",)}, ["c"]),
        ({"words": searched_words("pokemon BLUE")}, ["b"]),
        ({"words": searched_words("newegg")}, ["c"]),
        ({"monitor": "deaf"}, ["a", "d"]),
        ({"monitor": "nobody"}, []),
        ({}, ["c", "b", "a", "d"]),
    ],
)
async def test_the_list_is_narrowed(books: Books, clock: ManualClock, query: dict[str, Any], found: list[str]) -> None:
    await stock(books)
    deaf = replace(monitor(clock, "deaf", "a", "d"), lost_at=clock.now())
    heard = monitor(clock, "heard", "b")
    assert await skus(books, deaf, heard, **query) == found
    assert await skus(books, deaf, heard, **query, limit=1) == found


async def test_a_product_is_silent_while_nobody_looks_at_it_any_more(books: Books, clock: ManualClock) -> None:
    await books.append(books.detected("a"))
    whole_shop = monitor(clock, "whole")
    deaf = replace(monitor(clock, "deaf", "a"), lost_at=clock.now())
    (row,) = await listed(books, deaf, whole_shop)
    assert [one.id for one in row.monitors] == ["deaf", "whole"]
    assert await skus(books, deaf, whole_shop, state=WatchState.SILENT) == []
    assert await skus(books, deaf, state=WatchState.SILENT) == ["a"]
    assert await skus(books, monitor(clock, "elsewhere", retailer="newegg"), monitor="elsewhere") == []


async def test_pages_end_where_many_were_seen_at_once(books: Books, clock: ManualClock) -> None:
    many = [f"{number:03}" for number in range(60)]
    await books.append(*(books.detected(sku) for sku in many))
    named = monitor(clock, "names", *many[:5], *(f"new-{number}" for number in range(7)))
    for limit in (1, 7, 60, 200):
        assert await skus(books, named, limit=limit) == [*reversed(many), *(f"new-{number}" for number in range(7))]


async def test_a_search_ends_a_page_where_it_has_looked_at_enough(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "MOST_LOOKED_AT", 4)
    monkeypatch.setattr(watch, "_BATCH", 2)
    await books.append(*(books.detected(f"{number}-{'odd' if number % 2 else 'even'}") for number in range(12)))
    first = await books.history.watched(WatchQuery(words=("2-even",)), ())
    assert first.items == ()
    assert await skus(books, words=("2-even",)) == ["2-even"]


async def test_prices_are_the_last_ones_in_the_currency_of_the_last_alert(books: Books, clock: ManualClock) -> None:
    for number in range(watch.PRICES + 4):
        currency = "EUR" if number == watch.PRICES else "USD"
        await books.append(books.detected("a", price=Decimal(1000 + number), currency=currency))
        clock.advance(60)
        if number % 5 == 4:
            await books.close(books.detected("a"))
    await books.append(books.detected("b", AlertType.BACK_ORDER, price=None))
    unpriced, row = await listed(books)
    assert unpriced.prices == ()
    told = [int(point.price) for point in row.prices]
    assert told == [1000 + number for number in range(4, watch.PRICES + 4) if number != watch.PRICES]


async def test_what_is_no_page_of_it_is_refused(books: Books) -> None:
    for page in ("nonsense", "ZGVsaXZlcmllczox"):
        with pytest.raises(InvalidRequestError):
            await books.history.watched(WatchQuery(page=page), ())
    with pytest.raises(InvalidRequestError):
        await books.history.watched(WatchQuery(limit=0), ())
