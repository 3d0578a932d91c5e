"""Requests of a month last until its end, however they were spent so far."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rules.allotment import month_end, rest_between

LEAST = timedelta(seconds=30)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (datetime(2026, 2, 28, 23, 59, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_month_ends_where_the_next_begins(now: datetime, end: datetime) -> None:
    assert month_end(now) == end


def test_without_a_cap_only_the_least_rest_counts() -> None:
    assert rest_between(10_000, None, NOON, LEAST) == LEAST


def test_a_thousand_calls_of_a_new_month_are_one_in_three_quarters_of_an_hour() -> None:
    first = datetime(2026, 11, 1, tzinfo=UTC)
    assert rest_between(0, 1000, first, LEAST) == timedelta(days=30) / 1000


def test_a_used_up_month_rests_until_the_next() -> None:
    assert rest_between(1000, 1000, NOON, LEAST) == month_end(NOON) - NOON


@given(
    now=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - zoned there
    made=st.integers(0, 2000),
    allowed=st.integers(1, 1000),
)
def test_what_is_left_is_never_overspent(now: datetime, made: int, allowed: int) -> None:
    """Whoever keeps to it makes no more calls until the end of the month than are left of it."""
    rest = rest_between(made, allowed, now, LEAST)
    assert rest >= min(LEAST, month_end(now) - now)
    assert made + (month_end(now) - now) / rest <= max(made + 1, allowed) * (1 + 1e-6)
