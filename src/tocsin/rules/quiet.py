"""Quiet hours are hours in which a target wants less noise."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tocsin.core.alert import Alert
from tocsin.rules.catalog import Catalog
from tocsin.rules.match import Match


class QuietAction(StrEnum):
    UNMENTION = "unmention"  # nobody is rung out to
    SILENT = "silent"  # no sound at the receiver
    HOLD = "hold"  # wait until the hours end, if the alert is still alive then
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Quiet hours run from `start` to `end`, which may be earlier: the night between them.

    `loud` (the file's `except`) is never quietened; `name` is what the timeline calls them. Raises ValueError for equal
    times: such hours would never end.
    """

    start: time
    end: time
    zone: ZoneInfo
    loud: Match | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError(f"quiet hours from {self.start:%H:%M} to {self.end:%H:%M} would never end")

    def __str__(self) -> str:
        return f"the quiet hours {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class QuietRule:
    hours: QuietHours
    do: QuietAction


def quiet_until(hours: QuietHours, now: datetime) -> datetime | None:
    """The end (UTC) of the quiet hours that `now` lies in; None outside of them.

    Right across a change of the clocks: a time that comes twice starts them the first time and ends them the second;
    one that is skipped counts as much later as the clocks were put forward.
    """
    today = now.astimezone(hours.zone).date()
    for day in (today - timedelta(days=1), today):
        begin, end = _night_of(hours, day)
        if begin <= now < end:
            return end
    return None


def told_held(hours: QuietHours, until: datetime) -> str:
    """The words by which the timeline tells that an alert waits for the end of quiet hours."""
    return f"held until {until.astimezone(hours.zone):%H:%M} ({hours.zone}) by {hours}"


def hush(rule: QuietRule | None, alert: Alert, catalog: Catalog, now: datetime) -> QuietAction | None:
    """What the quiet hours ask for, for this alert, now."""
    if rule is None or quiet_until(rule.hours, now) is None:
        return None
    loud = rule.hours.loud
    return None if loud is not None and loud.admits(alert, catalog) else rule.do


def _night_of(hours: QuietHours, day: date) -> tuple[datetime, datetime]:
    """The quiet hours that begin on this day, in UTC."""
    morning = day if hours.start < hours.end else day + timedelta(days=1)
    return _instants(hours, day, hours.start)[0], max(_instants(hours, morning, hours.end))


def _instants(hours: QuietHours, day: date, at: time) -> tuple[datetime, datetime]:
    """The two readings of a local time; they differ only where the clocks change."""
    first, second = (datetime.combine(day, at.replace(fold=fold), hours.zone).astimezone(UTC) for fold in (0, 1))
    return first, second
