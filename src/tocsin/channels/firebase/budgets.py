"""What one device may get: Firebase counts for each, and refuses what is above it.

Firebase, "Throttling and quotas": 240 messages a minute and 5,000 an hour to a single device; of those that collapse,
20 at once, and one more every 3 minutes.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tocsin.rules.window import Rate, Window

REMEMBERED = 50_000  # devices; of one that was not told for longest nothing is left to remember

BURST = 20
REFILL_S = 180.0


@dataclass(slots=True)
class _Budget:
    windows: list[Window]
    burst: float = BURST
    counted_at: float = 0.0


class Budgets:
    """Floats are monotonic seconds. A restart forgets them: what was sent before it is counted by Firebase alone."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._rates = tuple(rates)
        self._of: OrderedDict[bytes, _Budget] = OrderedDict()

    def opens_in(self, device: bytes, now: float) -> timedelta:
        """How long the device gets nothing more: zero where it may be told at once."""
        budget = self._of.get(device)
        if budget is None:
            return timedelta()
        opens = max((window.opens_at(1, window.rate.count) for window in budget.windows), default=-math.inf)
        return timedelta(seconds=max(0.0, opens - now))

    def spend(self, device: bytes, now: float) -> bool:
        """Count one message; True where it may be one that collapses, which is counted then as well."""
        budget = self._of.pop(device, None) or _Budget([Window(rate) for rate in self._rates], counted_at=now)
        self._of[device] = budget
        if len(self._of) > REMEMBERED:
            self._of.popitem(last=False)
        budget.windows = [window.spend(now) for window in budget.windows]
        budget.burst = min(BURST, budget.burst + (now - budget.counted_at) / REFILL_S)
        budget.counted_at = now
        if budget.burst < 1:
            return False
        budget.burst -= 1
        return True
