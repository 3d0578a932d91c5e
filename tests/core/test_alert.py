from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.alert import FLOOR, Alert, AlertType, Band, EpisodeKey, id_of_key, key_of_id, new_id

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
KEYS = st.integers(0, (1 << 62) - 1)


@given(MOMENTS, KEYS)
def test_a_ledger_key_can_be_read_back_from_its_id(moment, key):
    identifier = id_of_key(moment, key)
    assert key_of_id(identifier) == key
    assert (identifier.version, identifier.variant) == (7, "specified in RFC 4122")


@given(MOMENTS, KEYS)
def test_an_id_survives_being_written(moment, key):
    assert UUID(str(id_of_key(moment, key))) == id_of_key(moment, key)


@given(MOMENTS, KEYS, KEYS)
def test_ids_of_one_moment_sort_by_key(moment, one, other):
    assert (id_of_key(moment, one) < id_of_key(moment, other)) == (one < other)


@given(MOMENTS)
def test_a_new_id_is_a_uuid7_of_its_millisecond(moment):
    made = new_id(moment)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_new_ids_sort_by_time_and_never_meet(made_at):
    ids = [new_id(made_at + timedelta(milliseconds=step)) for step in range(50)]
    assert ids == sorted(ids)
    assert len({new_id(made_at) for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("priority", "band"),
    [*((priority, "low") for priority in (1, 2, 3)), (4, "medium"), (7, "medium"), (8, "high"), (10, "high")],
)
def test_priorities_fall_into_bands(priority, band):
    assert Band.of(priority) == band
    assert FLOOR[Band(band)] <= priority


@pytest.mark.parametrize(
    ("kind", "priority", "buyable"),
    [("in_stock", 9, True), ("price_drop", 8, True), ("restock_soon", 5, False), ("back_order", 2, False)],
)
def test_a_type_knows_its_priority_and_whether_one_can_buy(kind, priority, buyable):
    assert (AlertType(kind).default_priority, AlertType(kind).buyable) == (priority, buyable)


def test_an_alert_is_called_by_its_name_else_by_its_sku(made_at):
    plain = Alert(
        id=UUID(int=1),
        type=AlertType.IN_STOCK,
        priority=9,
        sku="42",
        retailer="bestbuy",
        timestamp=made_at,
    )
    assert plain.title == "42"
    assert plain.episode == EpisodeKey("42", "bestbuy", "", "")
    assert plain.band is Band.HIGH


def test_an_alert_cannot_be_changed(made_at):
    alert = Alert(id=UUID(int=1), type=AlertType.BACK_ORDER, priority=2, sku="42", retailer="x", timestamp=made_at)
    with pytest.raises(AttributeError):
        alert.priority = 10
    with pytest.raises(TypeError):
        alert.metadata["image_url"] = "https://elsewhere.example"


def priced(told: Any, currency: str = "USD") -> Decimal | None:
    bare = {"id": UUID(int=1), "type": AlertType.PRICE_DROP, "priority": 8, "sku": "1", "retailer": "shop"}
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    return Alert(**bare, timestamp=noon, currency=currency, metadata={"previous_price": told}).previous_price


@given(st.integers() | st.floats() | st.text() | st.none() | st.booleans() | st.lists(st.integers()) | st.decimals())
def test_whatever_metadata_says_a_previous_price_is_a_price_or_unknown(told: Any):
    price = priced(told)
    assert price is None or (price.is_finite() and 0 < price <= 10**12)


@pytest.mark.parametrize(
    ("told", "currency", "price"),
    [
        ("100", "USD", "100.00"),
        (" 19.994 ", "USD", "19.99"),
        (299.96999999999997, "USD", "299.97"),
        ("1500.5", "JPY", "1500"),
        ("1.2345", "KWD", "1.234"),
        ("0.004", "USD", None),
        ("1e999999", "USD", None),
        ("a lot", "USD", None),
    ],
)
def test_a_previous_price_is_as_people_are_shown_it(told: Any, currency: str, price: str | None):
    assert priced(told, currency) == (price and Decimal(price))
