"""Whether a channel worked in a minute: it did not where something of it stood still on the provider's account, or we
did; it did where a request got through; else nobody knows, it was idle.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from tocsin.core.clock import epoch_micros

MINUTE = timedelta(minutes=1)
TOO_LONG = timedelta(seconds=60)  # that a due delivery waits for its provider
LONGEST_GAP = timedelta(days=366)
_MINUTES = 60

Hour = tuple[str, int, int, int]
"""A channel, an hour since 1970, and bit by bit the minutes of it that were up, and down. What was both was down."""


def minute_of(moment: datetime) -> int:
    """Count the minutes since 1970."""
    return epoch_micros(moment) // 60_000_000


def marked(minutes: Iterable[int]) -> Mapping[int, int]:
    """Mark minutes since 1970 bit by bit, by their hour."""
    hours: dict[int, int] = {}
    for minute in minutes:
        hour, bit = divmod(minute, _MINUTES)
        hours[hour] = hours.get(hour, 0) | 1 << bit
    return hours


def gap(last: datetime, now: datetime) -> range:
    """The minutes in between, in which nobody was there to look."""
    since = max(last, now - LONGEST_GAP)
    return range(minute_of(since) + 1, minute_of(now))


def worked(hours: Iterable[Hour], until: datetime) -> tuple[int, int]:
    """How many minutes of these hours were up, and how many down, as far as they have begun by then."""
    up = down = 0
    this, so_far = divmod(minute_of(until), _MINUTES)
    begun = (1 << so_far + 1) - 1
    for _, hour, was_up, was_down in hours:
        if hour > this:
            continue
        if hour == this:
            was_up, was_down = was_up & begun, was_down & begun  # noqa: PLW2901 - the rest has not been yet
        up += (was_up & ~was_down).bit_count()
        down += was_down.bit_count()
    return up, down


def signs(hour: int, up: int, down: int, until: datetime) -> str:
    """A sign for each minute of an hour that has begun by then: `u` up, `d` down, `.` idle."""
    return "".join(_sign(up >> minute & 1, down >> minute & 1) for minute in range(_begun(hour, until)))


def _sign(up: int, down: int) -> str:
    return "d" if down else "u" if up else "."


def _begun(hour: int, until: datetime) -> int:
    """How many minutes of an hour have begun by then."""
    return min(_MINUTES, max(0, minute_of(until) + 1 - hour * _MINUTES))
