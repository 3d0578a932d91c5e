"""Several nodes at work on one ledger, in one process: each has its ledger, its clock and its way out. A node that
nobody moves stands still; a dead one's lease is ended in the database, so that nobody has to wait for it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg
from tests.deadline import DEADLINE_S
from tests.pipeline.dispatcher_rig import Answer, Board, takes_it

from tocsin.channels.contract import Attempt, Report
from tocsin.cluster.membership import Membership
from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Accepted, Episode, Plan, Reason
from tocsin.core.delivery import Delivery, Target
from tocsin.core.facts import Fact
from tocsin.core.outcome import Deferred, Delay
from tocsin.ledger.contract import Claim, ClaimRequest, Item, Ledger, Node, Submission
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.sending import Sending
from tocsin.rules.catalog import Catalog
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.routing import RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
LASTS = timedelta(hours=1)  # a slow machine ends no lease
BURIED_AFTER = LASTS.total_seconds() + 1


@dataclass(eq=False)
class Place(Board):
    """A provider that several nodes call. While it is `shut` no request gets its answer."""

    def __init__(self, clock: ManualClock, answer: Answer = takes_it) -> None:
        super().__init__(clock, answer)
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, attempt: Attempt) -> Report:
        report = await super().send(attempt)
        await self.open.wait()
        return report

    @property
    def skus(self) -> list[str]:
        return [sku for _, skus in self.seen for sku in skus]


class Asked(Place):
    """It can be asked what it has: nothing, whoever asks."""

    async def find(self, attempt: Attempt) -> Report:
        return Report((Deferred(Delay.UNREACHABLE),) * len(attempt.members))


@dataclass(eq=False)
class Resident:
    name: str
    ledger: Ledger
    sending: Sending
    members: Membership
    clock: ManualClock
    place: Place
    facts: list[Fact]
    stack: AsyncExitStack = field(repr=False)

    @property
    def lanes(self) -> set[str]:
        return set(self.sending.lanes)

    @property
    def beats(self) -> float:
        """When the last one began."""
        return self.members._lease.began if self.members._lease else 0.0

    async def look(self) -> None:
        """A beat, and what is to be done after it."""
        await self.members.look()
        await self.until(lambda: not self.members._winning)
        await self.sending.dispatcher.look()
        await self.rest()

    async def rest(self) -> None:
        """Until nothing is under way here but what waits for its provider."""
        await self.until(
            lambda: not self.sending.schedule._heap or self.sending.schedule._heap[0][0] > self.clock.monotonic()
        )
        await self.until(lambda: all(not lane.claiming for lane in self.sending.lanes.values()))
        if self.place.open.is_set():
            await self.until(lambda: not self.sending.dispatcher._tasks and not self.sending.doubts._tasks)

    async def until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not so():  # noqa: ASYNC110 - the ledger's threads are what is waited for
                await asyncio.sleep(0.001)

    async def doubts(self) -> None:
        await self.sending.doubts.look()
        await self.rest()

    async def claim(self, lane: str) -> Claim:
        """Claim as the dispatcher would, and stand still before the request leaves."""
        hold = self.members.hold(lane)
        assert hold is not None, f"{self.name} does not own {lane}"
        claimed = await self.ledger.queue.claim(ClaimRequest(lane=lane, pack=self.place.pack, hold=hold))
        assert claimed.claim is not None
        return claimed.claim

    async def accept(self, target: Target, *skus: str) -> None:
        """Alerts for one target, accepted by this node: the others are told nothing."""
        now = self.clock.now()
        alerts = [
            Alert(id=new_id(now), type=AlertType.IN_STOCK, priority=9, sku=sku, retailer="shop", timestamp=now)
            for sku in skus
        ]

        def decide(alert: Alert, _last: Episode | None, at: Any) -> Accepted:
            life = at + timedelta(days=1)
            return Accepted(Reason.NEW, (Plan(target=target, lane=str(target), due=at, expires_at=life),))

        await self.ledger.queue.append(Submission(tuple(Item(alert) for alert in alerts)), decide)

    async def deliveries(self) -> dict[str, Delivery]:
        """By SKU."""
        page = await self.ledger.history.deliveries(limit=1000)
        stories = [await self.ledger.history.story(one.alert_id) for one in page.items]
        return {
            story.record.alert.sku: one for one, story in zip(page.items, stories, strict=True) if story is not None
        }


@dataclass
class Town:
    """`targets` are served by every node, each on a lane of its own name."""

    url: str
    targets: tuple[Target, ...]
    stack: AsyncExitStack
    policy: dict[str, Any] = field(default_factory=dict)
    residents: dict[str, Resident] = field(default_factory=dict)

    async def enter(self, name: str, *, place: type[Place] = Place) -> Resident:
        clock = ManualClock(NOON)
        own = await self.stack.enter_async_context(AsyncExitStack())
        facts: list[Fact] = []
        ledger = await own.enter_async_context(open_ledger(self.url, clock=clock, emit=facts.append, shared=True))
        assert ledger.cluster is not None
        members = Membership(ledger.cluster, Node(id=name, name=name), clock, facts.append, lasts=LASTS)
        served = place(clock)
        active = Active(_book(self.targets, self.policy), {"board": served})
        sending = Sending(ledger, active, clock, facts.append, ownership=members, random=Random(1))
        await own.enter_async_context(sending.running(grace_s=5))
        resident = Resident(name, ledger, sending, members, clock, served, facts, own)
        self.residents[name] = resident
        return resident

    async def settle(self, *residents: Resident) -> None:
        """Look until each has what it should have, and nothing moves any more."""
        before: list[set[str]] = []
        while before != (now := [one.lanes for one in residents]) or not before:
            before = now
            for one in residents:
                await one.look()
            for one in residents:
                await one.look()

    def end_lease(self, resident: Resident) -> None:
        """As if it had not been heard of for longer than its lease."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("UPDATE nodes SET lease_until = 0 WHERE id = %s", (resident.members.node,))


@asynccontextmanager
async def town(url: str, targets: Iterable[str], **policy: Any) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        yield Town(url, tuple(Target("board", name) for name in targets), stack, policy)


def _book(targets: Iterable[Target], policy: dict[str, Any]) -> Rulebook:
    policies = [TargetPolicy(target=target, lane=str(target)) for target in targets]
    return Rulebook(
        catalog=Catalog(),
        filters=FilterPolicy(),
        dedup=AlertDeduplicator(DedupPolicy()),
        routing=RoutingPolicy(
            routes=(),
            targets={each.target: each for each in policies},
            lanes={each.lane: LanePolicy(name=each.lane, channel="board", **policy) for each in policies},
        ),
    )
