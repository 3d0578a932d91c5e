"""A clock makes time an argument: instants are UTC datetimes, durations are measured on the monotonic clock."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TRIFLE_S = 0.02  # that clocks may differ by


def epoch_micros(moment: datetime) -> int:
    """Count the microseconds since 1970, exactly (a float of seconds would lose the last digits)."""
    return (moment - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The instant, in UTC, so many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=micros)


class Clock(Protocol):
    """A clock tells the time and lets time pass: the system's in the service, one that tests move by hand."""

    def now(self) -> datetime:
        """The wall clock's time, in UTC. It may jump: never subtract two of these to get a duration that matters."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, from no known beginning."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once `monotonic()` has grown by so many seconds."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SharedClock:
    """A clock that several machines agree by: the database's, as far as this one's ticks tell it in between."""

    def __init__(self, own: Clock) -> None:
        self._own = own
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._own.now() + self._ahead

    def monotonic(self) -> float:
        return self._own.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._own.sleep(seconds)

    def follow(self, moment: datetime, took_s: float) -> None:
        """It was that moment in the middle of the last `took_s` seconds. What can be the way of the answer moves
        nothing.
        """
        ahead = moment + timedelta(seconds=took_s / 2) - self._own.now()
        if abs(ahead - self._ahead).total_seconds() > took_s / 2 + _TRIFLE_S:
            self._ahead = ahead


class ManualClock:
    """A clock that stands still until it is moved; sleepers wake when it passes their time."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        wake = asyncio.get_running_loop().create_future()
        if seconds <= 0:
            wake.set_result(None)
        else:
            self._sleepers.append((self._elapsed + seconds, wake))
        await wake

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass: both clocks move, and who slept long enough wakes."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds
        due = [sleeper for sleeper in self._sleepers if sleeper[0] <= self._elapsed]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self._elapsed]
        for _, wake in sorted(due, key=lambda sleeper: sleeper[0]):
            if not wake.done():
                wake.set_result(None)

    def jump(self, seconds: float) -> None:
        """Correct the wall clock by so many seconds (NTP, an administrator): no time has passed."""
        self._now += timedelta(seconds=seconds)
