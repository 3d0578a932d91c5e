"""Settles attempts whose answer was lost: their provider is asked; where nobody can tell, the configuration decides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from random import Random

from tocsin.channels.abilities import Finds, RepeatsSafely
from tocsin.channels.contract import Channel, Report
from tocsin.cluster.contract import Ownership
from tocsin.core.clock import Clock
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.facts import Emit
from tocsin.core.outcome import Outcome, Refused, Sent
from tocsin.ledger.contract import Claim, History, Move, Queue
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.attempt import composed
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.quarantine import has_killed
from tocsin.pipeline.sending.sender import Sender, move_of
from tocsin.pipeline.tasks import Tasks
from tocsin.rules.step import Step, after_doubt, after_harmless_doubt

LONGEST_REQUEST = timedelta(seconds=12)  # what the way out waits for an answer altogether, and a little more


class Doubts:
    """Attempts in doubt of one lane are settled one after the other, through its gate; no lane waits for another's."""

    def __init__(
        self,
        *,
        queue: Queue,
        history: History,
        sender: Sender,
        lanes: Lanes,
        ownership: Ownership,
        active: Active,
        clock: Clock,
        emit: Emit,
        random: Random,
    ) -> None:
        self._queue = queue
        self._history = history
        self._sender = sender
        self._lanes = lanes
        self._ownership = ownership
        self._active = active
        self._clock = clock
        self._random = random
        self._tasks = Tasks("doubts", emit)
        self._looked_after: set[str] = set()
        self._settling: set[int] = set()
        self._asking: set[str] = set()

    async def look(self) -> None:
        """Begin with what the ledger has for lanes that are not looked after already."""
        free = frozenset(self._lanes) - self._looked_after
        for name, claims in groupby(sorted(await self._queue.unknown(free), key=_lane_of), key=_lane_of):
            if name not in self._looked_after:  # by another look, meanwhile
                self._looked_after.add(name)
                self._tasks.start(self._settle_all(name, tuple(claims)))

    async def stop(self) -> None:
        """A question can be asked again."""
        await self._tasks.cancel()

    async def settle(self, claim: Claim) -> None:
        """Move the claim's deliveries out of doubt; nothing moves where nobody can tell now, or another node works the
        lane. One that is being settled is left to whoever is at it.
        """
        if claim.key in self._settling or not self._ownership.owns(claim.lane):
            return
        self._settling.add(claim.key)
        try:
            await self._settle(claim)
        finally:
            self._settling.discard(claim.key)

    async def _settle(self, claim: Claim) -> None:
        channel = self._active.channels[claim.target.channel]
        if claim.joins is None and isinstance(channel, Finds):
            found = await self._ask(channel, claim)
            if found is not None:
                await self._believe(found, claim)
            return
        doubtful = await self._doubtful(claim)
        await self._sender.move([self._undecided(one, channel, claim) for one in doubtful], claim.records)

    async def _settle_all(self, lane: str, claims: Sequence[Claim]) -> None:
        try:
            for claim in claims:
                await self.settle(claim)
        finally:
            self._looked_after.discard(lane)

    async def _ask(self, channel: Finds, claim: Claim) -> Report | None:
        """One question of a lane at a time, where a request may leave; a later look asks what could not be now."""
        lane = self._lanes.get(claim.lane)
        if (
            self._may_be_under_way(claim)
            or lane is None
            or lane.name in self._asking
            or lane.full()
            or lane.lowest_now(self._clock.monotonic()) is None
        ):
            return None
        self._asking.add(lane.name)
        began = self._lanes.begin(lane)
        try:
            return await channel.find(composed(claim))
        finally:
            self._lanes.end(lane, began)
            self._asking.discard(lane.name)

    def _may_be_under_way(self, claim: Claim) -> bool:
        """A node that was cut off from the ledger may be waiting for its answer yet: asked now, a provider could say
        that it never had what it is just taking.
        """
        return claim.node != self._ownership.node and self._clock.now() < claim.started_at + LONGEST_REQUEST

    async def _believe(self, found: Report, claim: Claim) -> None:
        """Move the members as the provider says. One that our own code died over is not sent once more."""
        outcomes = dict(zip((delivery.key for delivery, _ in claim.members), found.outcomes, strict=True))
        doubtful = await self._doubtful(claim)
        deadly = {
            one.key for one in doubtful if _is_missing(outcomes[one.key]) and await has_killed(one, self._history)
        }
        found_moves = [_found(one, outcomes[one.key]) for one in doubtful]
        moved = await self._sender.move(found_moves, claim.records, held=deadly)
        failed = [one for one in moved.deliveries if isinstance(outcomes.get(one.key), Refused)]
        if failed:
            await self._sender.move([_failed(one, outcomes[one.key]) for one in failed], claim.records)
        poison = [one for one in moved.deliveries if one.key in deadly]
        if poison:
            await self._sender.set_aside(poison, claim)

    async def _doubtful(self, claim: Claim) -> list[Delivery]:
        """The members that are still `unknown`."""
        read = [await self._history.delivery(delivery.id) for delivery, _ in claim.members]
        return [delivery for delivery in read if delivery and delivery.state is DeliveryState.UNKNOWN]

    def _undecided(self, delivery: Delivery, channel: Channel, claim: Claim) -> Move:
        """An edit is the same however often it is made, and so is joining."""
        now, jitter = self._clock.now(), self._random.random()
        repeats_safely = isinstance(channel, RepeatsSafely) and channel.repeats_safely(delivery.target)
        if repeats_safely or claim.joins is not None:
            return _out_of_doubt(delivery, after_harmless_doubt(delivery, now, jitter))
        policy = self._active.rulebook.routing.policy_of(delivery.target)
        wish = None if policy is None else policy.on_lost_answer
        return _out_of_doubt(delivery, after_doubt(delivery, wish, now, jitter))


def _lane_of(claim: Claim) -> str:
    return claim.lane


def _is_missing(outcome: Outcome) -> bool:
    """Asked, the provider said that it never had it."""
    return not isinstance(outcome, Sent | Refused)


def _found(delivery: Delivery, outcome: Outcome) -> Move:
    if _is_missing(outcome):
        return _out_of_doubt(delivery, Step(DeliveryState.PENDING, Why.NOT_FOUND), outcome)
    return _out_of_doubt(delivery, Step(DeliveryState.SENT, Why.FOUND), outcome)


def _out_of_doubt(delivery: Delivery, step: Step, outcome: Outcome | None = None) -> Move:
    """What its provider reports meanwhile, to whichever node, stands."""
    return replace(move_of(delivery, step, outcome), origin=DeliveryState.UNKNOWN)


def _failed(delivery: Delivery, outcome: Outcome) -> Move:
    """It was there, and did not arrive: sent again, it would fail again."""
    return move_of(delivery, Step(DeliveryState.REFUSED, Why.REFUSED), outcome)
