"""Sold out cancels what is still pending on every channel, whatever state the lanes are in."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.books import Books, opened, plan

from tocsin.core.alert import Alert
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Accepted, Plan, Reason
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.ledger.contract import Claim, ClaimRequest, Decide, Move, Settlement

CHANNELS = ("discord", "sms", "push", "email", "webhook", "slack")
STATE, WHY = DeliveryState, Why
HALF_AN_HOUR = timedelta(minutes=30)


class Stand(Enum):
    """How far a delivery has come when its product is sold out."""

    FRESH = auto()
    HELD_BY_QUIET_HOURS = auto()
    DEFERRED = auto()
    WITH_A_FALLBACK_BEHIND = auto()
    FALLBACK_PENDING = auto()
    SENDING = auto()
    JOINING = auto()
    IN_DOUBT = auto()
    STANDING = auto()


class End(Enum):
    """How an attempt ends that was under way then."""

    SENT = auto()
    DEFERRED = auto()
    REFUSED = auto()


WAITS = {Stand.FRESH, Stand.HELD_BY_QUIET_HOURS, Stand.DEFERRED, Stand.WITH_A_FALLBACK_BEHIND, Stand.FALLBACK_PENDING}
SHOWN = {Stand.STANDING, Stand.SENDING, Stand.JOINING}


@dataclass
class Scene:
    """One product that was told on some channels, each with targets of its own, and its neighbour that stays in."""

    books: Books
    number: int
    stands: Sequence[Stand]
    told: list[Alert] = field(default_factory=list)
    under_way: dict[Target, Claim] = field(default_factory=dict)

    async def play(self, end: End) -> None:
        for target, stand in self.targets():
            await self.bring(target, stand)
        other = self.books.detected(f"other{self.number}")
        await self.books.append(other, decide=self.books.telling(self.aside))
        before = await self.of(self.told)
        closed = await self.books.close(self.told[0])
        waiting = {key for key, one in before.items() if one.state is STATE.PENDING}
        assert {one.key for one in closed.cancelled} == waiting
        assert len(waiting) == sum(stand in WAITS for stand in self.stands)
        await self.finish(end)
        await self.check(waiting, end)
        assert [one.state for one in (await self.of([other])).values()] == [STATE.PENDING]

    def targets(self) -> Iterator[tuple[Target, Stand]]:
        for channel, stand in zip(CHANNELS, self.stands, strict=False):
            yield Target(channel, f"place{self.number}"), stand

    @property
    def aside(self) -> Target:
        return Target("discord", f"aside{self.number}")

    def instead(self, target: Target) -> Target:
        return Target(target.channel, f"instead{self.number}")

    async def bring(self, target: Target, stand: Stand) -> None:
        """Another alert of the same episode for each target: this is the one that stands as far as that."""
        if stand is Stand.JOINING:
            host = self.books.detected(f"host{self.number}{target.channel}")
            await self.books.append(host, decide=self.telling(self.planned(target, stand)))
            await self.books.settle(await self.books.claimed(target), STATE.SENT, reference=f"{target}")
        self.told.append(self.books.detected(f"sought{self.number}"))
        await self.books.append(self.told[-1], decide=self.telling(self.planned(target, stand)))
        if stand in WAITS - {Stand.DEFERRED, Stand.FALLBACK_PENDING}:
            return
        request = ClaimRequest(lane=str(target), pack=lambda _, records: len(records), joins=lambda _, __: HALF_AN_HOUR)
        claim = (await self.books.queue.claim(request)).claim
        assert claim is not None
        assert (claim.joins is not None) == (stand is Stand.JOINING)
        await self.leave(claim, stand)

    async def leave(self, claim: Claim, stand: Stand) -> None:
        match stand:
            case Stand.DEFERRED:
                await self.settle(claim, STATE.PENDING, WHY.DEFERRED, wait=timedelta(seconds=30))
            case Stand.FALLBACK_PENDING:
                await self.settle(claim, STATE.REFUSED, WHY.REFUSED)
            case Stand.IN_DOUBT:
                await self.settle(claim, STATE.UNKNOWN, WHY.ANSWER_LOST)
                self.under_way[claim.target] = claim
            case Stand.STANDING:
                await self.settle(claim, STATE.SENT, None)
            case _:
                self.under_way[claim.target] = claim

    async def finish(self, end: End) -> None:
        """The answers come in after the close."""
        for target, stand in self.targets():
            if claim := self.under_way.get(target):
                await (self.settle_doubt(claim) if stand is Stand.IN_DOUBT else self.answer(claim, end))

    async def answer(self, claim: Claim, end: End) -> None:
        match end:
            case End.SENT:
                await self.settle(claim, STATE.SENT, None)
            case End.DEFERRED:
                await self.settle(claim, STATE.PENDING, WHY.DEFERRED)
            case End.REFUSED:
                await self.settle(claim, STATE.REFUSED, WHY.REFUSED)

    async def settle_doubt(self, claim: Claim) -> None:
        ((delivery, _),) = claim.members
        move = Move(key=delivery.key, fence=delivery.fence, to=STATE.PENDING, why=WHY.NOT_FOUND)
        await self.books.queue.move([move])

    async def settle(self, claim: Claim, to: DeliveryState, why: Why | None, wait: timedelta | None = None) -> None:
        reference = str(claim.target) if to is STATE.SENT else None
        moves = tuple(
            Move(key=one.key, fence=one.fence, to=to, why=why, wait=wait, reference=reference)
            for one, _ in claim.members
        )
        await self.books.queue.settle(Settlement(attempt=claim.key, outcome=to.value, moves=moves, joined=claim.joins))

    async def check(self, waiting: set[int], end: End) -> None:
        """Nothing of it waits, nothing more is begun, and what stands is to be edited."""
        found = await self.of(self.told)
        assert {found[key].why for key in waiting} <= {WHY.CLOSED}
        self.books.clock.advance(HALF_AN_HOUR.total_seconds())
        await self.books.queue.fail_over(frozenset(map(str, (target for target, _ in self.targets()))))
        assert not [one for one in (await self.of(self.told)).values() if one.state is STATE.PENDING]
        lanes = frozenset(str(target) for target, _ in self.targets())
        edited = {message.target for message in await self.books.queue.edits(lanes)}
        shown = SHOWN if end is End.SENT else {Stand.STANDING}
        assert edited == {target for target, stand in self.targets() if stand in shown}

    async def of(self, alerts: Sequence[Alert]) -> dict[int, Delivery]:
        stories = [await self.books.history.story(alert.id) for alert in alerts]
        return {told.delivery.key: told.delivery for story in stories if story for told in story.deliveries}

    def planned(self, target: Target, stand: Stand) -> Plan:
        clock = self.books.clock
        made = plan(target, clock=clock, life=timedelta(days=1), product=f"product{self.number}")
        if stand in (Stand.WITH_A_FALLBACK_BEHIND, Stand.FALLBACK_PENDING):
            behind = plan(self.instead(target), clock=clock, life=timedelta(days=1))
            return replace(made, fallback=(behind,), fail_over_at=clock.now() + timedelta(minutes=1))
        return replace(made, due=clock.now() + timedelta(hours=8)) if stand is Stand.HELD_BY_QUIET_HOURS else made

    def telling(self, planned: Plan) -> Decide:
        return lambda *_: Accepted(Reason.NEW, (planned,))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Books, Iterator[int]]]:
    """One ledger for all examples."""
    place: Path = tmp_path_factory.mktemp("sold_out") / "ledger.db"
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        clock = ManualClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
        books = runner.run(stack.enter_async_context(opened(f"sqlite:///{place}", clock)))
        yield runner, books, count()
        runner.run(stack.aclose())


@settings(max_examples=50, deadline=None)
@given(stands=st.lists(st.sampled_from(Stand), min_size=1, max_size=len(CHANNELS)), end=st.sampled_from(End))
def test_sold_out_leaves_nothing_pending_on_any_channel(
    stage: tuple[asyncio.Runner, Books, Iterator[int]], stands: list[Stand], end: End
) -> None:
    runner, books, numbers = stage
    runner.run(Scene(books, next(numbers), stands).play(end))
