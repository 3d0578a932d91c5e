"""One attempt from its claim to its settlement."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from tocsin.channels.abilities import Measures, Receives
from tocsin.channels.contract import Attempt, Member, Report
from tocsin.core.clock import Clock
from tocsin.core.delivery import Delivery, DeliveryState, Target
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Attempted, DeliveryMoved, Emit, Trouble
from tocsin.core.killpoint import Point, kill_point
from tocsin.core.mention import NOBODY
from tocsin.core.outcome import Deferred, Delay, Outcome, Refusal, Refused, Sent
from tocsin.core.record import AlertRecord
from tocsin.ledger.contract import Archive, Claim, Joins, Judge, Ledger, Move, MoveResult, Settlement
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.attempt import answer_of, composed, made, name_of, outcome_of
from tocsin.pipeline.sending.latency import LatencyMeter
from tocsin.pipeline.sending.mentions import Mentions
from tocsin.pipeline.sending.quarantine import blamed, is_poison
from tocsin.pipeline.sending.targets import Targets
from tocsin.rules.objective import late_by_wish
from tocsin.rules.receipts import moves_after
from tocsin.rules.step import SET_ASIDE, Step, after, after_join

LEDGER_RETRY_S = 0.5  # an outcome is never dropped: it is offered to the ledger until it is taken

_WITHHELD = Deferred(Delay.WITHHELD, detail="its channel went into shadow before it could leave")


@dataclass(frozen=True, slots=True)
class Answered:
    """An attempt whose request was over at that monotonic time, with what is to become of each member. Nothing of it
    is written yet.
    """

    attempt: Attempt
    report: Report
    steps: tuple[Step, ...]
    at: float

    def outcomes(self) -> Iterable[tuple[Member, Outcome]]:
        return zip(self.attempt.members, self.report.outcomes, strict=True)

    @property
    def shut_for(self) -> timedelta | None:
        """How long the provider wants nothing more on this lane; None where it said nothing of the kind."""
        return max((step.shuts_lane_for for step in self.steps if step.shuts_lane_for), default=None)


class Sender:
    def __init__(
        self,
        *,
        ledger: Ledger,
        archive: Archive,
        active: Active,
        targets: Targets,
        clock: Clock,
        emit: Emit,
        random: Random,
    ) -> None:
        self._ledger = ledger
        self._archive = archive
        self._active = active
        self._targets = targets
        self._clock = clock
        self._emit = emit
        self._random = random
        self._meter = LatencyMeter(clock)
        self._mentions = Mentions(active)
        self._watchers: dict[UUID, asyncio.Future[tuple[Delivery, Report]]] = {}

    def remember(self, target: Target, mentioned: Iterable[str], at: datetime) -> None:
        """Budgets go on after a restart from what recent attempts mentioned."""
        self._mentions.remember(target, mentioned, at)

    def joins(self, lane: str) -> Joins | None:
        """What of a lane joins a message that stands instead of making one of its own; None where nothing may."""
        return self._mentions.joins(lane, self._clock.now())

    def watch(self, alert: UUID) -> asyncio.Future[tuple[Delivery, Report]]:
        """Resolves when the first attempt for that alert is settled."""
        return self._watchers.setdefault(alert, asyncio.get_running_loop().create_future())

    def units(self, claim: Claim) -> int:
        """How much of its lane's rates the claimed request takes; 1 where its channel counts requests."""
        channel: object = self._active.channels.get(claim.target.channel)
        if claim.joins is not None or not isinstance(channel, Measures):
            return 1
        try:
            return max(1, channel.units(composed(claim)))
        except Exception as bug:  # noqa: BLE001 - sending fails on it as well, and says so for each member
            self._emit(Trouble("channel_failed", f"{claim.target}: {bug!r}", "Report this: a channel never raises."))
            return 1

    async def send(self, claim: Claim) -> Answered:
        """Send the claimed request; it is not settled by that."""
        attempt = self._with_mentions(composed(claim))
        if attempt.mention != NOBODY:
            await self._note_mention(attempt)
        began = self._clock.monotonic()
        report = await self._send(attempt)
        self._tell_attempt(attempt, report, self._clock.monotonic() - began)
        return Answered(attempt, report, self._steps(attempt, report), self._clock.monotonic())

    async def _note_mention(self, attempt: Attempt) -> None:
        """A ledger that cannot keep it now holds no message up: this process remembers it anyway."""
        with contextlib.suppress(LedgerError):
            await self._ledger.note_mention(attempt.key, " ".join(attempt.mention.names))

    async def settle(self, claim: Claim, answered: Answered) -> MoveResult:
        """Write down what came of it. The deliveries as the ledger has them then."""
        moved = await self._settle(claim, answered)
        outcomes = {m.delivery.key: outcome for m, outcome in answered.outcomes()}
        poison = [one for one in moved.deliveries if one.key in outcomes and is_poison(outcomes[one.key], one)]
        return joined_rows(moved, await self.set_aside(poison, claim)) if poison else moved

    async def set_aside(self, poison: Sequence[Delivery], claim: Claim) -> MoveResult:
        """Out of the queue, to its fallback or to an operator: tried again it would fail again."""
        pending = [delivery for delivery in poison if delivery.state is DeliveryState.PENDING]
        return await self.move([replace(move_of(one, SET_ASIDE), detail=one.detail) for one in pending], claim.records)

    async def _send(self, attempt: Attempt) -> Report:
        if attempt.target in self._active.rulebook.routing.shadow:
            return Report((_WITHHELD,) * len(attempt.members))
        channel = self._active.channels.get(attempt.target.channel)
        try:
            assert channel is not None, "a reload has just taken the channel away"
            return await made(attempt, channel)
        except Exception as bug:  # noqa: BLE001 - a bug in one channel must not stop the others; its doubt is settled
            self._emit(Trouble("channel_failed", f"{attempt.target}: {bug!r}", "Report this: a channel never raises."))
            return blamed(attempt, channel, bug)

    def _with_mentions(self, attempt: Attempt) -> Attempt:
        """A message that rings out to nobody is better than none."""
        try:
            return self._mentions.add_to(attempt)
        except Exception as bug:  # noqa: BLE001 - a claim without a request would be `sending` until the next start
            self._emit(Trouble("mentions_failed", f"{attempt.target}: {bug!r}", "Report this: rules never raise."))
            return attempt

    def _steps(self, attempt: Attempt, report: Report) -> tuple[Step, ...]:
        follows = after if attempt.joins is None or report.whole_channel else after_join
        return tuple(
            follows(outcome, member.delivery, self._random.random())
            for member, outcome in zip(attempt.members, report.outcomes, strict=True)
        )

    async def _settle(self, claim: Claim, answered: Answered) -> MoveResult:
        attempt, report = answered.attempt, answered.report
        deliveries = [member.delivery for member in attempt.members]
        settlement = Settlement(
            attempt=attempt.key,
            outcome=outcome_of(claim, report),
            moves=tuple(map(move_of, deliveries, answered.steps, report.outcomes)),
            status=report.status,
            answer=answer_of(claim, report),
            mentioned=" ".join(attempt.mention.names),
            disable=_dead(attempt.target, report.outcomes),
            joined=claim.joins,
            units=self.units(claim),
            receipts=self._receipts(attempt.target.channel),
            gone=attempt.joins is not None and Refusal.MESSAGE_GONE in map(_refusal, report.outcomes),
        )
        moved = await self._until_taken(lambda: self._ledger.settle(settlement))
        kill_point(Point.OUTCOME_COMMITTED)
        if settlement.disable:
            self._targets.note_disabled(*settlement.disable)
        self._tell_settled(answered, moved)
        return moved

    def _receipts(self, name: str) -> tuple[str, Judge] | None:
        return (name, moves_after) if isinstance(self._active.channels.get(name), Receives) else None

    async def move(self, moves: Sequence[Move], records: Mapping[int, AlertRecord]) -> MoveResult:
        """Settle deliveries outside an attempt, however often the ledger must be asked. `records`: the alerts by the
        keys of their deliveries.
        """
        now = self._clock.monotonic()
        moved = await self._until_taken(lambda: self._ledger.move(moves))
        for delivery in moved.deliveries:
            latency_s = self._latency(delivery, records[delivery.key], now)
            self._emit(DeliveryMoved(delivery=delivery, to=delivery.state, why=delivery.why, latency_s=latency_s))
        return moved

    async def _until_taken(self, write: Callable[[], Awaitable[MoveResult]]) -> MoveResult:
        while True:
            try:
                return await write()
            except LedgerError as problem:
                self._emit(Trouble("settle_failed", problem.message, "The outcome is kept and offered again."))
                await self._clock.sleep(LEDGER_RETRY_S)

    def _tell_attempt(self, attempt: Attempt, report: Report, took_s: float) -> None:
        self._emit(
            Attempted(
                target=attempt.target,
                lane=attempt.lane,
                members=len(attempt.members),
                outcome=name_of(report.outcomes[0]),
                took_s=took_s,
                is_test=all(member.delivery.is_test for member in attempt.members),
            )
        )

    def _tell_settled(self, answered: Answered, moved: MoveResult) -> None:
        details = {m.delivery.key: (m, outcome) for m, outcome in answered.outcomes()}
        for delivery in moved.deliveries:
            member, outcome = details.get(delivery.key, (None, None))
            self._emit(
                DeliveryMoved(
                    delivery=delivery,
                    to=delivery.state,
                    why=delivery.why,
                    detail=outcome.detail if outcome else "",
                    latency_s=self._latency(delivery, member.record, answered.at) if member else None,
                )
            )
            if watcher := self._watchers.pop(delivery.alert_id, None):
                watcher.set_result((delivery, answered.report))

    def _latency(self, delivery: Delivery, record: AlertRecord, answered: float) -> float | None:
        """From detection to the answer that it was sent; None for any other answer, and where nobody waited."""
        if delivery.state is not DeliveryState.SENT or delivery.is_test or late_by_wish(delivery):
            return None
        before = (record.accepted_at - record.began_at).total_seconds()
        return before + self._meter.span(record.accepted_at, answered)


def joined_rows(first: MoveResult, then: MoveResult) -> MoveResult:
    """Two moves of the same deliveries, as they stand after the second."""
    latest = {one.key: one for one in (*first.deliveries, *then.deliveries)}
    return MoveResult(tuple(latest.values()), first.lost, first.lanes | then.lanes)


def _refusal(outcome: Outcome) -> Refusal | None:
    return outcome.why if isinstance(outcome, Refused) else None


def move_of(delivery: Delivery, step: Step, outcome: Outcome | None = None) -> Move:
    return Move(
        key=delivery.key,
        fence=delivery.fence,
        to=step.to,
        why=step.why,
        wait=step.wait,
        detail=outcome.detail if outcome else "",
        reference=outcome.reference if isinstance(outcome, Sent) else None,
        units=outcome.units if isinstance(outcome, Sent) else None,
        cost=outcome.cost if isinstance(outcome, Sent) else None,
        possibly_repeated=step.possibly_repeated,
        alone=step.alone,
    )


def _dead(target: Target, outcomes: Iterable[Outcome]) -> tuple[Target, str, str] | None:
    for outcome in outcomes:
        if isinstance(outcome, Refused) and outcome.why.disables_target:
            return target, outcome.why.value, outcome.detail
    return None
