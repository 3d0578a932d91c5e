"""Measures how long something took, whatever became of the wall clock meanwhile."""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tocsin.core.clock import Clock

JUMP = timedelta(seconds=0.5)  # smaller differences are a clock being slewed
ROUNDING_S = 0.001
_REMEMBERED = 32  # jumps


class _Setting(NamedTuple):
    """The wall clock as it was set for a while: its first possible reading, and what it read at the monotonic 0."""

    first: datetime
    origin: datetime


class LatencyMeter:
    """Knows how the wall clock was set since this process began; it looks whenever it is asked. What began between two
    looks and before a jump that is smaller than the time between them is off by that jump, and nothing else is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looked_at = clock.monotonic()
        origin = clock.now() - timedelta(seconds=self._looked_at)
        self._settings = deque([_Setting(datetime.min.replace(tzinfo=UTC), origin)], _REMEMBERED)

    def span(self, begun: datetime, ended: float) -> float:
        """Seconds from a reading of the wall clock to a monotonic time, never negative. What it read twice counts as
        the later one.
        """
        self._look()
        latest = ended + ROUNDING_S
        showed = (one for one in reversed(self._settings) if one.first <= begun and _read(one, begun) <= latest)
        return max(0.0, ended - _read(next(showed, self._settings[-1]), begun))

    def _look(self) -> None:
        """See whether the wall clock was set meanwhile."""
        monotonic = self._clock.monotonic()
        origin = self._clock.now() - timedelta(seconds=monotonic)
        if abs(origin - self._settings[-1].origin) > JUMP:
            self._settings.append(_Setting(origin + timedelta(seconds=self._looked_at), origin))
        self._looked_at = monotonic


def _read(setting: _Setting, moment: datetime) -> float:
    """The monotonic time at which the wall clock, so set, showed that moment."""
    return (moment - setting.origin).total_seconds()
