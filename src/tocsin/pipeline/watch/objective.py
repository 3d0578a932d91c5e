"""Judges whether enough alerts are told in time, channel by channel. A change is told once."""

from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tocsin.core.clock import Clock
from tocsin.core.facts import DeliveryMoved, Emit, Fact, ObjectiveMet, ObjectiveMissed
from tocsin.ledger.contract import History
from tocsin.pipeline.active import Active
from tocsin.rules.objective import MEMORY, MINUTE, WINDOWS, Minute, Objective, burn, is_missed, told_in_time

_HOUR = WINDOWS["1h"]


class Objectives:
    """Minutes are those of the monotonic clock: a jump of the wall clock moves none of them. Where no objective
    is in force nothing is counted; what was counted by an earlier one stays so.
    """

    def __init__(self, history: History, active: Active, clock: Clock, emit: Emit) -> None:
        self._history = history
        self._active = active
        self._clock = clock
        self._emit = emit
        self._minutes: defaultdict[str, deque[Minute]] = defaultdict(deque)
        self._missed: set[str] = set()

    async def start(self) -> None:
        """Count what earlier processes told."""
        objective = self._active.rulebook.objective
        if objective is None:
            return
        now = self._clock.now()
        for row in await self._history.ended_since(now - MEMORY, objective.within):
            number = self._number(ago=max(timedelta(0), now - row.minute))
            self._minutes[row.channel].append(Minute(number, row.ended, row.missed))

    def hear(self, fact: Fact) -> None:
        objective = self._active.rulebook.objective
        if objective is None or not isinstance(fact, DeliveryMoved):
            return
        in_time = told_in_time(fact, objective.within)
        if in_time is not None:
            self._count(fact.delivery.target.channel, fact.delivery.size, missed=not in_time)

    async def watch(self) -> None:
        """Tell what changed."""
        objective, now = self._active.rulebook.objective, self._number()
        for channel, minutes in self._minutes.items():
            while minutes and minutes[0].number < now - MEMORY // MINUTE:
                minutes.popleft()
            before = channel in self._missed
            missed = objective is not None and is_missed(objective, minutes, now, before=before)
            if objective is not None and missed and not before:
                self._missed.add(channel)
                self._emit(_missed(channel, objective, minutes, now))
            elif before and not missed:
                self._missed.discard(channel)
                self._emit(ObjectiveMet(channel))

    def burn_rates(self) -> Mapping[tuple[str, ...], float]:
        """By channel and window."""
        objective, now = self._active.rulebook.objective, self._number()
        if objective is None:
            return {}
        return {
            (channel, name): burn(objective, minutes, window, now).rate
            for channel, minutes in self._minutes.items()
            for name, window in WINDOWS.items()
        }

    def missed(self) -> Mapping[str, float]:
        """By channel: 1 where it is missed."""
        return {channel: float(channel in self._missed) for channel in self._minutes}

    def as_json(self) -> dict[str, Any] | None:
        """For the operators' page: the objective, and per channel how it is kept. None where there is none."""
        objective = self._active.rulebook.objective
        if objective is None:
            return None
        return {
            "within_s": objective.within.total_seconds(),
            "of": objective.of,
            "channels": {channel: self._kept(channel, objective) for channel in sorted(self._minutes)},
        }

    def _kept(self, channel: str, objective: Objective) -> dict[str, Any]:
        minutes, now = self._minutes[channel], self._number()
        burns = {name: burn(objective, minutes, window, now) for name, window in WINDOWS.items()}
        return {
            "missed": channel in self._missed,
            "burn_rates": {name: round(one.rate, 2) for name, one in burns.items()},
            "last_hour": {"ended": burns["1h"].ended, "missed": burns["1h"].missed},
        }

    def _count(self, channel: str, many: int, *, missed: bool) -> None:
        minutes, now = self._minutes[channel], self._number()
        last = minutes.pop() if minutes and minutes[-1].number == now else Minute(now, 0, 0)
        minutes.append(Minute(now, last.ended + many, last.missed + many * missed))

    def _number(self, ago: timedelta = timedelta(0)) -> int:
        """Of the minute that long ago."""
        return int((self._clock.monotonic() - ago.total_seconds()) // MINUTE.total_seconds())


def _missed(channel: str, objective: Objective, minutes: deque[Minute], now: int) -> ObjectiveMissed:
    hour = burn(objective, minutes, _HOUR, now)
    late = f"{hour.missed} of {hour.ended} deliveries of the last hour"
    detail = f"{late} were not told within {objective.within.total_seconds():g} s"
    return ObjectiveMissed(channel=channel, burn_rate=round(hour.rate, 1), detail=detail)
