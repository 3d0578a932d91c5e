"""A ledger as the tests talk about it: what was detected, whom it is for, what became of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tocsin.core.alert import Alert, AlertType, EpisodeKey, new_id
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Accepted, Decision, Duplicate, Episode, Filtered, Plan, Reason, Ruling
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.ledger.contract import (
    Appended,
    Claim,
    ClaimRequest,
    Decide,
    History,
    Idempotency,
    Item,
    Ledger,
    Move,
    MoveResult,
    Operations,
    Queue,
    Settlement,
    Submission,
)
from tocsin.ledger.opening import open_ledger

GENERAL = Target("discord", "general")
HIGH = Target("discord", "high_priority")
PHONE = Target("sms", "vip")
LIFE = timedelta(minutes=10)
KEY = Secret("a key that nobody guesses, long enough")


def plan(target: Target = GENERAL, *, clock: ManualClock, life: timedelta = LIFE, **how: Any) -> Plan:
    now = clock.now()
    return Plan(**{"target": target, "lane": str(target), "expires_at": now + life, "due": now} | how)


def everything(_: Target, records: Sequence[AlertRecord]) -> int:
    return len(records)


@dataclass
class Books:
    ledger: Ledger
    clock: ManualClock

    @property
    def queue(self) -> Queue:
        return self.ledger.queue

    @property
    def history(self) -> History:
        return self.ledger.history

    @property
    def operations(self) -> Operations:
        return self.ledger.operations

    def detected(self, sku: str = "6634940", kind: AlertType = AlertType.IN_STOCK, **more: Any) -> Alert:
        now = self.clock.now()
        plain = Alert(
            id=new_id(now), type=kind, priority=9, sku=sku, retailer="bestbuy", timestamp=now, price=Decimal("1999.99")
        )
        return replace(plain, **more)

    def telling(self, *targets: Target, **how: Any) -> Decide:
        """Accept everything, for these targets."""

        def decide(alert: Alert, last: Episode | None, now: object) -> Ruling:
            return Accepted(Reason.NEW, tuple(plan(target, clock=self.clock, **how) for target in targets))

        return decide

    def once(self, *targets: Target) -> Decide:
        """Accept what was not accepted before in its episode."""

        def decide(alert: Alert, last: Episode | None, now: object) -> Ruling:
            before = last.last.get(alert.repeat_key) if last else None
            if before is not None:
                return Duplicate(Reason.REPEAT, before.alert_id)
            return Accepted(Reason.NEW, tuple(plan(target, clock=self.clock) for target in targets))

        return decide

    async def append(self, *alerts: Alert, decide: Decide | None = None, key: str | None = None) -> Appended:
        covered = Idempotency("engine", key, "digest") if key else None
        return await self.ledger.queue.append(
            Submission(tuple(Item(alert) for alert in alerts), covered), decide or self.telling(GENERAL)
        )

    async def claim(self, target: Target = GENERAL, **how: Any) -> Claim | None:
        request = ClaimRequest(**{"lane": str(target), "pack": everything} | how)
        return (await self.ledger.queue.claim(request)).claim

    async def claimed(self, target: Target = GENERAL, **how: Any) -> Claim:
        claim = await self.claim(target, **how)
        assert claim is not None, f"nothing to claim for {target}"
        return claim

    async def settle(self, claim: Claim, to: DeliveryState, why: Why | None = None, **how: Any) -> MoveResult:
        moves = tuple(Move(key=one.key, fence=one.fence, to=to, why=why, **how) for one, _ in claim.members)
        return await self.ledger.queue.settle(Settlement(attempt=claim.key, outcome=to.value, moves=moves))

    async def deliveries(self) -> dict[Target, Delivery]:
        """The newest of each target."""
        page = await self.ledger.history.deliveries(limit=1000)
        return {delivery.target: delivery for delivery in reversed(page.items)}

    async def close(self, alert: Alert) -> Any:
        return await self.ledger.queue.close(
            EpisodeKey(alert.sku, alert.retailer, alert.variant or "", alert.seller or "")
        )


@asynccontextmanager
async def opened(
    place: str, clock: ManualClock, *, shared: bool = False, people_key: Secret | None = KEY
) -> AsyncIterator[Books]:
    async with open_ledger(place, clock=clock, shared=shared, people_key=people_key) as ledger:
        yield Books(ledger, clock)


def filtering(_: Alert, __: Episode | None, ___: object) -> Ruling:
    return Filtered(Reason.EXCLUDED_RETAILER)


def as_a_test(clock: ManualClock, target: Target = GENERAL) -> Decide:
    def decide(alert: Alert, last: Episode | None, now: object) -> Ruling:
        return Accepted(Reason.TEST, (plan(target, clock=clock),))

    return decide


def decisions(appended: Appended) -> list[str]:
    return [answer["decision"] for answer in appended.answers]


ACCEPTED, DUPLICATE, INVALID = Decision.ACCEPTED.value, Decision.DUPLICATE.value, Decision.INVALID.value
