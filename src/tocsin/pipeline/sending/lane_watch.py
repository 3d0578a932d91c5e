"""Tells which lanes stand still, why and until when: for whoever wonders where the alerts are."""

import math
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from tocsin.core.clock import Clock
from tocsin.core.delivery import Target
from tocsin.core.facts import Emit, LaneOpened, LanePaused
from tocsin.core.record import rfc3339
from tocsin.pipeline.active import Active
from tocsin.pipeline.people.directory import Directories
from tocsin.pipeline.sending.closure import Cause, Closure, closure_of
from tocsin.pipeline.sending.lane import Lane
from tocsin.pipeline.sending.targets import Targets

MOMENT_S = 2.0  # a lane that is shut for less is pacing as it should, and not worth a word


class LaneWatch:
    def __init__(
        self,
        lanes: Mapping[str, Lane],
        targets: Targets,
        *,
        active: Active,
        directories: Directories,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._lanes = lanes
        self._active = active
        self._directories = directories
        self._targets = targets
        self._clock = clock
        self._emit = emit
        self._told: dict[str, Closure] = {}

    async def look(self) -> None:
        """Tell of each lane that is shut for longer than a moment, once, and when it is over."""
        now = self._clock.monotonic()
        closures = self._closures(now)
        for name in [name for name, before in self._told.items() if not _lasts(before, closures.get(name), now)]:
            del self._told[name]
            self._emit(LaneOpened(name))
        for name, closure in closures.items():
            if _is_news(self._told.get(name), closure, now):
                self._told[name] = closure
                self._emit(LanePaused(lane=name, why=closure.why.value, rate=closure.rate, until=self._moment(closure)))

    def as_json(self, name: str, target: Target) -> dict[str, Any]:
        """How a lane stands for one of its targets; durations in seconds, `opens_in_s` None where time alone opens
        nothing.
        """
        lane = self._lanes.get(name)
        if lane is None:
            return {"lane": name}
        now = self._clock.monotonic()
        closure = closure_of(lane, now, disabled=target in self._targets.disabled)
        return {
            "lane": name,
            "in_flight": lane.in_flight,
            "opens_in_s": _opens_in(closure, now),
            "closed": closure and self._described(closure),
            "breaker": "open" if lane.breaker.open else "closed",
            "failures": lane.breaker.failures,
        }

    def opens_in(self) -> Mapping[tuple[str, ...], float]:
        """Seconds for each closed lane, by lane and why."""
        now = self._clock.monotonic()
        closures = self._closures(now)
        return {(name, closure.why.value): max(0.0, closure.opens_at - now) for name, closure in closures.items()}

    def broken(self) -> Mapping[str, float]:
        """1 for each lane whose breaker is open, else 0."""
        return {name: float(lane.breaker.open) for name, lane in self._lanes.items()}

    def _closures(self, now: float) -> dict[str, Closure]:
        served = self._served_by_calls() if self._targets.disabled else frozenset()
        closures = {name: self._closure(lane, now, served) for name, lane in self._lanes.items()}
        return {name: closure for name, closure in closures.items() if closure is not None}

    def _closure(self, lane: Lane, now: float, served: Collection[str]) -> Closure | None:
        """A lane whose targets all rest is shut, unless a list that a call keeps stands in it."""
        rests = lane.name not in served and all(one.target in self._targets.disabled for one in lane.targets)
        return closure_of(lane, now, disabled=rests)

    def _served_by_calls(self) -> frozenset[str]:
        kept = self._active.rulebook.routing.kept(self._directories.current)
        return frozenset(how.lane for target, how in kept.items() if target not in self._targets.disabled)

    def _described(self, closure: Closure) -> dict[str, Any]:
        until = self._moment(closure)
        return {"why": closure.why.value, "opens_at": until and rfc3339(until), "rate": closure.rate}

    def _moment(self, closure: Closure) -> datetime | None:
        """By the wall clock; None where time alone opens nothing."""
        if closure.opens_at == math.inf:
            return None
        return self._clock.now() + timedelta(seconds=closure.opens_at - self._clock.monotonic())


def _opens_in(closure: Closure | None, now: float) -> float | None:
    if closure is None:
        return 0.0
    return None if closure.opens_at == math.inf else round(max(0.0, closure.opens_at - now), 3)


def _lasts(before: Closure, closure: Closure | None, now: float) -> bool:
    """The closure that was told still holds, or another that is worth a word took its place."""
    if closure is None or closure.why is Cause.IN_FLIGHT:
        return False
    return closure.why is Cause.BREAKER or before.opens_at > now or closure.opens_at > now + MOMENT_S


def _is_news(before: Closure | None, closure: Closure, now: float) -> bool:
    if closure.opens_at <= now + MOMENT_S:
        return False
    return before is None or before.why is not closure.why or closure.opens_at > before.opens_at + MOMENT_S
