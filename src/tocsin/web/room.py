"""Room in memory: bytes that many share, and who finds too little left waits his turn."""

import asyncio
from collections import deque


class Room:
    """First come, first served, so that somebody who needs much is not passed by for ever by those who need little."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._line: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> None:
        """`size` is no more than there is in all. Give it back."""
        if self._line or size > self._left:
            await self._turn(size)
        else:
            self._left -= size

    def give(self, size: int) -> None:
        self._left += size
        while self._line and (self._line[0][1].done() or self._line[0][0] <= self._left):
            needed, turn = self._line.popleft()
            if not turn.done():
                self._left -= needed
                turn.set_result(None)

    async def _turn(self, size: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._line.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            # Who gave up may have been the one for whom the others waited, or have had his turn in the same moment.
            had_it = not turn.cancelled()
            self.give(size if had_it else 0)
            raise
