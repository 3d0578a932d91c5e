"""Who waits for a digest, and for which: once a day, at its hour, whatever the clocks do."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.made import CATALOG, alert

from tocsin.core.address import AddressKind
from tocsin.core.alert import Band
from tocsin.core.decision import Chosen, Hold, LeftOut
from tocsin.core.delivery import Target
from tocsin.core.recipients import NOBODY
from tocsin.rules.audience import ChannelWishes, Directory, ListPolicy, Sleep
from tocsin.rules.choice import Choice
from tocsin.rules.digest import LIFE, DigestRule, DigestWishes, Gathering, Zones, next_hour
from tocsin.rules.quiet import QuietAction, QuietHours, QuietRule

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
EIGHT = time(8)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "at", "now", "then"),
    [
        # An ordinary day: before, at and after the hour.
        (NEW_YORK, EIGHT, "2026-11-30T12:59:59", "2026-11-30T13:00:00"),
        (NEW_YORK, EIGHT, "2026-11-30T13:00:00", "2026-12-01T13:00:00"),
        (NEW_YORK, EIGHT, "2026-11-30T13:00:30", "2026-12-01T13:00:00"),
        # New York puts its clocks forward on the 8th of March at 02:00, Berlin on the 29th.
        (NEW_YORK, EIGHT, "2026-03-07T20:00:00", "2026-03-08T12:00:00"),
        (NEW_YORK, EIGHT, "2026-03-06T20:00:00", "2026-03-07T13:00:00"),
        (BERLIN, EIGHT, "2026-03-28T20:00:00", "2026-03-29T06:00:00"),
        # Back on the 1st of November, and on the 25th of October.
        (NEW_YORK, EIGHT, "2026-10-31T20:00:00", "2026-11-01T13:00:00"),
        (BERLIN, EIGHT, "2026-10-24T20:00:00", "2026-10-25T07:00:00"),
        # An hour that is skipped comes an hour later; one that comes twice, the first time and no second.
        (NEW_YORK, time(2, 30), "2026-03-08T05:00:00", "2026-03-08T07:30:00"),
        (NEW_YORK, time(2, 30), "2026-03-08T07:30:00", "2026-03-09T06:30:00"),
        (NEW_YORK, time(1, 30), "2026-11-01T05:00:00", "2026-11-01T05:30:00"),
        (NEW_YORK, time(1, 30), "2026-11-01T05:30:00", "2026-11-02T06:30:00"),
        # Midnight that does not exist (Santiago, the 6th of September).
        (ZoneInfo("America/Santiago"), time(0), "2026-09-05T12:00:00", "2026-09-06T04:00:00"),
        # The line of dates.
        (ZoneInfo("Pacific/Kiritimati"), EIGHT, "2026-11-30T12:00:00", "2026-11-30T18:00:00"),
        (ZoneInfo("Pacific/Pago_Pago"), EIGHT, "2026-11-30T19:30:00", "2026-12-01T19:00:00"),
        (ZoneInfo("Asia/Kathmandu"), EIGHT, "2026-11-30T00:00:00", "2026-11-30T02:15:00"),
    ],
)
def test_the_next_hour(zone: ZoneInfo, at: time, now: str, then: str):
    assert next_hour(at, zone, utc(now)) == utc(then)


ZONES = st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Tokyo", "Africa/Casablanca"])
HOURS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
MOMENTS = st.integers(0, 365 * 24 * 60).map(lambda minutes: utc("2026-01-01T00:00:00") + timedelta(minutes=minutes))


@settings(max_examples=100)
@given(ZONES, HOURS, MOMENTS)
def test_there_is_one_each_day(name: str, at: time, now: datetime):
    zone = ZoneInfo(name)
    first = next_hour(at, zone, now)
    second = next_hour(at, zone, first)
    assert now < first <= now + timedelta(hours=26)
    assert (second.astimezone(zone).date() - first.astimezone(zone).date()).days == 1
    shown = first.astimezone(zone)
    skipped = shown.replace(tzinfo=None) - datetime.combine(shown.date(), at)
    assert skipped in (timedelta(), timedelta(minutes=30), timedelta(hours=1))


ADA, BOB, EVA, KIM = 0b0010, 0b0100, 0b1000, 0b10000
ALL = ADA | BOB | EVA | KIM
ZONED = Zones(known={"America/New_York": ADA, "Europe/Berlin": BOB | EVA}, usual=ZoneInfo("UTC"))
NOON = utc("2026-11-30T12:00:00")
WISHES = DigestWishes(daily=BOB, never=EVA)


def waiting(rule: DigestRule, band: Band, wishes: DigestWishes = WISHES) -> int:
    holds = Gathering(rule, wishes, ZONED).holds(ALL, band, NOON)
    everybody = NOBODY
    for hold in holds:
        assert not everybody & hold.audience
        everybody |= hold.audience
    return everybody


@pytest.mark.parametrize(
    ("below", "band", "who"),
    [
        (Band.MEDIUM, Band.HIGH, NOBODY),
        (Band.MEDIUM, Band.MEDIUM, BOB),
        (Band.MEDIUM, Band.LOW, ALL ^ EVA),
        (Band.HIGH, Band.HIGH, NOBODY),
        (Band.HIGH, Band.MEDIUM, ALL ^ EVA),
        (Band.HIGH, Band.LOW, ALL ^ EVA),
        (Band.LOW, Band.MEDIUM, BOB),
        (Band.LOW, Band.LOW, BOB),
    ],
)
def test_who_waits(below: Band, band: Band, who: int):
    assert waiting(DigestRule(below=below), band) == who


def test_each_until_the_hour_where_they_live():
    rule = DigestRule(at=EIGHT, below=Band.HIGH)
    told = "waits for the digest of 08:00"
    assert Gathering(rule, DigestWishes(), ZONED).holds(ALL, Band.LOW, NOON) == (
        Hold(utc("2026-11-30T13:00:00"), told, ADA, LIFE),
        Hold(utc("2026-12-01T07:00:00"), told, BOB | EVA, LIFE),
        Hold(utc("2026-12-01T08:00:00"), told, KIM, LIFE),
    )


def test_the_zone_of_the_list_is_for_those_of_whom_none_is_known_and_equal_hours_are_one():
    rule = DigestRule(at=EIGHT, zone=NEW_YORK, below=Band.HIGH)
    first, _ = Gathering(rule, DigestWishes(), ZONED).holds(ALL, Band.LOW, NOON)
    assert (first.until, first.audience) == (utc("2026-11-30T13:00:00"), ADA | KIM)


MAILBOXES = frozenset({AddressKind.MAILBOX})
LIST = ListPolicy(kinds=MAILBOXES, digest=DigestRule(below=Band.HIGH))
EVE = QuietHours(start=time(6), end=time(13), zone=NEW_YORK)  # it is 07:00 there at noon


def chosen(quiet: QuietAction, *, priority: int = 2, critical: bool = False) -> Chosen:
    picture = Directory(
        kinds={AddressKind.MAILBOX: ALL},
        willing=ALL,
        zones=ZONED,
        contacts=(0, 1, 2, 3, 4),
        channels={"email": ChannelWishes(digest=WISHES)},
        sleeps=(Sleep(QuietRule(EVE, quiet), BOB | EVA),),
    )
    choice = Choice(picture, alert(priority=priority), CATALOG, NOON)
    return choice.of(Target("email", "vip"), LIST, critical=critical)


def test_a_digest_goes_before_the_end_of_the_night_and_a_night_that_misses_before_a_digest():
    held = chosen(QuietAction.HOLD)
    assert held.now == NOBODY
    assert [(hold.life, hold.audience) for hold in held.held] == [(LIFE, ADA), (LIFE, BOB), (LIFE, KIM), (None, EVA)]
    dropped = chosen(QuietAction.DROP)
    assert dropped.everybody == ADA | KIM
    assert dropped.left_out == {LeftOut.QUIET: 2}


def test_what_is_urgent_or_critical_waits_for_none():
    assert chosen(QuietAction.SILENT, priority=8).now == ALL
    assert chosen(QuietAction.HOLD, critical=True).now == ALL
