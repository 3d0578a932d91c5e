"""The minutes of an hour, sign by sign, as far as it has begun."""

from datetime import UTC, datetime

import pytest

from tocsin.core.analytics import hour_of
from tocsin.rules.uptime import signs, worked

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = hour_of(NOON)


@pytest.mark.parametrize(
    ("hour", "until", "told"),
    [
        (HOUR, NOON.replace(minute=4, second=59), "u.dd."),
        (HOUR, NOON, "u"),
        (HOUR - 1, NOON, "u.dd" + 56 * "."),
        (HOUR + 1, NOON.replace(minute=59), ""),
    ],
)
def test_a_minute_that_was_both_is_down_and_one_that_has_not_begun_is_nothing(
    hour: int, until: datetime, told: str
) -> None:
    up, down = 0b0101, 0b1100
    assert signs(hour, up, down, until) == told
    assert worked([("sms", hour, up, down)], until) == (told.count("u"), told.count("d"))


def test_the_minutes_of_many_hours_are_added_up() -> None:
    all_of_it = (1 << 60) - 1
    hours = [("sms", hour, all_of_it, 1) for hour in (HOUR - 2, HOUR - 1, HOUR, HOUR + 1)]
    assert worked(hours, NOON.replace(minute=9)) == (59 + 59 + 9, 3)
