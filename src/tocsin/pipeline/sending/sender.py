"""Brings an attempt from its claim to its settlement."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from uuid import UUID

from tocsin.channels.abilities import Introduces, Measures, Receives
from tocsin.channels.contract import Attempt, Member, Report
from tocsin.cluster.contract import Ownership
from tocsin.core.clock import Clock
from tocsin.core.delivery import Delivery, DeliveryState, Target
from tocsin.core.errors import LedgerError, NotFoundError
from tocsin.core.facts import Attempted, Emit, PartRefused, Trouble
from tocsin.core.killpoint import Point, kill_point
from tocsin.core.leave import TAKEN_OVER, leaving_while
from tocsin.core.mention import NOBODY
from tocsin.core.outcome import Deferred, Delay, Outcome, Refusal, Refused, Sent
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord
from tocsin.core.wording import Wording
from tocsin.ledger.contract import (
    AttemptRow,
    Claim,
    DayLimits,
    Joins,
    Judge,
    Move,
    MoveResult,
    Pack,
    People,
    Queue,
    Settlement,
)
from tocsin.pipeline.active import Active
from tocsin.pipeline.people.hearing import shut
from tocsin.pipeline.sending.attempt import Prepared, answer_of, composed, made, name_of, outcome_of
from tocsin.pipeline.sending.mentions import Mentions
from tocsin.pipeline.sending.moves import Answer, Moves
from tocsin.pipeline.sending.quarantine import blamed, careful, is_poison
from tocsin.pipeline.sending.targets import Targets
from tocsin.pipeline.sending.wishes import as_wished, day_limit
from tocsin.rules.consent import standing_after
from tocsin.rules.receipts import moves_after
from tocsin.rules.step import SET_ASIDE, Step, after, after_join

LEDGER_RETRY_S = 0.5  # an outcome is never dropped: it is offered to the ledger until it is taken

_WITHHELD = Deferred(Delay.WITHHELD, detail="its channel went into shadow before it could leave")


@dataclass(frozen=True, slots=True)
class Answered:
    """An attempt whose request was over at that monotonic time, with what is to become of each member. Nothing of it
    is written yet.
    """

    prepared: Prepared
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
        queue: Queue,
        people: People,
        active: Active,
        targets: Targets,
        moves: Moves,
        ownership: Ownership,
        clock: Clock,
        emit: Emit,
        random: Random,
    ) -> None:
        self._queue = queue
        self._people = people
        self._active = active
        self._targets = targets
        self._moves = moves
        self._ownership = ownership
        self._clock = clock
        self._emit = emit
        self._random = random
        self._mentions = Mentions(active)
        self._introduction: Wording | None = None  # the one that was kept last
        self._watchers: dict[UUID, asyncio.Future[tuple[Delivery, Report]]] = {}

    def restore(self, recent: Iterable[AttemptRow]) -> None:
        """Mention budgets go on from what recent attempts mentioned, of whichever process."""
        self._mentions.restore(recent)

    def pack(self, channel: str) -> Pack:
        """Says how many of the alerts that wait fit into one request of that channel."""
        return careful(self._active.channels[channel].pack)

    def joins(self, lane: str) -> Joins | None:
        """Decides which alerts of a lane join a message that stands instead of making one of their own; None where
        none may.
        """
        return self._mentions.joins(lane, self._clock.now())

    def day_limits(self, channel: str) -> DayLimits | None:
        """Says how many alerts of that channel each of those who are claimed wants today; None where it tells nobody
        by a list.
        """
        book, now = self._active.rulebook, self._clock.now()
        if channel not in book.routing.lists:
            return None
        return lambda recipient: day_limit(recipient, channel, now, book.people.zone)

    def asks(self, channel: str) -> Callable[[Recipient], bool] | None:
        """Says of whoever is claimed whether the message asks what came of an alert; None as with `day_limits`."""
        book, now = self._active.rulebook, self._clock.now()
        return (lambda one: book.questions.is_asked(one, now)) if channel in book.routing.lists else None

    def watch(self, alert: UUID) -> asyncio.Future[tuple[Delivery, Report]]:
        """Resolves when the first attempt for that alert is settled."""
        return self._watchers.setdefault(alert, asyncio.get_running_loop().create_future())

    def prepare(self, claim: Claim) -> Prepared:
        """The request, and how much of its lane's rates it takes: 1 where its channel counts requests."""
        attempt = as_wished(composed(claim), self._active.rulebook)
        return Prepared(claim, attempt, self._units(claim, attempt))

    async def send(self, prepared: Prepared) -> Answered:
        """Send the claimed request; it is not settled by that."""
        claim = prepared.claim
        attempt = self._with_mentions(prepared.attempt) if claim.joins is None else prepared.attempt
        if attempt.mention != NOBODY:
            await self._note_mention(attempt)
        began = self._clock.monotonic()
        report = await self._send(claim, attempt)
        self._tell_attempt(attempt, report, self._clock.monotonic() - began)
        self._tell_matters(attempt.target.channel, report)
        return Answered(prepared, attempt, report, self._steps(claim, attempt, report), self._clock.monotonic())

    async def _note_mention(self, attempt: Attempt) -> None:
        """A ledger that cannot keep it now holds no message up: this process remembers it anyway."""
        with contextlib.suppress(LedgerError):
            await self._queue.note_mention(attempt.key, " ".join(attempt.mention.names))

    async def settle(self, answered: Answered) -> None:
        """Write down what came of it."""
        moved = await self._settle(answered)
        outcomes = {m.delivery.key: outcome for m, outcome in answered.outcomes()}
        poison = [one for one in moved.deliveries if one.key in outcomes and is_poison(outcomes[one.key], one)]
        self._follow(answered, moved, held=[one.key for one in poison])
        await self._shut_addresses(answered)
        await self._keep_introduction(answered)
        if poison:
            await self.set_aside(poison, answered.prepared.claim)

    async def _shut_addresses(self, answered: Answered) -> None:
        """Of whoever cannot or does not want to be reached there. What is not written now is heard with the next."""
        for member, outcome in answered.outcomes():
            if member.recipient is None or not isinstance(outcome, Refused) or outcome.shuts is None:
                continue
            draft = shut(outcome.shuts, outcome.detail, answered.attempt.target.channel)
            with contextlib.suppress(LedgerError, NotFoundError):
                await self._people.refuse(member.recipient.slot, member.recipient.lookup, draft, standing_after)

    async def _keep_introduction(self, answered: Answered) -> None:
        """The words by which somebody was told who writes, once: what is not kept now is kept with the next."""
        channel: object = self._active.channels.get(answered.attempt.target.channel)
        if not isinstance(channel, Introduces) or channel.introduction == self._introduction:
            return
        if any(member.introduces for member in answered.attempt.members):
            with contextlib.suppress(LedgerError):
                await self._people.keep_wording(channel.introduction.version, channel.introduction.text)
                self._introduction = channel.introduction

    async def set_aside(self, poison: Sequence[Delivery], claim: Claim) -> None:
        """Out of the queue, to its fallback or to an operator: tried again it would fail again."""
        pending = [delivery for delivery in poison if delivery.state is DeliveryState.PENDING]
        await self.move([replace(move_of(one, SET_ASIDE), detail=one.detail) for one in pending], claim.records)

    def _units(self, claim: Claim, attempt: Attempt) -> int:
        channel: object = self._active.channels.get(attempt.target.channel)
        if claim.joins is not None or not isinstance(channel, Measures):
            return 1
        try:
            return max(1, channel.units(attempt))
        except Exception as bug:  # noqa: BLE001 - sending fails on it as well, and says so for each member
            self._emit(Trouble("channel_failed", f"{attempt.target}: {bug!r}", "Report this: a channel never raises."))
            return 1

    async def _send(self, claim: Claim, attempt: Attempt) -> Report:
        if attempt.target in self._active.rulebook.routing.shadow:
            return Report((_WITHHELD,) * len(attempt.members))
        if not self._ownership.vouches(claim.node):
            return Report((TAKEN_OVER,) * len(attempt.members))
        channel = self._active.channels.get(attempt.target.channel)
        try:
            assert channel is not None, "a reload has just taken the channel away"
            with leaving_while(lambda: self._ownership.vouches(claim.node)):
                return await made(claim, attempt, channel)
        except Exception as bug:  # noqa: BLE001 - a bug in one channel must not stop the others; its doubt is settled
            self._emit(Trouble("channel_failed", f"{attempt.target}: {bug!r}", "Report this: a channel never raises."))
            return blamed(attempt, channel, bug)

    def _with_mentions(self, attempt: Attempt) -> Attempt:
        """A message that rings out to nobody is better than none. What joins one rings out to nobody anyway."""
        try:
            return self._mentions.add_to(attempt)
        except Exception as bug:  # noqa: BLE001 - a claim without a request would be `sending` until the next start
            self._emit(Trouble("mentions_failed", f"{attempt.target}: {bug!r}", "Report this: rules never raise."))
            return attempt

    def _steps(self, claim: Claim, attempt: Attempt, report: Report) -> tuple[Step, ...]:
        follows = after if claim.joins is None or report.whole_channel else after_join
        return tuple(
            follows(outcome, member.delivery, self._random.random())
            for member, outcome in zip(attempt.members, report.outcomes, strict=True)
        )

    async def _settle(self, answered: Answered) -> MoveResult:
        claim, attempt, report = answered.prepared.claim, answered.attempt, answered.report
        deliveries = [member.delivery for member in attempt.members]
        settlement = Settlement(
            attempt=attempt.key,
            outcome=outcome_of(claim, report),
            moves=tuple(map(move_of, deliveries, answered.steps, report.outcomes)),
            status=report.status,
            answer=answer_of(claim, report),
            mentioned=" ".join(attempt.mention.names),
            disable=_dead(attempt, report.outcomes),
            joined=claim.joins,
            units=answered.prepared.units,
            receipts=self._receipts(attempt.target.channel),
            gone=claim.joins is not None and Refusal.MESSAGE_GONE in map(_refusal, report.outcomes),
        )
        moved = await self._until_taken(lambda: self._queue.settle(settlement))
        kill_point(Point.OUTCOME_COMMITTED)
        if settlement.disable:
            self._targets.note_disabled(*settlement.disable)
        return moved

    def _receipts(self, name: str) -> tuple[str, Judge] | None:
        return (name, moves_after) if isinstance(self._active.channels.get(name), Receives) else None

    async def move(
        self, moves: Sequence[Move], records: Mapping[int, AlertRecord], *, held: Collection[int] = ()
    ) -> MoveResult:
        """Settle deliveries outside an attempt, however often the ledger must be asked. `records`: the alerts by the
        keys of their deliveries; `held`: those that are moved on at once.
        """
        now = self._clock.monotonic()
        moved = await self._until_taken(lambda: self._queue.move(moves))
        answers = {one.key: Answer(records[one.key], now) for one in moved.deliveries if one.key in records}
        self._moves.follow(moved.deliveries, moved.lanes, answers, held=held)
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

    def _tell_matters(self, channel: str, report: Report) -> None:
        for matter in report.matters:
            self._emit(PartRefused(f"{channel} ({matter.about})", matter.detail))

    def _follow(self, answered: Answered, moved: MoveResult, *, held: Collection[int]) -> None:
        answers = {m.delivery.key: Answer(m.record, answered.at, one.detail) for m, one in answered.outcomes()}
        self._moves.follow(moved.deliveries, moved.lanes, answers, held=held)
        for delivery in moved.deliveries:
            if watcher := self._watchers.pop(delivery.alert_id, None):
                watcher.set_result((delivery, answered.report))


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


def _dead(attempt: Attempt, outcomes: Iterable[Outcome]) -> tuple[Target, str, str] | None:
    """Nothing of a list is dead where one of its people is gone."""
    for member, outcome in zip(attempt.members, outcomes, strict=True):
        if member.recipient is None and isinstance(outcome, Refused) and outcome.why.disables_target:
            return attempt.target, outcome.why.value, outcome.detail
    return None
