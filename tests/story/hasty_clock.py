"""A clock for stories in which much time passes."""

import asyncio
import time
from datetime import datetime, timedelta

TIMES = 20  # as fast as any other


class HastyClock:
    """What takes seconds for the service and for the providers is over in tenths of them."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return TIMES * (time.monotonic() - self._began)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / TIMES)
