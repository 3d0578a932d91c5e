"""Whatever is done to the queue, in whatever order: the ledger makes of each delivery what a plain list does."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import Connection, delete
from tests.contract.books import Books, opened
from tests.contract.model import Queue, Row, Told

from tocsin.core.alert import Band
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Accepted, Plan, Reason
from tocsin.core.delivery import FINAL, DeliveryState, Target, Why
from tocsin.ledger.contract import Claim, ClaimRequest, Move, Settlement
from tocsin.ledger.engine.schema import metadata

S = DeliveryState
LANES = {
    Target("discord", "a"): "a",
    Target("sms", "one"): "sms",
    Target("sms", "two"): "sms",
    Target("push", "b"): "b",
}
TARGETS = st.sampled_from(list(LANES))
SECONDS = st.sampled_from([5, 10, 30, 120]).map(lambda each: timedelta(seconds=each))
PLANS = st.fixed_dictionaries({"target": TARGETS, "life": SECONDS, "hand_on": st.none() | SECONDS})
SENDING_ENDS = ((S.SENT, None), (S.REFUSED, Why.REFUSED), (S.UNKNOWN, Why.ANSWER_LOST), (S.PENDING, Why.DEFERRED))
DOUBT_ENDS = ((S.PENDING, Why.RESENT), (S.PENDING, Why.NOT_FOUND), (S.POSSIBLY_SENT, Why.HELD), (S.SENT, Why.FOUND))


class QueueMachine(RuleBasedStateMachine):
    def __init__(self, runner: asyncio.Runner, books: Books) -> None:
        super().__init__()
        self.run, self.books, self.ledger, self.clock = runner.run, books, books.ledger, books.clock
        self.list = Queue(self.clock.now, key=self.run(books.ledger._writer.read(emptied)))
        self.claims: list[Claim] = []

    def teardown(self) -> None:
        """Each stands as in the list, and the same targets rest."""
        stored = self.run(self.books.history.deliveries(limit=1000)).items
        assert {one.key: one for one in stored} == {key: row.delivery for key, row in self.list.rows.items()}
        assert {row.target for row in self.run(self.books.operations.disabled())} == self.list.resting

    @rule(
        skus=st.lists(st.sampled_from("ab"), min_size=1, max_size=3),
        priority=st.sampled_from([9, 8, 5, 4, 2]),
        first=PLANS,
        behind=st.lists(PLANS, max_size=3, unique_by=lambda each: each["target"]),
        beside=st.lists(PLANS, max_size=2, unique_by=lambda each: each["target"]),
        held=st.none() | SECONDS,
        is_test=st.sampled_from([False, False, False, True]),
    )
    def accept(
        self, *, skus: str, priority: int, first: Any, behind: Any, beside: Any, held: Any, is_test: bool
    ) -> None:
        now = self.clock.now()
        fallback = tuple(self.plan(**each) for each in behind if each["target"] != first["target"])
        plans = [self.plan(**first, fallback=fallback, due=now + (held or timedelta()), route="gpu")]
        plans += [self.plan(**each) for each in beside if each["target"] != first["target"]]
        alerts = [self.books.detected(sku, priority=priority) for sku in skus]
        ruling = Accepted(Reason.TEST if is_test else Reason.NEW, tuple(plans))
        appended = self.run(self.books.append(*alerts, decide=lambda *_: ruling))
        told = [Told(alert.id, None if is_test else alert.sku, priority) for alert in alerts]
        assert appended.lanes == set().union(*(self.list.append(alert, plans) for alert in told))

    @rule(
        lane=st.sampled_from(sorted(set(LANES.values()))),
        limit=st.integers(1, 4),
        attempts=st.integers(1, 3),
        lowest=st.sampled_from(Band),
        oldest_first=st.booleans(),
        room=st.integers(0, 4),
    )
    def claim(self, room: int, **asked: Any) -> None:
        request = ClaimRequest(pack=lambda _, records: min(room, len(records)), **asked)
        claimed = self.run(self.ledger.queue.claim(request))
        begun = [[one for one, _ in claim.members] for claim in claimed.claims]
        assert (begun, list(claimed.expired), claimed.waiting) == self.list.claim(request)
        self.claims += claimed.claims

    @precondition(lambda self: self.claims)
    @rule(
        which=st.integers(0, 9),
        ends=st.lists(st.sampled_from(SENDING_ENDS), min_size=4, max_size=4),
        dies=st.booleans(),
    )
    def settle(self, *, which: int, ends: Any, dies: bool) -> None:
        claim = self.claims.pop(which % len(self.claims))
        moves = tuple(self.ended(one, *end) for (one, _), end in zip(claim.members, ends, strict=False))
        disable = (claim.target, "target_gone", "404") if dies else None
        settlement = Settlement(attempt=claim.key, outcome="ended", moves=moves, disable=disable)
        moved = self.run(self.ledger.queue.settle(settlement))
        deliveries, must, may = self.list.move(moves)
        lost = {one.key for one in moves} - {one.key for one in deliveries}
        if dies:
            refused, woken = self.list.disable(claim.target)
            deliveries, must, may = deliveries + refused, must | woken, may | woken
        assert by_key(moved.deliveries) == by_key(deliveries)
        assert must <= moved.lanes <= may
        assert set(moved.lost) == lost

    @precondition(lambda self: self.of(S.UNKNOWN))
    @rule(which=st.integers(0, 9), end=st.sampled_from(DOUBT_ENDS), repeated=st.booleans())
    def settle_doubt(self, *, which: int, end: Any, repeated: bool) -> None:
        doubted = self.of(S.UNKNOWN)
        self.move(self.ended(doubted[which % len(doubted)].delivery, *end, possibly_repeated=repeated))

    @precondition(lambda self: self.of(*FINAL))
    @rule(which=st.integers(0, 99))
    def retry(self, which: int) -> None:
        over = self.of(*FINAL)
        self.move(self.ended(over[which % len(over)].delivery, S.PENDING, Why.RETRIED, life=timedelta(seconds=30)))

    @rule(sku=st.sampled_from("ab"))
    def close(self, sku: str) -> None:
        assert by_key(self.run(self.books.close(self.books.detected(sku))).cancelled) == self.list.close(sku)

    @rule()
    def expire(self) -> None:
        assert by_key(self.run(self.ledger.queue.expire()).deliveries) == self.list.expire()

    @precondition(lambda self: self.backed())
    @rule(which=st.integers(0, 9))
    def hand_on(self, which: int) -> None:
        backed = self.backed()
        self.fail_over(lanes={backed[which % len(backed)].delivery.lane}, shadow=set())

    @rule(lanes=st.sets(st.sampled_from(sorted(set(LANES.values()))), max_size=1), shadow=st.sets(TARGETS, max_size=1))
    def fail_over(self, lanes: set[str], shadow: set[Target]) -> None:
        moved = self.run(self.ledger.queue.fail_over(frozenset(lanes), frozenset(shadow)))
        deliveries, woken = self.list.fail_over(lanes, shadow)
        assert (by_key(moved.deliveries), moved.lanes) == (by_key(deliveries), woken)

    @rule(lane=st.sampled_from(sorted(set(LANES.values()))))
    def withhold(self, lane: str) -> None:
        moved = self.run(self.ledger.queue.withhold(lane))
        deliveries, woken = self.list.withhold(lane)
        assert (by_key(moved.deliveries), moved.lanes) == (by_key(deliveries), woken)

    @rule(gone=TARGETS)
    def disable(self, gone: Target) -> None:
        moved = self.run(self.ledger.operations.disable(gone, "target_gone", "404"))
        deliveries, woken = self.list.disable(gone)
        assert (by_key(moved.deliveries), moved.lanes) == (by_key(deliveries), woken)

    @precondition(lambda self: self.list.resting)
    @rule()
    def enable(self) -> None:
        assert self.run(self.ledger.operations.enable(self.list.resting.pop()))

    @rule()
    def recover(self) -> None:
        assert by_key(self.run(self.ledger.queue.recover()).deliveries) == self.list.recover()

    @rule(seconds=st.sampled_from([1, 5, 10]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.sampled_from([60, -60, 3600, -3600]))
    def jump(self, seconds: int) -> None:
        self.clock.jump(seconds)
        self.run(self.ledger.probe())
        self.list.jump(timedelta(seconds=seconds))

    def plan(self, target: Target, life: timedelta, hand_on: timedelta | None, **how: Any) -> Plan:
        now = self.clock.now()
        at = hand_on and now + hand_on
        return Plan(
            **{"target": target, "lane": LANES[target], "expires_at": now + life, "due": now, "fail_over_at": at} | how
        )

    def ended(self, one: Any, to: DeliveryState, why: Why | None, **how: Any) -> Move:
        wait = timedelta(seconds=5) if why is Why.DEFERRED else None
        return Move(key=one.key, fence=one.fence, to=to, why=why, wait=wait, detail=f"it is {to}", **how)

    def move(self, one: Move) -> None:
        moved = self.run(self.ledger.queue.move([one]))
        deliveries, must, may = self.list.move([one])
        assert moved.deliveries[0] == deliveries[0]
        assert by_key(moved.deliveries) == by_key(deliveries)
        assert must <= moved.lanes <= may

    def backed(self) -> list[Row]:
        return [row for row in self.list.pending() if row.fallback]

    def of(self, *states: DeliveryState) -> list[Row]:
        return [row for row in self.list.rows.values() if row.delivery.state in states]


def by_key(deliveries: Any) -> list[Any]:
    return sorted(deliveries, key=lambda one: one.key)


def emptied(connection: Connection) -> int:
    """The key of the last delivery that there was."""
    stream = metadata.tables["stream"]
    with connection.begin():
        for table in metadata.sorted_tables:
            if table is not stream:
                connection.execute(delete(table))
        key: int = connection.execute(stream.select()).one().delivery_key
    return key


@pytest.fixture
def stage(place: str, clock: ManualClock) -> Iterator[tuple[asyncio.Runner, Books]]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        yield runner, runner.run(stack.enter_async_context(opened(place, clock)))
        runner.run(stack.aclose())


def test_the_queue_is_what_a_plain_list_would_be(stage: tuple[asyncio.Runner, Books]) -> None:
    """One ledger for all examples, emptied for each."""
    quick = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(partial(QueueMachine, *stage), settings=quick)
