"""Days and times as reports write them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.pipeline.purchases.day import days_first, read_span

PACIFIC = ZoneInfo("America/Los_Angeles")
DAY = datetime(2026, 9, 15, tzinfo=UTC)
WHOLE = timedelta(days=1) - timedelta(microseconds=1)


@pytest.mark.parametrize(
    "text",
    [
        "2026-09-15", "20260915", "2026/09/15", "2026.9.15", "09/15/2026", "9/15/26", "15/09/2026", "15.09.2026",
        "15.9.26", "15-09-2026", "September 15 2026", "September 15, 2026", "Sep. 15, 2026", "15 Sep 2026",
        "15-Sep-2026", "15. September 2026", "15 septembre 2026", "15 de septiembre de 2026", "15 settembre 2026",
    ],
)  # fmt: skip
def test_a_day_is_the_whole_of_it(text: str):
    assert read_span(text, "", UTC, day_first=False) == (DAY, DAY + WHOLE)


@pytest.mark.parametrize(
    ("text", "month"),
    [("15 août 2026", 8), ("15. März 2026", 3), ("15 Mai 2026", 5), ("15. Dez 2026", 12), ("15 juil. 2026", 7)],
)
def test_months_have_names_in_several_languages(text: str, month: int):
    assert read_span(text, "", UTC, day_first=False).first.month == month


@pytest.mark.parametrize(
    ("day", "clock", "moment"),
    [
        ("2026-09-15T13:45:00Z", "", "2026-09-15T13:45:00"),
        ("2026-09-15T13:45:00.250+02:00", "", "2026-09-15T11:45:00.250"),
        ("2026-09-15 13:45:00", "", "2026-09-15T20:45:00"),
        ("09/15/2026", "1:45 PM", "2026-09-15T20:45:00"),
        ("09/15/2026", "12:05 AM", "2026-09-15T07:05:00"),
        ("09/15/2026 13:45", "", "2026-09-15T20:45:00"),
        ("09/15/2026", "13:45:30 UTC", "2026-09-15T13:45:30"),
        ("09/15/2026", "10:45 EDT", "2026-09-15T14:45:00"),
    ],
)
def test_a_time_without_a_zone_is_in_that_of_the_report(day: str, clock: str, moment: str):
    span = read_span(day, clock, PACIFIC, day_first=False)
    assert span.first == span.last == datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_a_day_begins_and_ends_where_the_report_was_written():
    first, last = read_span("2026-11-01", "", PACIFIC, day_first=False)
    assert first == datetime(2026, 11, 1, 7, tzinfo=UTC)
    assert last - first == timedelta(hours=25) - timedelta(microseconds=1)  # clocks go back on that day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "32/01/2026",
        "2026-02-30",
        "15 Foo 2026",
        "13/13/2026",
        "0/0/0",
        "2026",
        "=15/09/2026",
        "1066-10-14",
        "9999-12-31",
    ],
)
def test_what_is_no_day_is_told(text: str):
    with pytest.raises(ValueError, match=r"\w"):
        read_span(text, "", UTC, day_first=False)


@pytest.mark.parametrize("clock", ["25:00", "noon", "10:45 XYZ", "10.45"])
def test_what_is_no_time_is_told(clock: str):
    with pytest.raises(ValueError, match=r"\w"):
        read_span("2026-09-15", clock, UTC, day_first=False)


@pytest.mark.parametrize(
    ("days", "first"),
    [
        (["01/02/2026", "13/02/2026"], {True}),
        (["01/02/2026", "02/13/2026"], {False}),
        (["01/02/2026"], {False, True}),
        (["13/01/2026", "01/13/2026"], {False, True}),
        (["15.02.2026", "2026-02-15"], {False, True}),
    ],
)
def test_days_that_can_be_read_in_one_way_only_say_it_for_the_others(days: list[str], first: set[bool]):
    assert {days_first(days, usual=usual) for usual in (False, True)} == first


@given(st.timedeltas(timedelta(0), timedelta(days=30_000)), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d"]))
def test_what_is_written_is_read_back(since: timedelta, form: str):
    moment = (datetime(2001, 1, 1, tzinfo=UTC) + since).replace(microsecond=0)
    for clock in ("%H:%M:%S", "%I:%M:%S %p"):
        span = read_span(moment.strftime(form), moment.strftime(clock), UTC, day_first=form.startswith("%d"))
        assert span.first == moment
