"""Where spending ends."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.alert import FLOOR, Band
from tocsin.rules.spending import Spending, SpendPolicy, day_of, is_sated, lowest, spending

CAP = SpendPolicy(per_day=Decimal(25), per_contact=10)
PRICE = Decimal("0.0083")
amounts = st.decimals(0, 100, places=4)


@pytest.mark.parametrize(
    ("money", "left"),
    [
        ("0", Spending.FREE),
        ("24.9917", Spending.FREE),
        ("24.9918", Spending.HIGH_BAND_ONLY),
        ("31.2417", Spending.HIGH_BAND_ONLY),
        ("31.2418", Spending.ENDED),
        ("1000", Spending.ENDED),
    ],
)
def test_at_the_cap_the_high_band_alone_goes_on_and_then_nobody(money: str, left: Spending):
    spent = Decimal(money)
    assert spending(CAP, spent, PRICE) is left
    expected = {Spending.FREE: Band.LOW, Spending.HIGH_BAND_ONLY: Band.HIGH, Spending.ENDED: None}
    assert lowest(CAP, spent, PRICE) is expected[left]


def test_a_person_has_a_bound_of_their_own():
    assert [is_sated(CAP, many) for many in (9, 10, 11)] == [False, True, True]


@given(amounts, st.integers(0, 10**6), amounts)
def test_without_bounds_everything_is_sent(money: Decimal, count: int, cost: Decimal):
    assert lowest(SpendPolicy(), money, cost) is Band.LOW
    assert not is_sated(SpendPolicy(), count)


@given(amounts, amounts, amounts, amounts)
def test_who_has_spent_more_may_never_send_more(cap: Decimal, less: Decimal, more: Decimal, cost: Decimal):
    policy = SpendPolicy(per_day=cap)
    before, after = lowest(policy, less, cost), lowest(policy, less + more, cost)
    assert after is None or (before is not None and FLOOR[before] <= FLOOR[after])


def test_the_cap_itself_may_be_spent():
    assert spending(CAP, Decimal(0), Decimal(25)) is Spending.FREE
    assert spending(CAP, Decimal("25.01")) is Spending.HIGH_BAND_ONLY


def test_a_day_begins_at_midnight():
    assert day_of(datetime(2026, 11, 30, 23, 59, 59, 999_999, UTC)) == datetime(2026, 11, 30, tzinfo=UTC)
