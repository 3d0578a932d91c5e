"""Claims what is due, lane by lane. What leaves next is decided as late as possible, so that priority holds."""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from tocsin.cluster.contract import Ownership
from tocsin.core.alert import FLOOR, Band
from tocsin.core.clock import Clock
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Emit, Trouble
from tocsin.core.killpoint import Point, kill_point
from tocsin.core.outcome import Deferred, Delay, Outcome, Unknown
from tocsin.ledger.contract import Claim, ClaimRequest, Hold, LaneRow, MoveResult, Queue, Waiting
from tocsin.pipeline.people.directory import Directories
from tocsin.pipeline.sending.attempt import Prepared
from tocsin.pipeline.sending.doubts import Doubts
from tocsin.pipeline.sending.lane import Lane
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.moves import Moves
from tocsin.pipeline.sending.purse import Purse
from tocsin.pipeline.sending.schedule import Schedule
from tocsin.pipeline.sending.sender import Answered, Sender
from tocsin.pipeline.tasks import Tasks

LOOK_AGAIN_S = 1.0  # a lane with something waiting is looked at no later than this


class Dispatcher:
    def __init__(
        self,
        *,
        queue: Queue,
        sender: Sender,
        doubts: Doubts,
        lanes: Lanes,
        schedule: Schedule,
        moves: Moves,
        directories: Directories,
        ownership: Ownership,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._queue = queue
        self._directories = directories
        self._ownership = ownership
        self._sender = sender
        self._doubts = doubts
        self._lanes = lanes
        self._schedule = schedule
        self._moves = moves
        self._clock = clock
        self._emit = emit
        self._tasks = Tasks("dispatcher", emit)
        self._scheduler: asyncio.Task[None] | None = None
        self._seen: tuple[LaneRow, ...] = ()

    async def start(self) -> None:
        """Begin to claim on the lanes that are won, after what a dead process left `sending` is put in doubt."""
        alone = self._ownership.node is None
        if alone:
            await self._recover()
        await self._ownership.start()
        if alone:
            await self._lanes.forget_others()
        await self.look()
        self._scheduler = asyncio.create_task(self._visit_due())

    async def stop(self, grace_s: float) -> None:
        """No new claim; what is under way has so long to get its answer. What has none by then ends up `unknown`."""
        if self._scheduler:
            self._scheduler.cancel()
            await asyncio.wait({self._scheduler})
        await self._ownership.retire()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._tasks.join()  # a claim on its way to the ledger still becomes an attempt
        if await self._tasks.cancel():
            with contextlib.suppress(LedgerError):  # a ledger that cannot now is read again at the next start
                await self._recover()

    async def look(self) -> None:
        """Ask the ledger which lanes hold something: at start, and now and then lest a wake-up was lost."""
        await self._lanes.look()
        await self._lanes.count_spending(self._queue)
        self._seen = await self._queue.lanes()
        for row in self._seen:
            if row.next_due is not None:
                lane = self._lanes.get(row.lane)
                in_shadow = lane is not None and lane.shadow
                self._schedule.put(row.lane, self._clock.monotonic() if in_shadow else self._monotonic(row.next_due))

    async def _visit_due(self) -> None:
        while True:
            for name in self._schedule.take_due():
                if lane := self._lanes.get(name):
                    self._visit(lane)
            await self._schedule.wait()

    def _visit(self, lane: Lane) -> None:
        """Claim now if a band may leave; else come back when one may. A busy lane is planned again by who ends."""
        now = self._clock.monotonic()
        hold = self._ownership.hold(lane.name)
        if not self._ownership.owns(lane.name):
            self._schedule.put(lane.name, now + LOOK_AGAIN_S)
            return
        if lane.shadow:
            self._tasks.start(self._withhold(lane))
            return
        if lane.busy:
            lane.stirred = True
            return
        purse = lane.purse
        spared = Band.LOW if purse is None else purse.lowest(self._clock.now())
        if spared is None:
            lane.claiming = True
            self._tasks.start(self._curtail(lane, None))
            return
        lowest = lane.lowest_now(now)
        if lowest is None:
            self._schedule.put(lane.name, min(lane.opens_at(band, now) for band in Band))
            return
        oldest_first = lane.oldest_first()
        lane.claiming = True
        if purse is not None:
            purse.claiming += 1
        lane.enter(now)  # at once: other lanes may pass the same gate, and are looked at before this claim begins
        lowest = max(lowest, spared, key=FLOOR.__getitem__)
        request = self._request(lane, lowest, hold, oldest_first=oldest_first)
        self._tasks.start(self._claim(lane, request, now, purse))

    async def _claim(self, lane: Lane, wanted: ClaimRequest, now: float, purse: Purse | None) -> None:
        """`purse` counts this claim, whatever a reload puts in its place meanwhile."""
        claims: tuple[Claim, ...] = ()
        try:
            claimed = await self._queue.claim(wanted)
            claims, lane.waiting = claimed.claims, claimed.waiting
            self._moves.follow((*claimed.expired, *claimed.withdrawn))
            self._directories.note_full(claimed.full)
        except LedgerError as problem:
            self._look_again(lane, problem)
        finally:
            lane.claiming = False
            requests = [self._sender.prepare(claim) for claim in claims]
            lane.settle_places(now, [request.units for request in requests])
            if purse is not None:
                purse.settle_claim(requests, self._clock.now())
        for request in requests:
            kill_point(Point.ATTEMPT_COMMITTED)
            lane.start(self._clock.monotonic())
            lane.unsettled += 1
            self._tasks.start(self._make(lane, request, now, purse))
        spared = None if purse is None else purse.lowest(self._clock.now())
        if not claims and spared is not None and self._is_cut_off(lane.waiting, spared):
            lane.claiming = True
            await self._curtail(lane, spared)
        else:
            self._plan_next(lane)

    def _is_cut_off(self, waiting: Waiting | None, spared: Band) -> bool:
        """What waits is due, and nothing of it may be paid for today."""
        return waiting is not None and waiting.due <= self._clock.now() and FLOOR[waiting.band] < FLOOR[spared]

    async def _curtail(self, lane: Lane, spared: Band | None) -> None:
        """Cancel what is due and may not be paid for any more today: all that is below the band `spared`, or all."""
        moved = MoveResult(())
        try:
            moved = await self._queue.curtail(lane.name, spared)
            lane.waiting = None
        except LedgerError as problem:
            self._look_again(lane, problem)
        finally:
            lane.claiming = False
        self._moves.follow(moved.deliveries, moved.lanes | {lane.name} if moved.deliveries else moved.lanes)
        self._plan_next(lane)

    def _look_again(self, lane: Lane, problem: LedgerError) -> None:
        """Soon: nobody knows what waits there while the ledger cannot say."""
        self._emit(Trouble("claim_failed", problem.message))
        lane.waiting = Waiting(self._clock.now() + timedelta(seconds=LOOK_AGAIN_S), Band.HIGH)

    async def _withhold(self, lane: Lane) -> None:
        """Cancel what waits on a lane whose channel went into shadow."""
        try:
            moved = await self._queue.withhold(lane.name)
        except LedgerError as problem:
            self._emit(Trouble("claim_failed", problem.message))
            self._schedule.put(lane.name, self._clock.monotonic() + LOOK_AGAIN_S)
            return
        there_may_be_more = moved.deliveries != ()
        self._moves.follow(moved.deliveries, moved.lanes | {lane.name} if there_may_be_more else moved.lanes)

    def _request(self, lane: Lane, lowest: Band, hold: Hold | None, *, oldest_first: bool) -> ClaimRequest:
        return ClaimRequest(
            lane=lane.name,
            pack=self._sender.pack(lane.channel),
            limit=lane.policy.gate.bundle,
            attempts=lane.attempts_now(),
            lowest=lowest,
            oldest_first=oldest_first,
            joins=self._sender.joins(lane.name),
            sated=frozenset() if lane.purse is None else lane.purse.sated(self._clock.now()),
            day_limits=self._sender.day_limits(lane.channel),
            asks=self._sender.asks(lane.channel),
            hold=hold,
        )

    async def _make(self, lane: Lane, request: Prepared, entered: float, purse: Purse | None = None) -> None:
        try:
            await self._send_and_settle(lane, request, entered, purse)
        finally:
            lane.unsettled -= 1

    async def _send_and_settle(self, lane: Lane, request: Prepared, entered: float, purse: Purse | None) -> None:
        """The place at the provider is free with its answer: what it came to is written in one commit with the next
        claim.
        """
        left: float | None = self._clock.monotonic()
        try:
            answered = await self._sender.send(request)
            left = self._clock.monotonic()
            self._learn(lane, answered, left)
            if purse is not None:
                purse.answered(request, answered.report.outcomes, self._clock.now())
            if _never_left(answered):
                left = None
        finally:
            lane.end(entered, left, request.units)
            self._plan_next(lane)
        await self._sender.settle(answered)
        if any(isinstance(outcome, Unknown) for outcome in answered.report.outcomes):
            await self._doubts.settle(request.claim)

    def _learn(self, lane: Lane, answered: Answered, now: float) -> None:
        lane.heed(now, answered.report.budget)
        self._lanes.judge(lane, _telling(answered))
        if answered.shut_for:
            self._lanes.shut(lane, answered.report, answered.shut_for)

    def _plan_next(self, lane: Lane) -> None:
        now = self._clock.monotonic()
        if lane.stirred:
            lane.stirred = False
            self._schedule.put(lane.name, now)
        if lane.waiting is None:
            return
        due = max(self._monotonic(lane.waiting.due), now)
        opens = lane.opens_at(lane.waiting.band, now)
        # Held back by its gate, something more important may fall due before the gate opens for this band.
        back = self._schedule.next_put_off(lane.name)
        self._schedule.put(lane.name, due if opens <= due else min(opens, back, due + LOOK_AGAIN_S))

    async def _recover(self) -> None:
        """What others send on a ledger that nodes share is theirs."""
        self._moves.follow((await self._queue.recover(self._ownership.node)).deliveries)

    def depth(self) -> Mapping[str, int]:
        """How many deliveries waited in each band when the ledger was last looked at, seconds ago."""
        return {band.value: sum(row.pending.get(band, 0) for row in self._seen) for band in Band}

    def _monotonic(self, moment: datetime) -> float:
        return self._clock.monotonic() + (moment - self._clock.now()).total_seconds()


def _telling(answered: Answered) -> Outcome:
    """The outcome that tells of the lane: where our own code failed on one of the members, that; else one that was
    understood, should there be any; then one that is about more than a part of it.
    """
    outcomes = answered.report.outcomes
    failed = (each for each in outcomes if isinstance(each, Deferred) and each.why is Delay.FAILED_HERE)
    return next(failed, min(outcomes, key=_says_little))


def _says_little(outcome: Outcome) -> int:
    match outcome:
        case Deferred(part=part):
            return 2 if part else 1
        case Unknown():
            return 1
        case _:
            return 0


def _never_left(answered: Answered) -> bool:
    """No request came about, so no provider counted one."""
    outcome = _telling(answered)
    return isinstance(outcome, Deferred) and outcome.why in (Delay.UNREACHABLE, Delay.FAILED_HERE, Delay.WITHHELD)
