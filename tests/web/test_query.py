"""Query strings in the words of match, and what they mean to an archive that knows SKUs alone."""

from typing import Any
from uuid import UUID

import pytest
from starlette.datastructures import QueryParams
from tests.web.house import a_rulebook

from tocsin.core.alert import AlertType, Band
from tocsin.core.decision import Decision
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import InvalidRequestError
from tocsin.rules.catalog import Catalog, Product
from tocsin.rules.match import parse_match
from tocsin.web.query import alert_query
from tocsin.web.skus import skus_of

CATALOG = Catalog(
    products={
        "fe": Product(name="fe", family="rtx50", skus=("bestbuy:1", "newegg:n-*")),
        "oc": Product(name="oc", family="rtx50", skus=("2",)),
        "ps5": Product(name="ps5", family="console", skus=("bestbuy:3",)),
        "odd": Product(name="odd"),
    }
)


@pytest.mark.parametrize(
    ("match", "meant"),
    [
        ({}, ()),
        ({"skus": "b, a"}, ("a", "b")),
        ({"skus": r"b\,1, a"}, ("a", "b,1")),
        ({"skus": "Best Buy:1"}, ("best buy:1",)),
        ({"families": "rtx50"}, ("bestbuy:1", "newegg:n-*", "2")),
        ({"families": "rtx*,console"}, ("bestbuy:1", "newegg:n-*", "2", "bestbuy:3")),
        ({"products": "fe"}, ("bestbuy:1", "newegg:n-*")),
        ({"products": "ps5", "families": "rtx50"}, None),
        ({"products": "nothing"}, None),
        ({"products": "odd"}, None),
        ({"families": "rtx50", "skus": "1"}, ("bestbuy:1",)),
        ({"families": "rtx50", "skus": "newegg:n-7"}, ("newegg:n-7",)),
        ({"families": "rtx50", "skus": "newegg:*"}, ("newegg:n-*",)),
        ({"families": "rtx50", "skus": "bestbuy:2"}, ("bestbuy:2",)),
        ({"families": "rtx50", "skus": "3"}, None),
    ],
)  # fmt: skip
def test_families_and_products_are_put_into_skus(match: dict[str, str], meant: tuple[str, ...] | None):
    assert skus_of(parse_match(match), CATALOG) == meant


def test_a_key_that_is_repeated_has_all_its_words():
    assert query(r"skus=a,b&skus=c").skus == ("a", "b", "c")
    assert query(r"skus=a%5C&skus=b%5C%2Cc").skus == ("a\\", "b,c")


def query(text: str) -> Any:
    return alert_query(QueryParams(text), a_rulebook().catalog)


def test_every_word_has_its_place():
    asked = query(
        "types=in_stock&types=price_drop&bands=high,low&min_priority=3&retailers=Best_Buy&decision=filtered"
        "&state=closed&since=2026-11-20T14:00:00+01:00&until=2026-11-20 14:00:00Z&limit=500&page=abc"
    )
    assert asked.types == {AlertType.IN_STOCK, AlertType.PRICE_DROP}
    assert (asked.bands, asked.min_priority, asked.retailers) == ({Band.HIGH, Band.LOW}, 3, ("bestbuy",))
    assert (asked.decision, asked.state, asked.limit, asked.page) == (Decision.FILTERED, "closed", 500, "abc")
    assert (asked.until - asked.since).total_seconds() == 3600


def test_what_is_looked_for_and_where_it_went():
    asked = query(f"q=Pok%C3%A9mon++pokemon+x&channels=discord,+sms:vip&delivery_states=sent&before={UUID(int=7)}")
    assert (asked.words, asked.channels) == (("pokemon", "x"), ("discord", "sms:vip"))
    assert (asked.delivery_states, asked.before) == ({DeliveryState.SENT}, UUID(int=7))
    assert query("q=+&channels=,&delivery_states=&before=") == query("")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=٣", "limit"),
        ("limit=-1", "limit"),
        ("decision=duplicate", "decision"),
        ("state=ajar", "state"),
        ("since=yesterday", "since"),
        ("until=2026-11-20T14:00:00", "until"),
        ("types=in_stok", "types"),
        ("min_priority=11", "min_priority"),
        ("unrouted=true", "unrouted"),
        ("page=" + "x" * 300, "page"),
        ("after=e.1", "after"),
        ("q=" + "x" * 201, "q"),
        ("delivery_states=sent,refusd", "delivery_states"),
        ("channels=a%00b", "channels"),
        ("channels=" + "x" * 257, "channels"),
        ("channels=" + ",".join(map(str, range(51))), "channels"),
        ("before=7", "before"),
    ],
)
def test_what_cannot_be_asked_is_named(text: str, path: str):
    with pytest.raises(InvalidRequestError) as told:
        query(text)
    assert [detail.path for detail in told.value.details] == [path]
