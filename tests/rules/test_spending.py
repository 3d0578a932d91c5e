"""Where spending ends."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.alert import Band
from tocsin.rules.spending import Spending, SpendPolicy, Spent, day_of, may_spend, spending

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
    spent = Spent(money=Decimal(money))
    assert spending(CAP, spent, PRICE) is left
    sent = {band: may_spend(CAP, spent, band, PRICE) is None for band in Band}
    assert sent == {
        Band.HIGH: left is not Spending.ENDED,
        Band.MEDIUM: left is Spending.FREE,
        Band.LOW: left is Spending.FREE,
    }


def test_a_person_has_a_bound_of_their_own_whatever_the_band():
    for band in Band:
        assert may_spend(CAP, Spent(to_contact=9), band, PRICE) is None
        assert "per_contact" in str(may_spend(CAP, Spent(to_contact=10), band, PRICE))


@given(amounts, st.integers(0, 10**6), st.sampled_from(Band), amounts)
def test_without_bounds_everything_is_sent(money: Decimal, count: int, band: Band, cost: Decimal):
    assert may_spend(SpendPolicy(), Spent(money=money, to_contact=count), band, cost) is None


@given(amounts, amounts, amounts, amounts, st.sampled_from(Band))
def test_who_has_spent_more_may_never_send_more(cap: Decimal, less: Decimal, more: Decimal, cost: Decimal, band: Band):
    policy = SpendPolicy(per_day=cap)
    if may_spend(policy, Spent(money=less), band, cost) is not None:
        assert may_spend(policy, Spent(money=less + more), band, cost) is not None


def test_who_has_spent_nothing_begins_with_nothing():
    assert spending(CAP, Spent(), Decimal(25)) is Spending.FREE
    assert spending(CAP, Spent(money=Decimal("25.01"))) is Spending.HIGH_BAND_ONLY
    assert may_spend(SpendPolicy(per_contact=0), Spent(), Band.HIGH, PRICE) is not None


def test_a_day_begins_at_midnight():
    assert day_of(datetime(2026, 11, 30, 23, 59, 59, 999_999, UTC)) == datetime(2026, 11, 30, tzinfo=UTC)
