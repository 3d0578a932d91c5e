from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.alert import Alert, AlertType
from tocsin.core.decision import Decision, Reason
from tocsin.core.errors import InvalidRequestError
from tocsin.core.record import AlertRecord, Cursor, money, rfc3339


@given(st.text("0123456789abcdefABC", min_size=1, max_size=20), st.integers(0, 10**18 - 1))
def test_a_cursor_is_read_as_it_is_written(epoch, position):
    assert Cursor.parse(str(Cursor(epoch, position))) == Cursor(epoch, position)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a",
        "a.",
        ".1",
        "a.b",
        "a.-1",
        "a.1.2",
        "a.1 ",
        "a. 1",
        "a.+1",
        "a.1_0",
        "a.٣",
        "a.²",
        "a b.1",
        f"a.{10**18}",
        "\0.1",
    ],
)
def test_what_no_server_gave_out_is_no_cursor(text):
    with pytest.raises(InvalidRequestError, match="not a cursor"):
        Cursor.parse(text)


@given(st.text())
def test_whatever_is_sent_as_a_cursor_is_one_or_refused(text):
    try:
        cursor = Cursor.parse(text)
    except InvalidRequestError:
        return
    assert cursor.position >= 0
    assert cursor.epoch


@pytest.mark.parametrize(
    ("price", "written"),
    [
        ("1999.99", "1999.99"),
        ("50", "50.00"),
        ("49.9", "49.90"),
        ("1E+3", "1000.00"),
        ("0.001", "0.001"),
        ("0", "0.00"),
    ],
)
def test_money_is_a_plain_decimal_with_its_cents(price, written):
    assert money(Decimal(price)) == written


@given(st.decimals(0, 10**9, places=6))
def test_money_loses_nothing(price):
    assert Decimal(money(price)) == price


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 3, 2, 12, 0, 0, 123999, tzinfo=UTC), "2026-03-02T12:00:00.123Z"),
        (datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=5, minutes=45))), "2026-03-02T06:15:00.000Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
    ],
)
def test_times_are_utc_with_milliseconds(moment, written):
    assert rfc3339(moment) == written
    assert datetime.fromisoformat(rfc3339(moment)) <= moment


def test_an_alert_goes_out_with_everything_the_doors_promise(made_at):
    record = AlertRecord(
        alert=Alert(
            id=UUID(int=1),
            type=AlertType.IN_STOCK,
            priority=9,
            sku="6634940",
            retailer="bestbuy",
            timestamp=made_at,
            price=Decimal("1999.9"),
            metadata={"stock": 3},
        ),
        accepted_at=made_at,
        decision=Decision.ACCEPTED,
        reason=Reason.NEW,
        repeats=2,
        last_seen_at=made_at + timedelta(seconds=1),
    )
    assert record.as_json() == {
        "id": "00000000-0000-0000-0000-000000000001",
        "type": "in_stock",
        "priority": 9,
        "band": "high",
        "sku": "6634940",
        "product_name": None,
        "retailer": "bestbuy",
        "price": "1999.90",
        "currency": "USD",
        "url": None,
        "variant": None,
        "seller": None,
        "timestamp": "2026-03-02T12:00:00.123Z",
        "metadata": {"stock": 3},
        "accepted_at": "2026-03-02T12:00:00.123Z",
        "decision": "accepted",
        "reason": "new",
        "state": "open",
        "repeats": 2,
        "last_seen_at": "2026-03-02T12:00:01.123Z",
    }
    assert replace(record, closed_at=made_at).as_json()["state"] == "closed"
