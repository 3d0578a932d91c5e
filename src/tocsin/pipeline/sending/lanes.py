"""Holds every lane of the rulebook in force: what shuts one is heeded, told and remembered here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from tocsin.channels.contract import Report
from tocsin.core.alert import Band
from tocsin.core.clock import Clock
from tocsin.core.facts import BreakerClosed, BreakerOpened, Emit, LaneClosed
from tocsin.core.outcome import Deferred, Delay, Outcome, Sent
from tocsin.ledger.contract import AttemptRow, Queue
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.lane import Lane, RateLimiter
from tocsin.pipeline.sending.purse import Purse
from tocsin.pipeline.sending.schedule import Schedule
from tocsin.pipeline.sending.shared_gates import SharedGates
from tocsin.pipeline.sending.shut_lanes import ShutLanes
from tocsin.pipeline.tasks import Tasks
from tocsin.rules.lane import LanePolicy
from tocsin.rules.spending import day_of


class Lanes(Mapping[str, Lane]):
    """Lanes by name."""

    def __init__(
        self,
        active: Active,
        shared_gates: SharedGates,
        shut_lanes: ShutLanes,
        *,
        schedule: Schedule,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._active = active
        self._shared_gates = shared_gates
        self._shut_lanes = shut_lanes
        self._schedule = schedule
        self._clock = clock
        self._emit = emit
        self._lanes: dict[str, Lane] = {}
        self._wholes: dict[str, RateLimiter] = {}
        self._purses: dict[str, Purse] = {}
        self._questions = Tasks("lanes", emit)
        self._writes = Tasks("lanes", emit)
        self._joining = False

    def __getitem__(self, name: str) -> Lane:
        return self._lanes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lanes)

    def __len__(self) -> int:
        return len(self._lanes)

    def adopt(self) -> None:
        """Lanes as the rulebook in force has them. What waits in a lane that is gone is held, not lost."""
        routing = self._active.rulebook.routing
        for name in self._lanes.keys() - routing.lanes.keys():
            del self._lanes[name]
        spending = {policy.channel for policy in routing.lanes.values() if policy.spending is not None}
        self._purses = {channel: purse for channel, purse in self._purses.items() if channel in spending}
        for name, policy in routing.lanes.items():
            targets = routing.by_lane[name]
            if lane := self._lanes.get(name):
                lane.policy, lane.targets = policy, targets
                lane.limiters[0].policy = policy.gate
                self._whole(policy)
            else:
                self._lanes[name] = Lane(policy, targets, [RateLimiter(policy.gate), self._whole(policy)])
            self._lanes[name].purse = self._purse(policy)

    @property
    def memory(self) -> timedelta:
        """How long ago a request, or a mention, may still count."""
        return self._active.rulebook.routing.memory

    def begin(self, lane: Lane) -> float:
        """A request that carries no delivery takes a place on the lane. Hand the monotonic time to `end`."""
        began = self._clock.monotonic()
        lane.enter(began)
        lane.start(began)
        return began

    def end(self, lane: Lane, began: float) -> float:
        """That request is over; returns how many seconds it took. What fell due while it had the lane's place leaves
        now, not at the next round.
        """
        now = self._clock.monotonic()
        lane.end(began, now)
        if lane.stirred:
            self.wake([lane.name])
        return now - began

    def wake(self, names: Iterable[str]) -> None:
        """Something new is pending there. One that is shut even for the high band is looked at when it opens."""
        now = self._clock.monotonic()
        for name in names:
            lane = self.get(name)
            self._schedule.put(name, now if lane is None or lane.busy or lane.shadow else lane.opens_at(Band.HIGH, now))

    def restore(self, recent: Iterable[AttemptRow]) -> None:
        """Pacing goes on where the last process stopped."""
        now, requests = self._clock.now(), defaultdict[str, list[tuple[timedelta, int]]](list)
        for row in recent:
            requests[row.lane].append((now - row.started_at, row.units))
        for lane in self.values():
            lane.limiters[0].restore(requests[lane.name], self._clock.monotonic())

    async def recall(self) -> None:
        """Shut the lanes that were shut when the last process ended, for as long as was said."""
        await self._shut_lanes.recall(self)

    async def look(self) -> None:
        """Ask providers which lanes share a gate, and write down what could not be written before."""
        if not self._joining:
            self._questions.start(self._join())
        await self._shut_lanes.keep_all(self)

    async def stop(self) -> None:
        """A question to a provider can be asked again; how a lane stands is written down."""
        await self._questions.cancel()
        await self._writes.join()

    def purse(self, channel: str) -> Purse | None:
        """What that channel spends from; None where nothing bounds it."""
        return self._purses.get(channel)

    def spent_up(self, channel: str) -> bool:
        """It has reached the cap of this day."""
        purse = self.purse(channel)
        return purse is not None and purse.reached(self._clock.now())

    async def count_spending(self, queue: Queue) -> None:
        """Ask the ledger once what channels with a cap have spent today."""
        now = self._clock.now()
        for name, purse in self._purses.items():
            if not purse.known:
                lanes = frozenset(lane.name for lane in self.values() if lane.channel == name)
                purse.recall(await queue.spent(day_of(now), lanes), now)

    def broken(self) -> frozenset[str]:
        """The lanes whose breaker is open: what waits there may fail over."""
        return frozenset(name for name, lane in self.items() if lane.breaker.open)

    def shut(self, lane: Lane, report: Report, shut_for: timedelta) -> None:
        """The provider wants nothing for so long: on this lane, or on any of its channel."""
        now, why = self._clock.monotonic(), _why_shut(report)
        shut = [other for other in self.values() if other.channel == lane.channel]
        for other in shut if report.whole_channel else [lane]:
            other.shut(now, shut_for, why)
            self._emit(LaneClosed(lane=other.name, why=why, until=self._clock.now() + shut_for))
            self._remember(other)

    def judge(self, lane: Lane, outcome: Outcome) -> None:
        """Count an answer for the lane's breaker; that it opens, or closes, is told once."""
        was_open = lane.breaker.open
        lane.judge(outcome, self._clock.monotonic())
        if lane.breaker.open and not was_open:
            self._tell_broken(lane, outcome)
        elif was_open and not lane.breaker.open:
            self._emit(BreakerClosed(lane.name))
        self._remember(lane)

    def _whole(self, policy: LanePolicy) -> RateLimiter:
        """The one that every lane of a channel passes."""
        limiter = self._wholes.setdefault(policy.channel, RateLimiter(policy.whole))
        limiter.policy = policy.whole
        return limiter

    def _purse(self, policy: LanePolicy) -> Purse | None:
        """The one that every lane of a channel spends from."""
        if policy.spending is None:
            return None
        purse = self._purses.setdefault(policy.channel, Purse(policy.channel, policy.spending, self._emit))
        purse.policy = policy.spending
        return purse

    def _tell_broken(self, lane: Lane, outcome: Outcome) -> None:
        pause = timedelta(seconds=lane.breaker.open_until - self._clock.monotonic())
        detail = "" if isinstance(outcome, Sent) else f"{outcome.why.value}: {outcome.detail}".rstrip(": ")
        self._emit(
            BreakerOpened(
                lane=lane.name, failures=lane.breaker.failures, until=self._clock.now() + pause, detail=detail
            )
        )

    def _remember(self, lane: Lane) -> None:
        """Nothing waits for it."""
        if self._shut_lanes.changed(lane):
            self._writes.start(self._shut_lanes.keep(lane.name, lane))

    async def _join(self) -> None:
        self._joining = True
        try:
            await self._shared_gates.join(tuple(self.values()))
        finally:
            self._joining = False


def _why_shut(report: Report) -> str:
    deferred = (outcome for outcome in report.outcomes if isinstance(outcome, Deferred))
    return next((outcome.why for outcome in deferred), Delay.RATE_LIMITED).value
