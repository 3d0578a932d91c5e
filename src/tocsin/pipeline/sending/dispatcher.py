"""One scheduler over the due lanes. What leaves next is decided as late as possible, so that priority holds."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from tocsin.core.alert import Band
from tocsin.core.clock import Clock
from tocsin.core.delivery import Delivery, DeliveryState
from tocsin.core.errors import LedgerError
from tocsin.core.facts import DeliveryMoved, Emit, Trouble
from tocsin.core.killpoint import Point, kill_point
from tocsin.core.outcome import Deferred, Delay, Outcome, Unknown
from tocsin.ledger.contract import Archive, Claim, ClaimRequest, LaneRow, Ledger, MoveResult, Waiting
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.doubts import Doubts
from tocsin.pipeline.sending.lane import Lane
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.quarantine import careful
from tocsin.pipeline.sending.schedule import Schedule
from tocsin.pipeline.sending.sender import Answered, Sender
from tocsin.pipeline.tasks import Tasks

LOOK_AGAIN_S = 1.0  # a lane with something waiting is looked at no later than this


class Dispatcher:
    def __init__(
        self,
        *,
        ledger: Ledger,
        archive: Archive,
        attempts: Sender,
        doubts: Doubts,
        lanes: Lanes,
        active: Active,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._ledger = ledger
        self._archive = archive
        self._sender = attempts
        self._doubts = doubts
        self._lanes = lanes
        self._active = active
        self._clock = clock
        self._emit = emit
        self._schedule_of_lanes = Schedule(clock)
        self._tasks = Tasks("dispatcher", emit)
        self._scheduler: asyncio.Task[None] | None = None
        self._seen: tuple[LaneRow, ...] = ()

    async def start(self) -> None:
        """What a dead process left `sending` is in doubt before anything is claimed anew."""
        await self._recover()
        self._lanes.adopt()
        await self._remember()
        await self._lanes.recall()
        await self.look()
        self._scheduler = asyncio.create_task(self._schedule())

    async def stop(self, grace_s: float) -> None:
        """No new claim; what is under way has so long to get its answer. What has none by then ends up `unknown`."""
        if self._scheduler:
            self._scheduler.cancel()
            await asyncio.wait({self._scheduler})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._tasks.join()  # a claim on its way to the ledger still becomes an attempt
        if await self._tasks.cancel():
            with contextlib.suppress(LedgerError):  # a ledger that cannot now is read again at the next start
                await self._recover()

    async def look(self) -> None:
        """Ask the ledger which lanes hold something: at start, and now and then lest a wake-up was lost."""
        await self._lanes.look()
        self._seen = await self._archive.lanes()
        for row in self._seen:
            if row.next_due is not None:
                lane = self._lanes.get(row.lane)
                in_shadow = lane is not None and lane.shadow
                self._plan(row.lane, self._clock.monotonic() if in_shadow else self._monotonic(row.next_due))

    def wake(self, lanes: Iterable[str]) -> None:
        """Something new is pending there. One that is shut even for the high band is looked at when it opens."""
        now = self._clock.monotonic()
        for name in lanes:
            lane = self._lanes.get(name)
            self._plan(name, now if lane is None or lane.busy or lane.shadow else lane.opens_at(Band.HIGH, now))

    async def _schedule(self) -> None:
        while True:
            for name in self._schedule_of_lanes.take_due():
                if lane := self._lanes.get(name):
                    self._visit(lane)
            await self._schedule_of_lanes.wait()

    def _visit(self, lane: Lane) -> None:
        """Claim now if a band may leave; else come back when one may. A busy lane is planned again by who ends."""
        now = self._clock.monotonic()
        if lane.shadow:
            self._tasks.start(self._withhold(lane))
            return
        if lane.busy:
            lane.stirred = True
            return
        lowest = lane.lowest_now(now)
        if lowest is None:
            self._plan(lane.name, min(lane.opens_at(band, now) for band in Band))
            return
        oldest_first = lane.oldest_first()
        lane.claiming = True
        lane.enter(now)  # at once: other lanes may pass the same gate, and are looked at before this claim begins
        self._tasks.start(self._claim(lane, lowest, now, oldest_first=oldest_first))

    async def _claim(self, lane: Lane, lowest: Band, now: float, *, oldest_first: bool) -> None:
        claims: tuple[Claim, ...] = ()
        try:
            claimed = await self._ledger.claim(self._request(lane, lowest, oldest_first=oldest_first))
            claims, lane.waiting = claimed.claims, claimed.waiting
            for delivery in claimed.expired:
                self._emit(DeliveryMoved(delivery=delivery, to=delivery.state, why=delivery.why))
        except LedgerError as problem:
            self._emit(Trouble("claim_failed", problem.message))
            lane.waiting = Waiting(self._clock.now() + timedelta(seconds=LOOK_AGAIN_S), Band.HIGH)
        finally:
            lane.claiming = False
            units = [self._sender.units(claim) for claim in claims]
            lane.settle_places(now, units)
        for claim, taken in zip(claims, units, strict=True):
            kill_point(Point.ATTEMPT_COMMITTED)
            lane.start(self._clock.monotonic())
            self._tasks.start(self._make(lane, claim, now, taken))
        self._plan_next(lane)

    async def _withhold(self, lane: Lane) -> None:
        """It waited, or came back, when its channel went into shadow."""
        try:
            moved = await self._ledger.withhold(lane.name)
        except LedgerError as problem:
            self._emit(Trouble("claim_failed", problem.message))
            self._plan(lane.name, self._clock.monotonic() + LOOK_AGAIN_S)
            return
        for delivery in moved.deliveries:
            self._emit(DeliveryMoved(delivery=delivery, to=delivery.state, why=delivery.why))
        self.wake(moved.lanes | {lane.name} if moved.deliveries else moved.lanes)  # there may be more

    def _request(self, lane: Lane, lowest: Band, *, oldest_first: bool) -> ClaimRequest:
        channel = self._active.channels[lane.channel]
        return ClaimRequest(
            lane=lane.name,
            pack=careful(channel.pack),
            limit=lane.policy.gate.bundle,
            attempts=lane.attempts_now(),
            lowest=lowest,
            oldest_first=oldest_first,
            joins=self._sender.joins(lane.name),
        )

    async def _make(self, lane: Lane, claim: Claim, entered: float, units: int) -> None:
        """The place at the provider is free with its answer: what it came to is written in one commit with the next
        claim.
        """
        left: float | None = self._clock.monotonic()
        try:
            answered = await self._sender.send(claim)
            left = self._clock.monotonic()
            self._learn(lane, answered, left)
            if _never_left(answered):
                left = None
        finally:
            lane.end(entered, left, units)
            self._plan_next(lane)
        self.follow(await self._sender.settle(claim, answered))
        if any(isinstance(outcome, Unknown) for outcome in answered.report.outcomes):
            self.follow(await self._doubts.settle(claim))

    def _learn(self, lane: Lane, answered: Answered, now: float) -> None:
        lane.heed(now, answered.report.budget)
        self._lanes.judge(lane, _told(answered))
        if answered.shut_for:
            self._lanes.shut(lane, answered.report, answered.shut_for)

    def follow(self, moved: MoveResult) -> None:
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
            self._emit(DeliveryMoved(delivery=delivery, to=delivery.state, why=delivery.why))

    async def _remember(self) -> None:
        """Pacing and mention budgets go on where the last process stopped."""
        memory = self._active.rulebook.routing.memory
        recent = await self._archive.recent_attempts(self._clock.now() - memory)
        self._lanes.restore(recent)
        for row in recent:
            self._sender.remember(row.target, row.mentioned.split(), row.started_at)

    def depth(self) -> Mapping[str, int]:
        """How many deliveries waited in each band when the ledger was last looked at, seconds ago."""
        return {band.value: sum(row.pending.get(band, 0) for row in self._seen) for band in Band}

    def _plan(self, lane: str, when: float) -> None:
        self._schedule_of_lanes.put(lane, when)

    def _monotonic(self, moment: datetime) -> float:
        return self._clock.monotonic() + (moment - self._clock.now()).total_seconds()


def _told(answered: Answered) -> Outcome:
    """What an attempt tells of its lane: where our own code failed on one of its members, that."""
    outcomes = answered.report.outcomes
    failed = (each for each in outcomes if isinstance(each, Deferred) and each.why is Delay.FAILED_HERE)
    return next(failed, outcomes[0])


def _never_left(answered: Answered) -> bool:
    """No request came about, so no provider counted one."""
    outcome = _told(answered)
    return isinstance(outcome, Deferred) and outcome.why in (Delay.UNREACHABLE, Delay.FAILED_HERE, Delay.WITHHELD)
