"""Rate limits as the providers keep them: fixed windows that begin with their first request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds."""

    requests: int
    seconds: float


class Bucket:
    """Monotonic seconds go in and come out: a corrected wall clock opens no window."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._used = 0
        self._ends = float("-inf")

    def take(self, now: float) -> bool:
        """Use one, if one is left."""
        if self.remaining(now) == 0:
            return False
        if now >= self._ends:
            self._used, self._ends = 0, now + self.limit.seconds
        self._used += 1
        return True

    def remaining(self, now: float) -> int:
        return self.limit.requests if now >= self._ends else self.limit.requests - self._used

    def reset_after(self, now: float) -> float:
        return max(0.0, self._ends - now)
