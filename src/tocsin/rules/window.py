"""A sliding window counts how much of a rate is used, and says when enough of it is free again. Floats are monotonic
seconds.

What it costs does not grow with the rate. A window of up to `EXACT` uses keeps each of them; a larger one keeps as many
slices of its time, and counts every use of a slice as made at the slice's end. So it may open a slice too late, and
never too early.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

EXACT = 128

Use = tuple[float, int]
"""When it counts as made, and how many units it took."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate allows at most `count` units within any window of `per`."""

    count: int
    per: timedelta
    per_s: float = field(init=False, repr=False, compare=False)
    slice_s: float = field(init=False, repr=False, compare=False)  # 0 where each use is kept

    def __post_init__(self) -> None:
        seconds = self.per.total_seconds()
        object.__setattr__(self, "per_s", seconds)
        object.__setattr__(self, "slice_s", 0.0 if self.count <= EXACT else seconds / EXACT)


class Window(NamedTuple):
    """A window has the `uses` of a rate in order, one for each moment, and `total`, the sum of their units.

    What has left the window stays in both until the next use.
    """

    rate: Rate
    uses: tuple[Use, ...] = ()
    total: int = 0

    def opens_at(self, units: int, usable: int) -> float:
        """When so many units, or as many as are ever `usable` at once, are free: any time up to now means at once."""
        needed = min(units, usable)
        left = self.total
        if left + needed <= usable:
            return -math.inf
        for at, taken in self.uses:
            left -= taken
            if left + needed <= usable:
                return at + self.rate.per_s
        raise AssertionError("an empty window has room for what is usable")

    def spend(self, at: float, units: int = 1) -> "Window":
        """The window with so many units more used at that time. More than the rate has at once take up the windows that
        follow as well.
        """
        window = self.since(at)
        if units <= self.rate.count:
            return _with(window, self._moment(at), units)
        for moment, taken in self._spread(at, units):
            window = _with(window, moment, taken)
        return window

    def give_back(self, at: float, units: int = 1) -> "Window":
        """The window without what was spent then: it was not, after all."""
        if units <= self.rate.count:
            return _with(self, self._moment(at), -units)
        window = self
        for moment, taken in self._spread(at, units):
            window = _with(window, moment, -taken)
        return window

    def move(self, at: float, later: float, units: int = 1) -> "Window":
        """The window with what was spent then counted as spent later."""
        if units <= self.rate.count:
            before, after = self._moment(at), self._moment(later)
            if before == after:
                return self
            if self.uses and self.uses[-1] == (before, units):  # nothing else was spent meanwhile
                return Window(self.rate, (*self.uses[:-1], (after, units)), self.total)
        return self.give_back(at, units).spend(later, units)

    def merge(self, uses: Iterable[Use]) -> "Window":
        """The window with what was used elsewhere counted as well."""
        window = self
        for at, units in uses:
            window = _with(window, self._moment(at), units)
        return window

    def since(self, at: float) -> "Window":
        """The window without what has left it by then."""
        left_until, uses = at - self.rate.per_s, self.uses
        if not uses or uses[0][0] > left_until:
            return self
        kept = bisect_left(uses, (left_until, math.inf))
        return Window(self.rate, uses[kept:], self.total - sum(units for _, units in uses[:kept]))

    def _spread(self, at: float, units: int) -> tuple[Use, ...]:
        count, per = self.rate.count, self.rate.per_s
        windows = range(min(-(-units // count), EXACT))
        return tuple((self._moment(at + per * later), min(count, units - count * later)) for later in windows)

    def _moment(self, at: float) -> float:
        """When a use of that time counts as made."""
        slice_s = self.rate.slice_s
        return (at // slice_s + 1) * slice_s if slice_s else at


def _with(window: Window, moment: float, units: int) -> Window:
    """With so many more units at that moment, or fewer; never fewer than none."""
    uses = window.uses
    place = len(uses) if not uses or uses[-1][0] < moment else bisect_left(uses, (moment,))
    known = uses[place][1] if place < len(uses) and uses[place][0] == moment else 0
    changed = max(0, known + units)
    use = ((moment, changed),) if changed else ()
    return Window(window.rate, uses[:place] + use + uses[place + (known > 0) :], window.total + changed - known)
