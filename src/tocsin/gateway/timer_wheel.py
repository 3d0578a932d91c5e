"""One timer for everything that many sockets wait for: a slot for each tick, whoever is due in it is called."""

from typing import Protocol


class Sleeper(Protocol):
    def alarm(self, now: float) -> float | None:
        """Its time has come (at most one tick early); returns when to call again (monotonic seconds), or None."""
        ...


class TimerWheel:
    """Setting and turning cost what is due, not what waits. Nothing is ever taken out: who is over answers None."""

    def __init__(self, tick: float) -> None:
        self.tick = tick
        self._slots: dict[int, list[Sleeper]] = {}
        self._turned = -1

    def set(self, sleeper: Sleeper, at: float) -> None:
        slot = max(int(at / self.tick), self._turned + 1)
        self._slots.setdefault(slot, []).append(sleeper)

    def turn(self, now: float) -> None:
        """Call everyone who is due by `now`."""
        last = int(now / self.tick)
        for slot in sorted(slot for slot in self._slots if slot <= last):
            self._turned = slot
            for sleeper in self._slots.pop(slot):
                again = sleeper.alarm(now)
                if again is not None:
                    self.set(sleeper, again)
        self._turned = max(last, self._turned)
