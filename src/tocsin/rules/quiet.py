"""Hours in which a target wants less noise."""

from dataclasses import dataclass
from datetime import datetime, time
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
    """`start` may be later than `end`: the night between them. `loud` (the file's `except`) is never quietened."""

    start: time
    end: time
    zone: ZoneInfo
    loud: Match | None = None


@dataclass(frozen=True, slots=True)
class QuietRule:
    hours: QuietHours
    do: QuietAction


def quiet_until(hours: QuietHours, now: datetime) -> datetime | None:
    """The end of the quiet hours that `now` lies in; None outside of them. Right across a change of the clocks."""
    raise NotImplementedError


def hush(rule: QuietRule | None, alert: Alert, catalog: Catalog, now: datetime) -> QuietAction | None:
    """What the quiet hours ask for, for this alert, now."""
    raise NotImplementedError
