"""The dispatcher at work: a real ledger, a clock that is moved by hand, and a provider that answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from tests.blank import blank

from tocsin.channels.contract import Attempt, Report
from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Accepted, Episode, Plan, Reason
from tocsin.core.delivery import Target
from tocsin.core.facts import Fact
from tocsin.core.outcome import Outcome, Sent
from tocsin.core.record import AlertRecord
from tocsin.ledger.contract import Item, Ledger, Submission
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.sending import Sending
from tocsin.rules.catalog import Catalog
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.routing import RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook

BLINK = 1e-6  # seconds; what rounding may take away from a sum of times

Answer = Callable[[Attempt], Outcome]


def takes_it(_: Attempt) -> Outcome:
    return Sent()


class Board:
    """A channel; `seen` has each request: when it came, and the SKUs it carried."""

    name = "board"

    def __init__(self, clock: ManualClock, answer: Answer) -> None:
        self.seen: list[tuple[float, tuple[str, ...]]] = []
        self.answer = answer
        self._clock = clock

    def pack(self, _target: Target, records: Sequence[AlertRecord]) -> int:
        return len(records)

    def render(self, _target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        """Raises KeyError for what it cannot render."""
        return {"text": [record.alert.metadata["text"] for record in records if record.alert.metadata]}

    async def send(self, attempt: Attempt) -> Report:
        self.render(attempt.target, [member.record for member in attempt.members])
        self.seen.append((self._clock.monotonic(), tuple(member.record.alert.sku for member in attempt.members)))
        return Report((self.answer(attempt),) * len(attempt.members))


@dataclass
class DispatcherRig:
    ledger: Ledger
    sending: Sending
    board: Board
    clock: ManualClock
    facts: list[Fact]

    async def accept(self, policy: TargetPolicy, *alerts: Alert) -> None:
        """They are planned for that target, and its lane is told."""

        def decide(alert: Alert, _last: Episode | None, now: Any) -> Accepted:
            expires_at = now + policy.max_age[alert.type]
            return Accepted(Reason.NEW, (Plan(target=policy.target, lane=policy.lane, due=now, expires_at=expires_at),))

        appended = await self.ledger.queue.append(Submission(tuple(Item(alert) for alert in alerts)), decide)
        self.sending.moves.follow(appended.moved, appended.lanes)

    def alert(self, sku: str, priority: int = 9, **metadata: Any) -> Alert:
        now = self.clock.now()
        return Alert(
            id=new_id(now),
            type=AlertType.IN_STOCK,
            priority=priority,
            sku=sku,
            retailer="bestbuy",
            timestamp=now,
            price=Decimal(1),
            metadata=metadata,
        )

    async def settle_doubts(self) -> None:
        """As upkeep does now and then."""
        await self.sending.doubts.look()
        await self.sending.doubts._tasks.join()

    async def rest(self) -> None:
        """Until everything that can happen at this time has happened, and the scheduler sleeps until the next."""
        while self.is_busy():  # noqa: ASYNC110 - the steps of the loop itself are what is waited for
            await asyncio.sleep(0)

    def is_busy(self) -> bool:
        return bool(self.sending.dispatcher._tasks) or self.is_due()

    def is_due(self) -> bool:
        """The scheduler does not sleep until what is planned next."""
        planned = self.sending.schedule._heap
        sleeps = [at for at, wake in self.clock._sleepers if not wake.done()]
        return bool(planned) and not any(abs(at - planned[0][0]) < BLINK for at in sleeps)

    async def live(self, until: float) -> None:
        """Let time pass, from one thing that is planned to the next, up to that monotonic time."""
        while self.clock.monotonic() < until:
            planned = self.sending.schedule._heap
            to = min(planned[0][0], until) if planned else until
            await self.advance(max(0.0, to - self.clock.monotonic()) + BLINK)

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.rest()


@asynccontextmanager
async def at_work(
    ledger: Path,
    clock: ManualClock,
    *policies: TargetPolicy,
    answer: Answer = takes_it,
    kind: Callable[[ManualClock, Answer], Board] = Board,
    lane_policies: Sequence[LanePolicy] = (),
) -> AsyncIterator[DispatcherRig]:
    book = Rulebook(
        catalog=Catalog(),
        filters=FilterPolicy(),
        dedup=AlertDeduplicator(DedupPolicy()),
        routing=RoutingPolicy(
            routes=(),
            targets={policy.target: policy for policy in policies},
            lanes={policy.lane: LanePolicy(name=policy.lane, channel=policy.target.channel) for policy in policies}
            | {lane.name: lane for lane in lane_policies},
        ),
    )
    facts: list[Fact] = []
    board = kind(clock, answer)
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(
            open_ledger(f"sqlite:///{blank(ledger)}", clock=clock, emit=facts.append)
        )
        sending = Sending(ledger, Active(book, {"board": board}), clock, facts.append, random=Random(1))
        await stack.enter_async_context(sending.running(grace_s=5))
        works = DispatcherRig(ledger, sending, board, clock, facts)
        await works.rest()
        yield works
