"""Holds every lane of the rulebook in force: what shuts one is heeded, told and remembered here."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
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
    """The lanes that are worked here, by name: on a ledger that nodes share, those that this one owns."""

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
        self._coming: dict[str, Lane] = {}  # what was known of them is being read
        self._leaving: dict[str, Lane] = {}  # something of them may be under way
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
        for name, lane in self._lanes.items():
            policy = routing.lanes[name]
            lane.policy, lane.targets = policy, routing.by_lane[name]
            lane.limiters[0].policy = policy.gate
            self._whole(policy)
        self._share_purses()

    async def win(self, names: Collection[str], recent: Iterable[AttemptRow], queue: Queue) -> None:
        """Work these, too. Pacing, breakers and purses go on where their last owner stopped."""
        routing = self._active.rulebook.routing
        made = {name: self._made(routing.lanes[name]) for name in names if name in routing.lanes}
        self._coming |= made
        self._restore(made, recent)
        await self._shut_lanes.recall(made)
        purses = await self._counted({lane.channel for lane in made.values() if lane.policy.spending}, queue)
        for name in [name for name, lane in made.items() if self._coming.get(name) is lane]:
            self._lanes[name] = self._coming.pop(name)
            self._leaving.pop(name, None)
        self._purses |= purses
        self.adopt()  # a reload may have come in between

    def lose(self, names: Collection[str]) -> None:
        """Others work them from now on, or soon. What is under way ends as it began."""
        for name in names:
            self._coming.pop(name, None)
            if lane := self._lanes.pop(name, None):
                self._leaving[name] = lane
        self._shut_lanes.leave(names)
        self._share_purses()

    async def forget_others(self) -> None:
        """Forget how lanes stood that the configuration does not have any more: where nobody else could have them."""
        await self._shut_lanes.forget_others(self)

    def under_way(self, name: str) -> bool:
        """Something of a lane that was lost has not ended yet."""
        lane = self._leaving.get(name)
        return (lane is not None and lane.under_way) or self._shut_lanes.writes(name)

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
        unknown = {name for name, purse in self._purses.items() if not purse.known}
        self._purses |= await self._counted(unknown, queue)
        self._share_purses()

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

    def _made(self, policy: LanePolicy) -> Lane:
        targets = self._active.rulebook.routing.by_lane[policy.name]
        return Lane(policy, targets, [RateLimiter(policy.gate), self._whole(policy)])

    def _restore(self, lanes: Mapping[str, Lane], recent: Iterable[AttemptRow]) -> None:
        now, requests = self._clock.now(), defaultdict[str, list[tuple[timedelta, int]]](list)
        for row in recent:
            requests[row.lane].append((now - row.started_at, row.units))
        for name, lane in lanes.items():
            lane.limiters[0].restore(requests[name], self._clock.monotonic())

    async def _counted(self, channels: Collection[str], queue: Queue) -> dict[str, Purse]:
        """What these channels have spent today, by whichever node."""
        policies = self._active.rulebook.routing.lanes.values()
        purses: dict[str, Purse] = {}
        for channel in channels:
            lanes = {policy.name: policy.spending for policy in policies if policy.channel == channel}
            spending = next((each for each in lanes.values() if each is not None), None)
            if spending is not None:
                now = self._clock.now()
                purses[channel] = Purse(channel, spending, self._emit)
                purses[channel].recall(await queue.spent(day_of(now), frozenset(lanes)), now)
        return purses

    def _share_purses(self) -> None:
        """Every lane of a channel spends from the same one. None is kept of a channel that is not worked here."""
        self._purses = {
            lane.channel: self._purses.get(lane.channel) or Purse(lane.channel, lane.policy.spending, self._emit)
            for lane in self.values()
            if lane.policy.spending is not None
        }
        for lane in self.values():
            lane.purse = self._purses.get(lane.channel)
            if lane.purse is not None and lane.policy.spending is not None:
                lane.purse.policy = lane.policy.spending

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
