"""One scheduler over the due lanes. What leaves next is decided as late as possible, so that priority holds."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tocsin.channels.contract import Channel, Report
from tocsin.core.alert import Band
from tocsin.core.clock import Clock
from tocsin.core.delivery import Delivery, DeliveryState
from tocsin.core.errors import LedgerError
from tocsin.core.facts import BreakerClosed, BreakerOpened, LaneClosed, Moved, Tell, Trouble
from tocsin.core.killpoint import Point, passing
from tocsin.core.outcome import Deferred, Delay, Delivered, Outcome
from tocsin.ledger.contract import Archive, Claim, ClaimRequest, LaneRow, Ledger, Waiting
from tocsin.ledger.contract import Moved as MovedRows
from tocsin.pipeline.agenda import Agenda
from tocsin.pipeline.attempts import Answered, Attempts
from tocsin.pipeline.lane import Lane, Turnstile
from tocsin.pipeline.shared_gates import SharedGates
from tocsin.pipeline.shut_lanes import ShutLanes
from tocsin.rules.routing import TargetPolicy
from tocsin.rules.rulebook import Rulebook

LOOK_AGAIN_S = 1.0  # a lane with something waiting is looked at no later than this


class Dispatcher:
    def __init__(
        self,
        *,
        ledger: Ledger,
        archive: Archive,
        attempts: Attempts,
        shared_gates: SharedGates,
        shut_lanes: ShutLanes,
        channels: Callable[[], Mapping[str, Channel]],
        rulebook: Callable[[], Rulebook],
        clock: Clock,
        tell: Tell,
    ) -> None:
        self._ledger = ledger
        self._archive = archive
        self._attempts = attempts
        self._shared_gates = shared_gates
        self._shut_lanes = shut_lanes
        self._channels = channels
        self._rulebook = rulebook
        self._clock = clock
        self._tell = tell
        self._agenda = Agenda(clock)
        self._lanes: dict[str, Lane] = {}
        self._wholes: dict[str, Turnstile] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._scheduler: asyncio.Task[None] | None = None
        self._joining = False
        self._seen: tuple[LaneRow, ...] = ()

    async def start(self) -> None:
        """What a dead process left `sending` is in doubt before anything is claimed anew."""
        await self._recover()
        self.adopt_rulebook()
        await self._restore_gates()
        await self._shut_lanes.recall(self._lanes)
        await self.look()
        self._scheduler = asyncio.create_task(self._schedule())

    async def stop(self, grace_s: float) -> None:
        """No new claim; what is under way has so long to get its answer. What has none by then ends up `unknown`."""
        if self._scheduler:
            self._scheduler.cancel()
            await asyncio.wait({self._scheduler})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                while self._under_way:  # a claim on its way to the ledger still becomes an attempt
                    await asyncio.wait(self._under_way)
        if late := tuple(self._under_way):
            for task in late:
                task.cancel()
            await asyncio.wait(late)
            with contextlib.suppress(LedgerError):  # a ledger that cannot now is read again at the next start
                await self._recover()

    def adopt_rulebook(self) -> None:
        """Lanes as the rulebook in force has them. What waits in a lane that is gone is held, not lost."""
        policies = {policy.lane: policy for policy in self._rulebook().routing.targets.values()}
        for name in self._lanes.keys() - policies.keys():
            del self._lanes[name]
        for name, policy in policies.items():
            if lane := self._lanes.get(name):
                lane.policy = policy
                lane.turnstiles[0].policy = policy.gate
                self._whole(policy)
            else:
                self._lanes[name] = Lane(name, policy, [Turnstile(policy.gate), self._whole(policy)])

    def _whole(self, policy: TargetPolicy) -> Turnstile:
        """The one that every lane of a channel passes."""
        stile = self._wholes.setdefault(policy.target.channel, Turnstile(policy.whole))
        stile.policy = policy.whole
        return stile

    async def look(self) -> None:
        """Ask the ledger which lanes hold something: at start, and now and then lest a wake-up was lost."""
        if not self._joining:
            self._spawn(self._join_shared_gates())
        await self._shut_lanes.keep_all(self._lanes)
        self._seen = await self._archive.lanes()
        for row in self._seen:
            if row.next_due is not None:
                self._plan(row.lane, self._monotonic(row.next_due))

    async def _join_shared_gates(self) -> None:
        self._joining = True
        try:
            await self._shared_gates.join(tuple(self._lanes.values()))
        finally:
            self._joining = False

    def wake(self, lanes: Iterable[str]) -> None:
        """Something new is pending there."""
        for name in lanes:
            self._plan(name, self._clock.monotonic())

    async def _schedule(self) -> None:
        while True:
            for name in self._agenda.take_due():
                if lane := self._lanes.get(name):
                    self._visit(lane)
            await self._agenda.wait()

    def _visit(self, lane: Lane) -> None:
        """Claim now if a band may leave; else come back when one may. A busy lane is planned again by who ends."""
        now = self._clock.monotonic()
        if lane.claiming or lane.full():
            lane.stirred = True
            return
        lowest = lane.lowest_now(now)
        if lowest is None:
            self._plan(lane.name, min(lane.opens_at(band, now) for band in Band))
            return
        oldest_first = lane.oldest_first()
        lane.claiming = True
        lane.enter(now)  # at once: other lanes may pass the same gate, and are looked at before this claim begins
        self._spawn(self._claim(lane, lowest, now, oldest_first=oldest_first))

    async def _claim(self, lane: Lane, lowest: Band, now: float, *, oldest_first: bool) -> None:
        claims: tuple[Claim, ...] = ()
        try:
            claimed = await self._ledger.claim(self._request(lane, lowest, oldest_first=oldest_first))
            claims, lane.waiting = claimed.claims, claimed.waiting
            for delivery in claimed.expired:
                self._tell(Moved(delivery=delivery, to=delivery.state, why=delivery.why))
        except LedgerError as problem:
            self._tell(Trouble("claim_failed", problem.message))
            lane.waiting = Waiting(self._clock.now() + timedelta(seconds=LOOK_AGAIN_S), Band.HIGH)
        finally:
            lane.claiming = False
            lane.settle_places(now, len(claims))
        for claim in claims:
            passing(Point.ATTEMPT_COMMITTED)
            lane.start(self._clock.monotonic())
            self._spawn(self._make(lane, claim, now))
        self._plan_next(lane)

    def _request(self, lane: Lane, lowest: Band, *, oldest_first: bool) -> ClaimRequest:
        channel = self._channels()[lane.channel]
        return ClaimRequest(
            lane=lane.name,
            pack=channel.pack,
            limit=lane.policy.gate.bundle,
            attempts=lane.attempts_now(),
            lowest=lowest,
            oldest_first=oldest_first,
            joins=self._attempts.joins(lane.name),
        )

    async def _make(self, lane: Lane, claim: Claim, entered: float) -> None:
        """The place at the provider is free with its answer: what it came to is written in one commit with the next
        claim.
        """
        left: float | None = self._clock.monotonic()
        try:
            answered = await self._attempts.send(claim)
            left = self._clock.monotonic()
            self._learn(lane, answered, left)
            if _never_left(answered):
                left = None
        finally:
            lane.end(entered, left)
            self._plan_next(lane)
        self._follow(await self._attempts.settle(claim, answered))

    def _learn(self, lane: Lane, answered: Answered, now: float) -> None:
        lane.heed(now, answered.report.budget)
        self.judge(lane, _told(answered))
        if answered.shut_for:
            self.shut(lane, answered.report, answered.shut_for)

    def _follow(self, moved: MovedRows) -> None:
        """What came back to the queue, and what others wait for."""
        for delivery in moved.deliveries:
            if delivery.state is DeliveryState.PENDING:
                self._plan(delivery.lane, self._put_off(delivery))
        self.wake(moved.lanes)

    def _put_off(self, delivery: Delivery) -> float:
        """The monotonic time at which it falls due again."""
        due = self._monotonic(delivery.due)
        if lane := self._lanes.get(delivery.lane):
            lane.put_off(due)
        return due

    def shut(self, lane: Lane, report: Report, shut_for: timedelta) -> None:
        """The provider wants nothing for so long: on this lane, or on any of its channel."""
        now, why = self._clock.monotonic(), _why_shut(report)
        shut = [other for other in self._lanes.values() if other.channel == lane.channel]
        for other in shut if report.whole_channel else [lane]:
            other.shut(now, shut_for, why)
            self._tell(LaneClosed(lane=other.name, why=why, until=self._clock.now() + shut_for))
            self._remember(other)

    def judge(self, lane: Lane, outcome: Outcome) -> None:
        """Count an answer for the lane's breaker; that it opens, or closes, is told once."""
        was_open = lane.breaker.open
        lane.judge(outcome, self._clock.monotonic())
        if lane.breaker.open and not was_open:
            self._tell_broken(lane, outcome)
        elif was_open and not lane.breaker.open:
            self._tell(BreakerClosed(lane.name))
        self._remember(lane)

    def _tell_broken(self, lane: Lane, outcome: Outcome) -> None:
        pause = timedelta(seconds=lane.breaker.open_until - self._clock.monotonic())
        detail = "" if isinstance(outcome, Delivered) else f"{outcome.why.value}: {outcome.detail}".rstrip(": ")
        self._tell(
            BreakerOpened(
                lane=lane.name, failures=lane.breaker.failures, until=self._clock.now() + pause, detail=detail
            )
        )

    def _remember(self, lane: Lane) -> None:
        if self._shut_lanes.changed(lane):
            self._spawn(self._shut_lanes.keep(lane.name, lane))

    def _plan_next(self, lane: Lane) -> None:
        now = self._clock.monotonic()
        if lane.stirred:
            lane.stirred = False
            self._plan(lane.name, now)
        if lane.waiting is None:
            return
        due = max(self._monotonic(lane.waiting.due), now)
        opens = lane.opens_at(lane.waiting.band, now)
        # Held back by its gate, something more important may fall due before the gate opens for this band.
        self._plan(lane.name, due if opens <= due else min(opens, lane.next_put_off(now), due + LOOK_AGAIN_S))

    async def _recover(self) -> None:
        for delivery in (await self._ledger.recover()).deliveries:
            self._tell(Moved(delivery=delivery, to=delivery.state, why=delivery.why))

    async def _restore_gates(self) -> None:
        """Pacing and mention budgets go on where the last process stopped."""
        now = self._clock.now()
        memory = max((policy.memory for policy in self._rulebook().routing.targets.values()), default=timedelta())
        ages: defaultdict[str, list[timedelta]] = defaultdict(list)
        for row in await self._archive.recent_attempts(now - memory):
            ages[row.lane].append(now - row.started_at)
            self._attempts.remember(row.target, row.mentioned.split(), row.started_at)
        for lane in self._lanes.values():
            lane.turnstiles[0].restore(ages[lane.name], self._clock.monotonic())

    def lanes(self) -> Mapping[str, Lane]:
        return self._lanes

    def depth(self) -> Mapping[str, int]:
        """How many deliveries waited in each band when the ledger was last looked at, seconds ago."""
        return {band.value: sum(row.pending.get(band, 0) for row in self._seen) for band in Band}

    def broken(self) -> frozenset[str]:
        """Lanes whose breaker is open: what waits there may fail over."""
        return frozenset(name for name, lane in self._lanes.items() if lane.breaker.open)

    def _plan(self, lane: str, when: float) -> None:
        self._agenda.put(lane, when)

    def _monotonic(self, moment: datetime) -> float:
        return self._clock.monotonic() + (moment - self._clock.now()).total_seconds()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (bug := task.exception()):
            self._tell(Trouble("dispatcher_failed", repr(bug), "Report this: an attempt ended in an unforeseen way."))


def _why_shut(report: Report) -> str:
    deferred = (outcome for outcome in report.outcomes if isinstance(outcome, Deferred))
    return next((outcome.why for outcome in deferred), Delay.RATE_LIMITED).value


def _told(answered: Answered) -> Outcome:
    """What an attempt tells of its lane: where our own code failed on one of its members, that."""
    outcomes = answered.report.outcomes
    failed = (each for each in outcomes if isinstance(each, Deferred) and each.why is Delay.FAILED_HERE)
    return next(failed, outcomes[0])


def _never_left(answered: Answered) -> bool:
    """No request came about, so no provider counted one."""
    outcome = _told(answered)
    return isinstance(outcome, Deferred) and outcome.why in (Delay.UNREACHABLE, Delay.FAILED_HERE)
