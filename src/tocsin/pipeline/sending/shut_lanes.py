"""Keeps lanes shut over a restart, where their breaker or their provider shut them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.core.clock import Clock
from tocsin.core.errors import LedgerError
from tocsin.ledger.contract import Queue, ShutLane
from tocsin.pipeline.sending.lane import Lane
from tocsin.rules.breaker import OPENS_AFTER, recall
from tocsin.rules.gate import bounded


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a lane is shut; monotonic seconds, 0 where it is not."""

    failures: int = 0
    probe_at: float = 0.0
    shut_until: float = 0.0
    why: str = ""


class ShutLanes:
    """Written when it changes, and nothing waits for it: what cannot be written costs nothing but the memory."""

    def __init__(self, queue: Queue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self._kept: dict[str, _Standing] = {}
        self._writing: set[str] = set()
        self._gone: set[str] = set()  # to other nodes

    async def recall(self, lanes: Mapping[str, Lane]) -> None:
        """Before they are worked here. What is over by now is forgotten."""
        self._gone.difference_update(lanes)
        for row in await self._queue.shut_lanes():
            if lane := lanes.get(row.lane):
                self._kept[row.lane] = _Standing()
                self._shut(lane, row)
        for name, lane in lanes.items():
            await self.keep(name, lane)

    async def forget_others(self, lanes: Collection[str]) -> None:
        """Forget what belongs to none of these: the configuration has no such lane any more."""
        for row in await self._queue.shut_lanes():
            if row.lane not in lanes:
                await self._queue.forget_lane(row.lane)

    def leave(self, names: Collection[str]) -> None:
        """How they stand is another node's to say. What is under way is still written down."""
        self._gone.update(names)
        for name in names:
            self._kept.pop(name, None)

    def writes(self, name: str) -> bool:
        return name in self._writing

    def changed(self, lane: Lane) -> bool:
        """The lane is not any more as it was last written down."""
        return self._standing(lane) != self._kept.get(lane.name)

    async def keep_all(self, lanes: Mapping[str, Lane]) -> None:
        """Write down what could not be written when it changed, and what has opened since by time alone."""
        for name in self._kept.keys() | lanes.keys():
            await self.keep(name, lanes.get(name))

    async def keep(self, name: str, lane: Lane | None) -> None:
        """None: the configuration has no such lane any more. What changes while it is written is written, too."""
        if name in self._writing:
            return
        self._writing.add(name)
        try:
            while (standing := self._standing(lane)) != self._kept.get(name):
                await self._write(name, standing)
                if name in self._gone:
                    self._kept.pop(name, None)
                    return
        except LedgerError:
            return  # the next change, or the next look, tries again
        finally:
            self._writing.discard(name)

    async def _write(self, name: str, standing: _Standing | None) -> None:
        if standing is None:
            await self._queue.forget_lane(name)
            self._kept.pop(name, None)
            return
        await self._queue.keep_lane(
            ShutLane(
                lane=name,
                failures=standing.failures,
                probe_at=self._moment(standing.probe_at),
                shut_until=self._moment(standing.shut_until),
                why=standing.why,
            )
        )
        self._kept[name] = standing

    def _shut(self, lane: Lane, row: ShutLane) -> None:
        """For what is left of it: a clock that was set back meanwhile shuts nothing for longer than may be."""
        now = self._clock.monotonic()
        if row.failures >= OPENS_AFTER:
            lane.breaker = recall(row.failures, self._left(row.probe_at).total_seconds(), now)
        if left := self._left(row.shut_until):
            lane.shut(now, left, row.why)

    def _standing(self, lane: Lane | None) -> _Standing | None:
        """None: it is open, or gone."""
        until = lane.shut_until(self._clock.monotonic()) if lane else 0.0
        if lane is None or not (until or lane.breaker.open):
            return None
        failures = lane.breaker.failures if lane.breaker.open else 0
        return _Standing(failures, lane.breaker.open_until, until, lane.shut_why if until else "")

    def _left(self, until: datetime | None) -> timedelta:
        return timedelta() if until is None else bounded(until - self._clock.now())

    def _moment(self, at: float) -> datetime | None:
        return self._clock.now() + timedelta(seconds=at - self._clock.monotonic()) if at else None
