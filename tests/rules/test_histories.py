"""Whole histories of a product, told to the rules with a real ledger and to a plain model of what the file's `dedup`
promises: both must say the same of every detection, every close and every silence, whatever the clock does.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.books import Books, opened
from tests.rules.made import HOUR, MINUTE, NOW, SECOND

from tocsin.core.alert import Alert, AlertType, EpisodeKey, new_id
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Accepted, Duplicate, Episode
from tocsin.core.record import EventKind
from tocsin.ledger.contract import Closed
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy

STOCK, DROP, SOON = AlertType.IN_STOCK, AlertType.PRICE_DROP, AlertType.RESTOCK_SOON
SHELVES = (("bestbuy", "", ""), ("bestbuy", "white", ""), ("amazon", "", "Trusted Traders"), ("amazon", "", "amazon"))
CURRENCIES = ("USD", "EUR")
PRICES = (None, Decimal(100), Decimal("100.99"), Decimal("101.01"), Decimal(80))

POLICIES = {
    "as it comes": DedupPolicy(),
    "until sold out": DedupPolicy(realert="episode", by_type={STOCK: 30 * MINUTE}),
    "forgetful": DedupPolicy(cooldown=timedelta(0), reopen_after_close=timedelta(0)),
    "patient": DedupPolicy(by_type={SOON: 6 * HOUR}, reopen_after_close=10 * MINUTE, close_after_silence=20 * MINUTE),
    "any price": DedupPolicy(price_tolerance_percent=Decimal(100), close_after_silence=5 * MINUTE),
}


@dataclass
class Told:
    """An alert that went out."""

    id: UUID
    at: datetime
    kind: AlertType
    price: Decimal | None
    currency: str | None
    repeats: int = 0
    seen: datetime | None = None
    closed_at: datetime | None = None


@dataclass
class Shelf:
    """One product in one shop, in words of the configuration: what was told of it, and since when it is in or out."""

    policy: DedupPolicy
    told: list[Told] = field(default_factory=list)
    in_since: datetime | None = None
    out_since: datetime | None = None
    seen: datetime = NOW

    def detected(self, alert: Alert, now: datetime) -> tuple[str, str, UUID | None]:
        """Decision, reason, and what a repeat is counted on."""
        reason, original = self._judged(alert, now)
        self.seen = now
        if original is not None:
            original.repeats += 1
            original.seen = now
            return "duplicate", reason, original.id
        self.told.append(Told(alert.id, now, alert.type, alert.price, _currency(alert)))
        if alert.type in (STOCK, DROP) and (self.in_since is None or self.out_since):
            self.in_since, self.out_since = now, None
        return "accepted", reason, None

    def sold_out(self, now: datetime) -> list[tuple[UUID, datetime]]:
        """The alerts that this closes, each with the beginning of the restock that is over."""
        if self.in_since is None or self.out_since:
            return []
        self.out_since = now
        closing = [one for one in self.told if one.closed_at is None]
        for one in closing:
            one.closed_at = now
        return [(one.id, self.in_since) for one in closing]

    def silent(self, now: datetime) -> list[tuple[UUID, datetime]]:
        silence = self.policy.close_after_silence
        return self.sold_out(now) if silence and self.seen < now - silence else []

    def _judged(self, alert: Alert, now: datetime) -> tuple[str, Told | None]:
        if self.out_since and alert.type in (STOCK, DROP):
            flicker = abs(now - self.out_since) < self.policy.reopen_after_close
            return ("flapping", self._flickered(alert)) if flicker else ("reopened", None)
        of_its_type = [one for one in self._of_this_stage(now) if one.kind is alert.type]
        if not of_its_type:
            return "new", None
        before = [one for one in of_its_type if one.currency == _currency(alert)]
        if not before or not self._same_price(before[-1].price, alert.price):
            return "price_changed", None
        if abs(now - before[-1].at) < self.policy.by_type.get(alert.type, self.policy.cooldown):
            return "repeat", before[-1]
        if self.policy.realert == "episode" and self.in_since and not self.out_since:
            return "same_episode", before[-1]
        return "cooldown_over", None

    def _flickered(self, alert: Alert) -> Told:
        """The newest of its type of the restock that is over, else the newest of any; of each type the last counts."""
        own = [one for one in self._last() if one.kind is alert.type]
        if own and self.in_since is not None and _newest(own).at >= self.in_since:
            return _newest(own)
        return _newest(self._last())

    def _of_this_stage(self, now: datetime) -> list[Told]:
        """Of each type the last, where it was told since it is out, or in; a beginning that lies ahead says nothing."""
        began = self.out_since or self.in_since
        return [one for one in self._last() if began is None or now < began or one.at >= began]

    def _last(self) -> list[Told]:
        """Of each type in each currency what was told last, in that order."""
        last: dict[tuple[AlertType, str | None], Told] = {}
        for one in self.told:
            last.pop((one.kind, one.currency), None)
            last[one.kind, one.currency] = one
        return list(last.values())

    def _same_price(self, earlier: Decimal | None, price: Decimal | None) -> bool:
        if earlier is None or price is None:
            return True
        return abs(price - earlier) <= earlier * self.policy.price_tolerance_percent / 100


def _currency(alert: Alert) -> str | None:
    return None if alert.price is None else alert.currency


def _newest(told: Sequence[Told]) -> Told:
    """By the clock; of those of one moment, what was told last."""
    return max(reversed(told), key=lambda one: one.at)


Step = tuple[Any, ...]
DETECTIONS = st.lists(
    st.tuples(
        st.sampled_from(SHELVES), st.sampled_from(AlertType), st.sampled_from(PRICES), st.sampled_from(CURRENCIES)
    ),
    min_size=1,
    max_size=3,
)
STEPS = st.one_of(
    st.tuples(st.just("detect"), DETECTIONS),
    st.tuples(st.just("detect"), DETECTIONS),
    st.tuples(st.just("close"), st.sampled_from(SHELVES)),
    st.tuples(st.just("wait"), st.sampled_from([1, 29, 119, 120, 299, 300, 1199, 1800, 3599, 3600, 21600])),
    st.tuples(st.just("silence")),
)
JUMPS = st.tuples(st.just("jump"), st.sampled_from([-90, -3600, -86400, 60, 3600]))


@dataclass
class Stage:
    """One ledger for all examples, each with a product of its own."""

    runner: asyncio.Runner
    books: Books
    numbers: Iterator[int]

    def play(self, policy: DedupPolicy, steps: Sequence[Step]) -> None:
        self.runner.run(Play(self.books, policy, f"sku{next(self.numbers)}").live(steps))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    place: Path = tmp_path_factory.mktemp("histories") / "ledger.db"
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        books = runner.run(stack.enter_async_context(opened(f"sqlite:///{place}", ManualClock(NOW))))
        yield Stage(runner, books, count())
        runner.run(stack.aclose())


class Play:
    def __init__(self, books: Books, policy: DedupPolicy, sku: str) -> None:
        self.books = books
        self.rules = AlertDeduplicator(policy)
        self.sku = sku
        self.shelves = {self.key(*shelf): Shelf(policy) for shelf in SHELVES}

    def key(self, retailer: str, variant: str, seller: str) -> EpisodeKey:
        return EpisodeKey(self.sku, retailer, variant, seller)

    async def live(self, steps: Sequence[Step]) -> None:
        for verb, *values in steps:
            self.books.clock.advance(0.001)
            match verb:
                case "detect":
                    await self.detect(values[0])
                case "close":
                    await self.close(self.key(*values[0]))
                case "silence":
                    await self.silence()
                case "wait":
                    self.books.clock.advance(values[0])
                case "jump":
                    self.books.clock.jump(values[0])
        await self.compare_alerts()
        for key in self.shelves:
            await self.close(key)

    async def detect(self, detections: Sequence[tuple[tuple[str, str, str], AlertType, Decimal | None, str]]) -> None:
        """All in one append: each has to see what the one before it did."""
        now = self.books.clock.now()
        batch = [self.alert(self.key(*shelf), *detection) for shelf, *detection in detections]
        appended = await self.books.append(*batch, decide=self.decide)
        told = [(receipt.decision, receipt.reason, receipt.duplicate_of) for _, receipt in appended.receipts]
        assert told == [self.shelves[alert.episode].detected(alert, now) for alert in batch]

    async def close(self, key: EpisodeKey) -> None:
        closed = await self.books.queue.close(key)
        assert self.closed_by(closed) == self.shelves[key].sold_out(self.books.clock.now())

    async def silence(self) -> None:
        wanted = self.rules.policy.close_after_silence
        if wanted is not None:
            now = self.books.clock.now()
            expected = [event for shelf in self.shelves.values() for event in shelf.silent(now)]
            assert sorted(self.closed_by(await self.books.queue.silence(now - wanted))) == sorted(expected)

    async def compare_alerts(self) -> None:
        for one in [one for shelf in self.shelves.values() for one in shelf.told]:
            record = await self.books.history.alert(one.id)
            assert record is not None
            assert (record.repeats, record.last_seen_at, record.closed_at) == (
                one.repeats,
                one.seen or one.at,
                one.closed_at,
            )

    def closed_by(self, closed: Closed) -> list[tuple[UUID, datetime]]:
        """What `sold_out_after_s` is made from: the moment of the event is that of the close."""
        now = self.books.clock.now()
        assert all((event.kind, event.at) == (EventKind.CLOSED, now) for event in closed.events)
        return [(event.record.alert.id, event.opened_at or now) for event in closed.events]

    def decide(self, alert: Alert, last: Episode | None, now: datetime) -> Accepted | Duplicate:
        return self.rules.should_send(alert, last, now)

    def alert(self, key: EpisodeKey, kind: AlertType, price: Decimal | None, currency: str) -> Alert:
        now = self.books.clock.now()
        return Alert(
            id=new_id(now),
            type=kind,
            priority=kind.default_priority,
            sku=key.sku,
            retailer=key.retailer,
            variant=key.variant or None,
            seller=key.seller or None,
            timestamp=now,
            price=price,
            currency=currency,
        )


@pytest.mark.parametrize("policy", POLICIES)
def test_every_history_is_told_as_the_configuration_says(stage: Stage, policy: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(st.lists(STEPS, max_size=25))
    def hold(steps: list[Step]) -> None:
        stage.play(POLICIES[policy], steps)

    hold()


@pytest.mark.parametrize("policy", POLICIES)
def test_every_history_is_told_so_while_the_clock_is_put_right(stage: Stage, policy: str) -> None:
    @settings(max_examples=25, deadline=None)
    @given(st.lists(STEPS | JUMPS, max_size=25))
    def hold(steps: list[Step]) -> None:
        stage.play(POLICIES[policy], steps)

    hold()


IN, OUT = ("detect", [(SHELVES[0], STOCK, Decimal(100), "USD")]), ("close", SHELVES[0])


def wait(span: timedelta) -> Step:
    return ("wait", span.total_seconds())


def test_in_stock_flapping_out_and_in_again(stage: Stage) -> None:
    """The story of every shop whose stock hangs by a thread, as one history among the others."""
    stage.play(
        DedupPolicy(), [IN, wait(MINUTE), IN, OUT, wait(30 * SECOND), IN, OUT, wait(MINUTE), IN, wait(MINUTE), IN]
    )


def test_a_shop_that_flickers_for_ever_is_told_once_in_the_time_that_it_has_to_be_out(stage: Stage) -> None:
    play = Play(stage.books, DedupPolicy(), f"sku{next(stage.numbers)}")
    stage.runner.run(play.live([step for _ in range(60) for step in (IN, wait(5 * SECOND), OUT, wait(5 * SECOND))]))
    told = play.shelves[play.key(*SHELVES[0])].told
    assert 4 <= len(told) <= 10 * MINUTE / (2 * MINUTE) + 1
