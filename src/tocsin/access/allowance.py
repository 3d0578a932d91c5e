"""An allowance: so often within a while, for each of many."""

from collections import deque
from datetime import timedelta

from tocsin.core.clock import Clock

MOST = 10_000  # of whom it is remembered; those of long ago are forgotten first


class Allowance:
    """`most` times within `window`, by the clock that nobody sets."""

    def __init__(self, clock: Clock, most: int, window: timedelta) -> None:
        self._clock = clock
        self._most = most
        self._window_s = window.total_seconds()
        self._times: dict[str, deque[float]] = {}

    def take(self, whose: str) -> bool:
        """Whether it is within the allowance; what is not does not count."""
        now = self._clock.monotonic()
        times = self._times.pop(whose, None) or deque()
        while times and times[0] <= now - self._window_s:
            times.popleft()
        allowed = len(times) < self._most
        if allowed:
            times.append(now)
        self._times[whose] = times
        if len(self._times) > MOST:
            del self._times[next(iter(self._times))]
        return allowed
