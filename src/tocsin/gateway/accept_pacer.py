"""Newcomers come in a few at a time: a thousand that return in one moment are paced, not refused, and never hold up
those who are in already.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from tocsin.core.clock import Clock

AT_ONCE = 8  # handshakes before everything else in the loop has its turn
_REST = 0.5  # times what they took, left to everything else
_LONGEST_S = 0.1


class AcceptPacer:
    """First come, first in. Who comes alone passes at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._line: deque[Callable[[], None]] = deque()
        self._busy = False

    def enter(self, step: Callable[[], None]) -> None:
        """`step` is called once, now or when its turn comes; it must not raise."""
        self._line.append(step)
        if not self._busy:
            self._turn()

    async def passed(self) -> None:
        """Wait for one's turn."""
        turn = asyncio.get_running_loop().create_future()
        self.enter(lambda: None if turn.done() else turn.set_result(None))
        await turn

    @property
    def waiting(self) -> int:
        return len(self._line)

    def _turn(self) -> None:
        self._busy = True
        began = self._clock.monotonic()
        for _ in range(min(AT_ONCE, len(self._line))):
            self._line.popleft()()
        took = self._clock.monotonic() - began
        asyncio.get_running_loop().call_later(min(took * _REST, _LONGEST_S), self._rested)

    def _rested(self) -> None:
        self._busy = False
        if self._line:
            self._turn()
