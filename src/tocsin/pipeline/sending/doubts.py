"""Attempts whose answer was lost: their provider is asked, and where nobody can tell, the configuration decides."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from random import Random

from tocsin.channels.abilities import Finds, RepeatsSafely
from tocsin.channels.contract import Channel, Report
from tocsin.core.clock import Clock
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.facts import Emit
from tocsin.core.outcome import Outcome, Sent
from tocsin.ledger.contract import Archive, Claim, Move, MoveResult
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.attempt import composed
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.quarantine import has_killed
from tocsin.pipeline.sending.sender import Sender, joined_rows, move_of
from tocsin.pipeline.tasks import Tasks
from tocsin.rules.step import Step, after_doubt, after_harmless_doubt

Follow = Callable[[MoveResult], None]


class Doubts:
    """Those of a lane are settled one after the other, through its gate; no lane waits for another's."""

    def __init__(
        self,
        *,
        archive: Archive,
        attempts: Sender,
        lanes: Lanes,
        active: Active,
        clock: Clock,
        emit: Emit,
        random: Random,
    ) -> None:
        self._archive = archive
        self._sender = attempts
        self._lanes = lanes
        self._active = active
        self._clock = clock
        self._random = random
        self._tasks = Tasks("doubts", emit)
        self._looked_after: set[str] = set()
        self._asking: set[str] = set()

    async def look(self, follow: Follow) -> None:
        """Begin with what the ledger has for lanes that are not looked after already. `follow` hears of each move."""
        free = frozenset(self._lanes) - self._looked_after
        for name, claims in groupby(sorted(await self._archive.unknown(free), key=_lane_of), key=_lane_of):
            self._looked_after.add(name)
            self._tasks.start(self._settle_all(name, tuple(claims), follow))

    async def stop(self) -> None:
        """A question can be asked again."""
        await self._tasks.cancel()

    async def settle(self, claim: Claim) -> MoveResult:
        """Its deliveries as the ledger has them then; none where nobody can tell now."""
        channel = self._active.channels[claim.target.channel]
        if claim.joins is None and isinstance(channel, Finds):
            found = await self._ask(channel, claim)
            moved = MoveResult(()) if found is None else await self._believe(found, claim)
            return self._waking(claim.lane, moved)
        doubtful = await self._doubtful(claim)
        return await self._sender.move([self._undecided(one, channel, claim) for one in doubtful], claim.records)

    async def _settle_all(self, lane: str, claims: Sequence[Claim], follow: Follow) -> None:
        try:
            for claim in claims:
                follow(await self.settle(claim))
        finally:
            self._looked_after.discard(lane)

    async def _ask(self, channel: Finds, claim: Claim) -> Report | None:
        """One question of a lane at a time, where a request may leave; a later look asks what could not be now."""
        lane, began = self._lanes.get(claim.lane), self._clock.monotonic()
        if lane is None or lane.name in self._asking or lane.full() or lane.lowest_now(began) is None:
            return None
        self._asking.add(lane.name)
        lane.enter(began)
        lane.start(began)
        try:
            return await channel.find(composed(claim))
        finally:
            lane.end(began, self._clock.monotonic())
            self._asking.discard(lane.name)

    def _waking(self, name: str, moved: MoveResult) -> MoveResult:
        """What fell due on the lane while the question had its place is looked at now, not at the next round."""
        lane = self._lanes.get(name)
        return replace(moved, lanes=moved.lanes | {name}) if lane is not None and lane.stirred else moved

    async def _believe(self, found: Report, claim: Claim) -> MoveResult:
        """What our own code died over is not sent once more."""
        outcomes = dict(zip((delivery.key for delivery, _ in claim.members), found.outcomes, strict=True))
        doubtful = await self._doubtful(claim)
        moved = await self._sender.move([_found(one, outcomes[one.key]) for one in doubtful], claim.records)
        deadly = [one for one in doubtful if _is_missing(outcomes[one.key]) and await has_killed(one, self._archive)]
        back = {one.key: one for one in moved.deliveries}
        poison = [back[one.key] for one in deadly if one.key in back]
        return joined_rows(moved, await self._sender.set_aside(poison, claim)) if poison else moved

    async def _doubtful(self, claim: Claim) -> list[Delivery]:
        """The members that are still `unknown`."""
        read = [await self._archive.delivery(delivery.id) for delivery, _ in claim.members]
        return [delivery for delivery in read if delivery and delivery.state is DeliveryState.UNKNOWN]

    def _undecided(self, delivery: Delivery, channel: Channel, claim: Claim) -> Move:
        """An edit is the same however often it is made, and so is joining."""
        now, jitter = self._clock.now(), self._random.random()
        repeats_safely = isinstance(channel, RepeatsSafely) and channel.repeats_safely(delivery.target)
        if repeats_safely or claim.joins is not None:
            return move_of(delivery, after_harmless_doubt(delivery, now, jitter))
        policy = self._active.rulebook.routing.targets[delivery.target]
        return move_of(delivery, after_doubt(delivery, policy.on_lost_answer, now, jitter))


def _lane_of(claim: Claim) -> str:
    return claim.lane


def _is_missing(outcome: Outcome) -> bool:
    """Asked, the provider said that it never had it."""
    return not isinstance(outcome, Sent)


def _found(delivery: Delivery, outcome: Outcome) -> Move:
    if isinstance(outcome, Sent):
        return move_of(delivery, Step(DeliveryState.SENT, Why.FOUND), outcome)
    return move_of(delivery, Step(DeliveryState.PENDING, Why.NOT_FOUND), outcome)
