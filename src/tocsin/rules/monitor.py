"""A monitor counts as lost when nothing was heard of it for three of its intervals."""

from dataclasses import replace
from datetime import datetime

from tocsin.core.monitor import Monitor

SILENT_INTERVALS = 3


def heard(monitor: Monitor, now: datetime) -> Monitor:
    """The monitor after a sign of life: whoever was lost is back."""
    return replace(monitor, heard_at=now, lost_at=None)


def judged(monitor: Monitor, silent_s: float, now: datetime) -> Monitor:
    """The monitor after so many seconds of silence; the same one where nothing changes."""
    if monitor.lost_at is None and silent_s > SILENT_INTERVALS * monitor.interval.total_seconds():
        return replace(monitor, lost_at=now)
    return monitor
