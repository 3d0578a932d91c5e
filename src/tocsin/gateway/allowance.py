"""Counts how many messages, or frames, a second one socket may send."""


class Allowance:
    """A bucket of one second's worth that refills steadily. `overdrawn` counts what came too fast since it was full."""

    __slots__ = ("_left", "_rate", "_since", "overdrawn")

    def __init__(self, rate: int, now: float) -> None:
        self.overdrawn = 0
        self._rate = rate
        self._left = float(rate)
        self._since = now

    def take(self, now: float, count: int = 1) -> bool:
        self._left = min(self._left + (now - self._since) * self._rate, self._rate)
        self._since = now
        if self._left >= self._rate:
            self.overdrawn = 0
        if self._left < count:
            self.overdrawn += count
            return False
        self._left -= count
        return True

    def widen(self, rate: int) -> None:
        """The socket may speak faster from now on."""
        self._left += max(rate - self._rate, 0)
        self._rate = max(rate, self._rate)

    @property
    def abused(self) -> bool:
        """A client that does not slow down although every message of the last seconds was refused."""
        return self.overdrawn > 5 * self._rate
