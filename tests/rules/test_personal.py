"""What a person wishes at the moment when something is about to leave."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.rules.made import CATALOG, alert

from tocsin.core.address import AddressKind
from tocsin.core.recipients import Recipient
from tocsin.core.secret import Secret
from tocsin.rules.personal import day_of, is_silent

BERLIN = ZoneInfo("Europe/Berlin")


def somebody(zone: str | None = None, **wishes: object) -> Recipient:
    return Recipient(
        slot=1,
        kind=AddressKind.PHONE,
        value=Secret("+14155550101"),
        lookup=b"",
        zone=zone,
        wishes=json.dumps(wishes) if wishes else None,
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "begins", "hours"),
    [
        ("UTC", "2026-11-30T12:00", "2026-11-30T00:00", 24),
        ("America/New_York", "2026-11-30T04:59", "2026-11-29T05:00", 24),
        ("America/New_York", "2026-11-30T05:00", "2026-11-30T05:00", 24),
        (None, "2026-11-30T23:30", "2026-11-30T23:00", 24),  # as the file says: Berlin
        ("America/New_York", "2026-11-01T12:00", "2026-11-01T04:00", 25),  # clocks are put back
        ("America/New_York", "2026-03-08T12:00", "2026-03-08T05:00", 23),
    ],
)
def test_a_day_is_one_where_the_person_lives(zone: str | None, now: str, begins: str, hours: int):
    begin = at(begins)
    assert day_of(somebody(zone), at(now), BERLIN) == (begin, begin + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("do", "now", "priority", "silent"),
    [
        ("silent", "2026-11-30T23:30", 9, True),
        ("silent", "2026-11-30T12:00", 9, False),
        ("silent", "2026-11-30T23:30", 10, False),  # the exception
        ("hold", "2026-11-30T23:30", 9, False),  # it has waited, or was planned before the night
    ],
)
def test_who_sleeps_may_find_it_in_the_morning(do: str, now: str, priority: int, silent: bool):  # noqa: FBT001 - a table
    quiet = {"from": "23:00", "to": "07:00", "do": do, "except": {"min_priority": 10}}
    who = somebody("UTC", quiet=quiet)
    assert is_silent(who, alert(priority=priority), CATALOG, at(now), BERLIN) is silent
    assert not is_silent(somebody("UTC"), alert(priority=priority), CATALOG, at(now), BERLIN)
