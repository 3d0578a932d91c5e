"""A period is some whole hours, cut into buckets by the clocks of a zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tocsin.core.analytics import DAY, HOUR, MONDAY, WEEK, Buckets, Offset, hour_from, hour_of
from tocsin.core.errors import Detail, InvalidRequestError

USUAL = timedelta(days=7)
MOST_BUCKETS = 5000
_MOST_YEARS = 50

_LOCAL = datetime(1970, 1, 1)  # noqa: DTZ001 - of the clocks on a wall, whatever zone they show
_HOUR = timedelta(hours=1)


class Bucket(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


_HOURS = {Bucket.HOUR: HOUR, Bucket.DAY: DAY, Bucket.WEEK: WEEK}


@dataclass(frozen=True, slots=True)
class Period:
    """Whole hours since 1970: from `since` on, up to `until`."""

    since: int
    until: int

    @property
    def begin(self) -> datetime:
        return hour_from(self.since)

    @property
    def end(self) -> datetime:
        return hour_from(self.until)

    @property
    def before(self) -> "Period":
        """The one before it, as long."""
        return Period(2 * self.since - self.until, self.since)


def period(since: datetime | None, until: datetime | None, now: datetime) -> Period:
    """The hours that the time from `since` to `until` touches; by default the last week. Raises InvalidRequestError
    where it would end before it began, or be longer than anybody lives to see.
    """
    until = until or now
    since = since or until - USUAL
    if since >= until:
        raise _wrong("since", f"is not before `until` ({until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ})")
    if until - since > timedelta(days=366 * _MOST_YEARS):
        raise _wrong("since", f"is more than {_MOST_YEARS} years before `until`")
    return Period(hour_of(since), hour_of(until - timedelta(microseconds=1)) + 1)


def buckets(of: Period, bucket: Bucket, zone: ZoneInfo) -> Buckets:
    """The buckets of a period. Raises InvalidRequestError where there would be too many."""
    hours = _HOURS[bucket]
    many = (of.until - of.since) // hours
    if many > MOST_BUCKETS:
        raise _wrong("bucket", f"{bucket} makes {many:,} buckets of that time, and {MOST_BUCKETS:,} are the most")
    return Buckets(hours=hours, begin=MONDAY if bucket is Bucket.WEEK else 0, offsets=tuple(_offsets(of, zone, hours)))


def bucket_begin(number: int, of: Buckets, zone: ZoneInfo) -> datetime:
    """When a bucket begins."""
    local = _LOCAL + (number * of.hours + of.begin) * _HOUR
    if of.hours == HOUR:
        return local.replace(tzinfo=UTC)
    return local.replace(tzinfo=zone).astimezone(UTC)


def bucket_number(hour: int, of: Buckets) -> int:
    """Tell the number of the bucket that an hour begins in."""
    ahead = next((offset.ahead for offset in reversed(of.offsets) if hour >= offset.since), timedelta())
    return (hour + ahead // _HOUR - of.begin) // of.hours


def _offsets(of: Period, zone: ZoneInfo, hours: int) -> Iterator[Offset]:
    """An hour is an hour in every zone."""
    if hours == HOUR:
        return
    last: timedelta | None = None
    for hour in _looked_at(of):
        ahead = hour_from(hour).astimezone(zone).utcoffset() or timedelta()
        if ahead == last:
            continue
        since = hour if last is None else _changed(hour - DAY, hour, last, zone)
        yield Offset(since, ahead)
        last = ahead


def _looked_at(of: Period) -> Iterator[int]:
    """No zone changes its clocks twice a day."""
    yield from range(of.since, of.until, DAY)
    yield of.until


def _changed(before: int, after: int, last: timedelta, zone: ZoneInfo) -> int:
    """The first hour in between that is not as far ahead as before."""
    return next(hour for hour in range(before, after + 1) if hour_from(hour).astimezone(zone).utcoffset() != last)


def _wrong(key: str, message: str) -> InvalidRequestError:
    return InvalidRequestError.at(Detail(key, message))
