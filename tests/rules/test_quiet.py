from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.made import CATALOG, alert

from tocsin.rules.match import Match
from tocsin.rules.quiet import QuietAction, QuietHours, QuietRule, hush, quiet_until

NEW_YORK = ZoneInfo("America/New_York")


def hours(start: str, end: str, zone: ZoneInfo = NEW_YORK, **more) -> QuietHours:
    return QuietHours(start=time.fromisoformat(start), end=time.fromisoformat(end), zone=zone, **more)


def local(text: str, zone: ZoneInfo = NEW_YORK, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


NIGHT = hours("23:00", "07:00")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-01-10T22:59:59", None),
        ("2026-01-10T23:00:00", "2026-01-11T07:00:00"),
        ("2026-01-11T00:00:00", "2026-01-11T07:00:00"),
        ("2026-01-11T06:59:59", "2026-01-11T07:00:00"),
        ("2026-01-11T07:00:00", None),
        ("2026-01-11T12:00:00", None),
    ],
)
def test_a_night_lasts_across_midnight(now, until):
    assert quiet_until(NIGHT, local(now)) == (until and local(until))


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-01-10T11:59:00", None),
        ("2026-01-10T12:00:00", "2026-01-10T13:30:00"),
        ("2026-01-10T13:30:00", None),
    ],
)
def test_hours_of_one_day_stay_within_it(now, until):
    assert quiet_until(hours("12:00", "13:30"), local(now)) == (until and local(until))


def test_equal_times_are_refused_for_they_would_never_end():
    with pytest.raises(ValueError, match="from 08:00 to 08:00 would never end"):
        hours("08:00", "08:00")


@pytest.mark.parametrize(
    ("evening", "lasts"),
    [
        ("2026-03-07T23:00", 7),  # the clocks go forward in this night
        ("2026-10-31T23:00", 9),  # and back in this one
        ("2026-06-01T23:00", 8),
    ],
)
def test_a_night_ends_by_the_clock_on_the_wall_however_long_it_was(evening, lasts):
    assert quiet_until(NIGHT, local(evening)) == local(evening) + timedelta(hours=lasts)


def test_an_end_that_comes_twice_is_the_second():
    early = hours("23:00", "01:30")
    second = local("2026-11-01T01:30", fold=1)
    assert quiet_until(early, local("2026-11-01T01:15")) == second
    assert quiet_until(early, local("2026-11-01T01:45")) == second
    assert quiet_until(early, local("2026-11-01T01:15", fold=1)) == second
    assert quiet_until(early, second) is None


def test_a_start_that_comes_twice_is_the_first():
    late = hours("01:30", "06:00")
    assert quiet_until(late, local("2026-11-01T01:15")) is None
    assert quiet_until(late, local("2026-11-01T01:30")) is not None
    assert quiet_until(late, local("2026-11-01T01:15", fold=1)) is not None


def test_times_that_are_skipped_come_as_much_later():
    assert quiet_until(hours("23:00", "02:30"), local("2026-03-08T01:59")) == local("2026-03-08T03:30")
    assert quiet_until(hours("02:30", "06:00"), local("2026-03-08T03:15")) is None
    assert quiet_until(hours("02:30", "06:00"), local("2026-03-08T03:30")) == local("2026-03-08T06:00")


ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")]
)
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
SPANS = st.tuples(TIMES, TIMES).filter(lambda span: span[0] != span[1])
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@settings(max_examples=200)
@given(SPANS, ZONES, MOMENTS)
def test_quiet_hours_end_in_the_future_within_a_day_and_when_they_end_they_have_ended(span, zone, now):
    start, end = span
    quiet = QuietHours(start=start, end=end, zone=zone)
    until = quiet_until(quiet, now)
    if until is None:
        return
    assert now < until <= now + timedelta(hours=25)
    assert quiet_until(quiet, until) is None


@settings(max_examples=200)
@given(SPANS, MOMENTS)
def test_where_clocks_never_change_the_wall_says_whether_it_is_quiet(span, now):
    start, end = span
    wall = now.time()
    inside = start <= wall < end if start < end else (wall >= start or wall < end)
    assert (quiet_until(QuietHours(start=start, end=end, zone=ZoneInfo("UTC")), now) is not None) == inside


@pytest.mark.parametrize("do", QuietAction)
def test_a_target_is_hushed_as_it_wishes_but_for_what_is_loud(do):
    rule = QuietRule(hours("23:00", "07:00", loud=Match(min_priority=10)), do)
    asleep, awake = local("2026-01-10T23:30"), local("2026-01-10T12:00")
    assert hush(rule, alert(priority=9), CATALOG, asleep) is do
    assert hush(rule, alert(priority=10), CATALOG, asleep) is None
    assert hush(rule, alert(priority=9), CATALOG, awake) is None
    assert hush(None, alert(), CATALOG, asleep) is None
