import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.contract.books import GENERAL, HIGH, LIFE, Books, as_a_test, everything, opened, plan

from tocsin.core.alert import Alert, Band
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Accepted, Episode, Reason, Ruling
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.errors import IllegalMoveError
from tocsin.ledger.contract import AlertQuery, ClaimRequest, Decide, Move, MoveResult, Queue, Settlement, Waiting


async def test_the_most_important_leaves_first_then_the_oldest(books: Books) -> None:
    for sku, priority in (("a", 2), ("b", 9), ("c", 5), ("d", 9)):
        await books.append(books.detected(sku, priority=priority))
    order = [(await books.claimed()).members[0][1].alert.sku for _ in range(4)]
    assert order == ["b", "d", "c", "a"]
    assert await books.claim() is None


async def test_a_claim_is_committed_with_its_attempt_and_raises_the_fence(books: Books) -> None:
    alert = books.detected()
    await books.append(alert)
    claim = await books.claimed()
    ((delivery, record),) = claim.members
    assert (delivery.state, delivery.fence, delivery.attempts) == (DeliveryState.SENDING, 1, 1)
    assert record.alert == alert
    story = await books.history.story(alert.id)
    assert story is not None
    (told,) = story.deliveries
    assert told.delivery == delivery
    assert [(attempt.finished_at, attempt.members, attempt.units) for attempt in told.attempts] == [(None, 1, 1)]


async def test_several_go_together_as_far_as_the_message_holds_them(books: Books) -> None:
    for number in range(5):
        await books.append(books.detected(str(number)))
    claim = await books.claimed(limit=10, pack=lambda target, _: 3 if target == GENERAL else 1)
    assert [record.alert.sku for _, record in claim.members] == ["0", "1", "2"]
    assert len((await books.claimed(limit=10)).members) == 2


async def test_members_of_one_attempt_share_their_target(books: Books) -> None:
    phones = [Target("sms", "one"), Target("sms", "two")]
    for number in range(2):
        await books.append(books.detected(str(number)), decide=books.telling(*phones, lane="sms"))
    claim = await books.claimed(Target("x", "y"), lane="sms", limit=10)
    assert {delivery.target for delivery, _ in claim.members} == {phones[0]}
    assert len(claim.members) == 2


async def test_only_bands_that_the_gate_lets_through_are_taken(books: Books) -> None:
    await books.append(books.detected(priority=7))
    claimed = await books.queue.claim(ClaimRequest(lane=str(GENERAL), pack=lambda *_: 1, lowest=Band.HIGH))
    assert claimed.claim is None
    assert claimed.waiting is not None
    assert (claimed.waiting.band, claimed.waiting.due) == (Band.MEDIUM, books.clock.now())


async def test_the_share_of_a_band_takes_its_oldest(books: Books) -> None:
    await books.append(books.detected("old", priority=4))
    await books.append(books.detected("important", priority=9))
    assert (await books.claimed(oldest_first=True)).members[0][1].alert.sku == "old"


async def test_nothing_is_claimed_before_it_is_due(books: Books) -> None:
    later = books.clock.now() + timedelta(seconds=30)
    await books.append(books.detected("held", priority=9), decide=books.telling(GENERAL, due=later))
    request = ClaimRequest(lane=str(GENERAL), pack=lambda *_: 1)
    claimed = await books.queue.claim(request)
    assert claimed.claim is None
    assert claimed.waiting is not None
    assert (claimed.waiting.due, claimed.waiting.band) == (later, Band.HIGH)
    books.clock.advance(30)
    assert await books.claim() is not None
    assert (await books.queue.claim(request)).waiting is None


async def test_a_clock_set_back_does_not_hold_what_was_planned_for_at_once(books: Books) -> None:
    await books.append(books.detected())
    books.clock.jump(-3600)
    assert await books.claim() is not None


async def test_a_clock_set_back_does_not_hold_what_an_operator_sends_again(books: Books) -> None:
    await books.append(books.detected())
    (refused,) = (await books.settle(await books.claimed(), DeliveryState.REFUSED, Why.REFUSED)).deliveries
    books.clock.advance(60)
    await books.queue.move(
        [Move(key=refused.key, fence=refused.fence, to=DeliveryState.PENDING, why=Why.RETRIED, life=LIFE)]
    )
    books.clock.jump(-3600)
    assert await books.claim() is not None


async def test_what_is_found_past_its_life_is_marked_and_the_next_one_taken(books: Books) -> None:
    for number in range(3):
        await books.append(
            books.detected(f"dead {number}"), decide=books.telling(GENERAL, life=timedelta(seconds=number + 1))
        )
    await books.append(books.detected("alive", priority=1))
    books.clock.advance(60)
    claimed = await books.queue.claim(ClaimRequest(lane=str(GENERAL), pack=lambda *_: 1))
    assert claimed.claim is not None
    assert claimed.claim.members[0][1].alert.sku == "alive"
    assert {(one.state, one.why) for one in claimed.expired} == {(DeliveryState.EXPIRED, Why.PAST_LIFE)}
    assert len(claimed.expired) == 3


@pytest.mark.parametrize("held", [0, 30])
async def test_a_newer_one_waits_while_an_older_one_of_its_product_is_being_sent_there(
    books: Books, held: float
) -> None:
    await books.append(books.detected("product"))
    first = await books.claimed()
    later = books.clock.now() + timedelta(seconds=held)
    await books.append(books.detected("product"), decide=books.telling(GENERAL, due=later))
    blocked = await books.queue.claim(ClaimRequest(lane=str(GENERAL), pack=lambda *_: 1))
    assert (blocked.claim, blocked.waiting) == (None, None)
    moved = await books.settle(first, DeliveryState.SENT)
    assert str(GENERAL) in moved.lanes
    books.clock.advance(held)
    assert (await books.claimed()).members[0][0].alert_id != first.members[0][0].alert_id


async def test_a_lane_waits_for_the_first_that_will_be_free(books: Books) -> None:
    await books.append(books.detected("product"))
    await books.claimed()
    for sku, held in (("product", 30), ("other", 60)):
        due = books.clock.now() + timedelta(seconds=held)
        await books.append(books.detected(sku, priority=5), decide=books.telling(GENERAL, due=due))
    blocked = await books.ledger.queue.claim(ClaimRequest(lane=str(GENERAL), pack=lambda *_: 1))
    assert (blocked.claim, blocked.waiting) == (None, Waiting(due, Band.MEDIUM))


async def test_an_older_one_that_comes_back_after_a_newer_one_is_superseded(books: Books) -> None:
    await books.append(books.detected("product"))
    first = await books.claimed()
    newer = books.detected("product")
    await books.append(newer)
    moved = await books.settle(first, DeliveryState.PENDING, Why.DEFERRED)
    assert [(one.state, one.why) for one in moved.deliveries] == [(DeliveryState.CANCELLED, Why.SUPERSEDED)]
    assert (await books.claimed()).members[0][0].alert_id == newer.id


async def test_concurrent_claims_never_take_the_same_delivery(place: str, clock: ManualClock) -> None:
    async with opened(place, clock, shared=True) as books:
        await _claim_all(books, [books])


async def test_two_processes_on_postgresql_never_claim_the_same_delivery(
    on_postgresql: str, clock: ManualClock
) -> None:
    async with opened(on_postgresql, clock, shared=True) as one, opened(on_postgresql, clock, shared=True) as other:
        await _claim_all(one, [one, other])


async def _claim_all(first: Books, everybody: list[Books]) -> None:
    alerts = [first.detected(str(number)) for number in range(120)]
    await first.append(*alerts)
    taken: list[int] = []

    async def worker(books: Books) -> None:
        while claim := await books.claim(limit=3):
            taken.extend(delivery.key for delivery, _ in claim.members)
            await books.settle(claim, DeliveryState.SENT)

    await asyncio.gather(*(worker(books) for books in everybody for _ in range(4)))
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == len(alerts)


async def test_an_outcome_is_written_once_and_only_by_the_holder_of_the_fence(books: Books) -> None:
    await books.append(books.detected())
    first = await books.claimed()
    await books.settle(first, DeliveryState.PENDING, Why.DEFERRED)
    second = await books.claimed()
    late = await books.settle(first, DeliveryState.SENT)
    assert late.deliveries == ()
    assert late.lost == (first.members[0][0].key,)
    moved = await books.settle(second, DeliveryState.SENT, reference="message 1", detail="as asked")
    assert [(one.state, one.fence, one.attempts, one.detail) for one in moved.deliveries] == [
        (DeliveryState.SENT, 2, 2, "as asked")
    ]
    assert await books.history.delivery(moved.deliveries[0].id) == moved.deliveries[0]


async def test_members_of_one_attempt_may_end_differently(books: Books) -> None:
    for sku in ("sent", "deferred", "refused"):
        await books.append(books.detected(sku))
    claim = await books.claimed(limit=10)
    later = books.clock.now() + timedelta(seconds=5)
    ends = {
        "sent": {"to": DeliveryState.SENT},
        "deferred": {"to": DeliveryState.PENDING, "why": Why.DEFERRED, "wait": timedelta(seconds=5)},
        "refused": {"to": DeliveryState.REFUSED, "why": Why.REFUSED, "detail": "too large"},
    }
    moves = tuple(Move(key=one.key, fence=one.fence, **ends[record.alert.sku]) for one, record in claim.members)
    settled = Settlement(
        attempt=claim.key, outcome="refused", moves=moves, status=400, answer="{}", mentioned="everyone"
    )
    moved = await books.queue.settle(settled)
    assert [one.state for one in moved.deliveries] == [one.to for one in moves]
    assert moved.deliveries[1].due == later
    (attempt,) = await books.queue.recent_attempts(books.clock.now())
    assert (attempt.outcome, attempt.status, attempt.answer, attempt.mentioned) == ("refused", 400, "{}", "everyone")
    assert attempt.finished_at == books.clock.now()
    assert attempt.members == 3


async def test_an_illegal_move_is_refused_whole_and_harms_no_neighbour(books: Books) -> None:
    await books.append(books.detected("1"), books.detected("2"))
    one, two = await books.claimed(), await books.claimed()
    bad = books.settle(one, DeliveryState.DELIVERED)
    good = books.settle(two, DeliveryState.SENT)
    failed, fine = await asyncio.gather(bad, good, return_exceptions=True)
    assert isinstance(failed, IllegalMoveError)
    assert not isinstance(fine, BaseException)
    assert (await books.history.delivery(one.members[0][0].id)) == one.members[0][0]
    (first, _) = await books.queue.recent_attempts(books.clock.now())
    assert first.outcome is None


async def test_of_many_that_are_past_their_life_those_that_died_first_are_marked_first(books: Books) -> None:
    for life in (3, 1, 2):
        await books.append(books.detected(f"{life}"), decide=books.telling(GENERAL, life=timedelta(seconds=life)))
    books.clock.advance(10)
    marked = [(await books.queue.expire(1)).deliveries for _ in range(4)]
    lives = [[round((one.expires_at - one.planned_at).total_seconds()) for one in each] for each in marked]
    assert lives == [[1], [2], [3], []]


async def test_a_retry_gives_the_whole_life_once_more(books: Books) -> None:
    await books.append(books.detected())
    books.clock.advance(3600)
    (dead,) = (await books.queue.expire()).deliveries
    retry = Move(key=dead.key, fence=dead.fence, to=DeliveryState.PENDING, why=Why.RETRIED, life=LIFE)
    moved = await books.queue.move([retry])
    assert moved.lanes == {str(GENERAL)}
    assert moved.deliveries[0].expires_at - books.clock.now() == LIFE
    assert (await books.claimed()).members[0][0].key == dead.key


async def test_a_flag_of_a_possible_repeat_stays(books: Books) -> None:
    await books.append(books.detected())
    claim = await books.claimed()
    await books.settle(claim, DeliveryState.UNKNOWN, Why.ANSWER_LOST)
    ((delivery, _),) = claim.members
    resend = Move(
        key=delivery.key, fence=delivery.fence, to=DeliveryState.PENDING, why=Why.RESENT, possibly_repeated=True
    )
    await books.queue.move([resend])
    moved = await books.settle(await books.claimed(), DeliveryState.SENT)
    assert moved.deliveries[0].possibly_repeated


async def test_what_a_dead_process_left_sending_is_unknown_and_out_of_its_reach(books: Books) -> None:
    await books.append(books.detected("1"), books.detected("2"))
    claim = await books.claimed(limit=10)
    await books.append(books.detected("3"))
    recovered = await books.queue.recover()
    assert {(one.state, one.why) for one in recovered.deliveries} == {(DeliveryState.UNKNOWN, Why.CRASHED)}
    assert len(recovered.deliveries) == 2
    assert (await books.settle(claim, DeliveryState.SENT)).deliveries == ()
    (lost,) = await books.queue.unknown(frozenset({str(GENERAL)}))
    assert (lost.key, lost.target, lost.started_at) == (claim.key, claim.target, claim.started_at)
    assert [delivery for delivery, _ in lost.members] == list(recovered.deliveries)
    moved = await books.settle(lost, DeliveryState.SENT, Why.FOUND)
    assert len(moved.deliveries) == 2
    assert await books.queue.unknown(frozenset({str(GENERAL)})) == ()


async def test_lanes_tell_what_stands_in_them(books: Books) -> None:
    for number, priority in enumerate((9, 9, 5, 1)):
        await books.append(books.detected(str(number), priority=priority), decide=books.telling(GENERAL, HIGH))
    await books.claimed(HIGH)
    unknown = await books.claimed(HIGH)
    await books.settle(unknown, DeliveryState.UNKNOWN, Why.ANSWER_LOST)
    general, high = await books.queue.lanes()
    assert general.lane == str(GENERAL)
    assert general.pending == {Band.HIGH: 2, Band.MEDIUM: 1, Band.LOW: 1}
    assert general.next_due == general.oldest == books.clock.now()
    assert (high.pending, high.sending, high.unknown) == ({Band.MEDIUM: 1, Band.LOW: 1}, 1, 1)


@pytest.mark.parametrize("priorities", [(9, 5), (5, 9)])
async def test_a_lane_tells_what_is_due_next_and_who_waits_longest_whatever_its_priority(
    books: Books, priorities: tuple[int, int]
) -> None:
    start = books.clock.now()
    held, at_once = (books.detected(str(priority), priority=priority) for priority in priorities)
    await books.append(held, decide=books.telling(GENERAL, due=start + timedelta(seconds=60)))
    books.clock.advance(5)
    await books.append(at_once)
    (lane,) = await books.queue.lanes()
    assert (lane.oldest, lane.next_due) == (start, books.clock.now())


async def test_doubts_are_read_by_lane_the_oldest_attempts_first_and_whole(books: Books) -> None:
    for target in (GENERAL, HIGH, GENERAL):
        now = books.clock.now()
        alerts = [books.detected(f"{nth} {target} {now}", priority=priority) for nth, priority in enumerate((4, 9, 9))]
        await books.append(*alerts, decide=books.telling(target))
        lost = await books.claimed(target, limit=3)
        await books.settle(lost, DeliveryState.UNKNOWN, Why.ANSWER_LOST)
        books.clock.advance(1)
    elsewhere, general = str(HIGH), frozenset({str(GENERAL)})
    first, second = await books.queue.unknown(general)
    assert [[one.priority for one, _ in doubt.members] for doubt in (first, second)] == [[9, 9, 4]] * 2
    assert first.key < second.key
    assert elsewhere not in (first.lane, second.lane)
    ((found, _), *others) = first.members
    await books.queue.move([Move(key=found.key, fence=found.fence, to=DeliveryState.SENT, why=Why.FOUND)])
    assert await books.queue.unknown(general, limit=1) == (replace(first, members=tuple(others)),)


async def test_deliveries_of_all_ages_expire_in_parts_the_longest_over_first(books: Books) -> None:
    lives = (50, 20, 40, 10, 30)
    for life in lives:
        await books.append(books.detected(f"{life}"), decide=books.telling(GENERAL, life=timedelta(seconds=life)))
    books.clock.advance(601)
    over = [(await books.queue.expire(limit=3)).deliveries for _ in range(2)]
    assert [[(one.expires_at - one.planned_at).seconds for one in part] for part in over] == [[10, 20, 30], [40, 50]]
    assert (await books.queue.lanes()) == ()
    assert len((await books.history.alerts(AlertQuery())).items) == 5


def behind(*fallback: Target, clock: ManualClock, wait: float | None = None) -> Decide:
    """Told to GENERAL, then to these in turn."""
    after = timedelta(seconds=wait) if wait is not None else None

    def decide(alert: Alert, last: Episode | None, now: object) -> Ruling:
        fail_over_at = clock.now() + after if after else None
        row = tuple(plan(target, clock=clock, fail_over_at=fail_over_at) for target in fallback)
        return Accepted(Reason.NEW, (plan(clock=clock, fallback=row, fail_over_at=fail_over_at),))

    return decide


PHONE, MAIL = Target("sms", "vip"), Target("email", "ops")


async def test_a_refusal_goes_to_the_first_fallback_in_the_same_commit(books: Books) -> None:
    await books.append(books.detected(), decide=behind(PHONE, MAIL, clock=books.clock))
    moved = await books.settle(await books.claimed(), DeliveryState.REFUSED, Why.REFUSED)
    assert str(PHONE) in moved.lanes
    made = await books.deliveries()
    assert {target: one.state for target, one in made.items()} == {
        GENERAL: DeliveryState.REFUSED,
        PHONE: DeliveryState.PENDING,
    }
    await books.settle(await books.claimed(PHONE), DeliveryState.REFUSED, Why.REFUSED)
    assert (await books.deliveries())[MAIL].state is DeliveryState.PENDING
    last = await books.settle(await books.claimed(MAIL), DeliveryState.REFUSED, Why.REFUSED)
    assert last.lanes == frozenset()


async def test_what_waits_too_long_is_handed_on(books: Books) -> None:
    await books.append(books.detected(), decide=behind(PHONE, clock=books.clock, wait=30))
    assert (await books.queue.fail_over(frozenset())).deliveries == ()
    books.clock.advance(30)
    moved = await books.queue.fail_over(frozenset())
    assert [(one.state, one.why) for one in moved.deliveries] == [(DeliveryState.CANCELLED, Why.FAILED_OVER)]
    assert moved.lanes == {str(PHONE)}
    assert await books.claim() is None
    assert (await books.claimed(PHONE)).members[0][0].due == books.clock.now()


async def test_a_closed_lane_hands_on_at_once_and_keeps_what_nobody_can_take(books: Books) -> None:
    await books.append(books.detected("backed"), decide=behind(PHONE, clock=books.clock, wait=30))
    await books.append(books.detected("alone"))
    moved = await books.queue.fail_over(frozenset({str(GENERAL)}))
    assert len(moved.deliveries) == 1
    assert (await books.claimed()).members[0][1].alert.sku == "alone"


async def test_what_waits_too_long_is_not_handed_to_one_in_shadow(books: Books) -> None:
    dark = frozenset({PHONE})
    await books.append(books.detected("two"), decide=behind(PHONE, MAIL, clock=books.clock, wait=30))
    await books.append(books.detected("one"), decide=behind(PHONE, clock=books.clock, wait=30))
    books.clock.advance(30)
    moved = await books.queue.fail_over(frozenset(), dark)
    assert moved.lanes == {str(MAIL)}
    assert len(moved.deliveries) == 1
    assert (await books.claimed()).members[0][1].alert.sku == "one"


async def test_what_waits_in_shadow_is_cancelled_and_handed_on_where_it_can_be(books: Books) -> None:
    await books.append(books.detected("backed"), decide=behind(PHONE, clock=books.clock))
    await books.append(books.detected("alone"))
    await books.append(books.detected("elsewhere"), decide=books.telling(HIGH))
    moved = await books.queue.withhold(str(GENERAL))
    assert [(one.state, one.why) for one in moved.deliveries] == [(DeliveryState.CANCELLED, Why.SHADOW)] * 2
    assert moved.lanes == {str(PHONE)}
    assert await books.claim() is None
    assert (await books.claimed(PHONE)).members[0][1].alert.sku == "backed"
    assert (await books.claimed(HIGH)).members[0][1].alert.sku == "elsewhere"


async def test_what_may_not_be_paid_for_is_cancelled_but_for_a_band_and_what_is_not_due(books: Books) -> None:
    await books.append(books.detected("backed", priority=5), decide=behind(PHONE, clock=books.clock))
    await books.append(books.detected("alone", priority=7))
    await books.append(books.detected("high", priority=8))
    tomorrow = books.clock.now() + timedelta(days=1)
    await books.append(
        books.detected("later", priority=5), decide=books.telling(GENERAL, due=tomorrow, expires_at=tomorrow + LIFE)
    )
    moved = await books.queue.curtail(str(GENERAL), Band.HIGH)
    assert [(one.priority, one.state, one.why) for one in moved.deliveries] == [
        (5, DeliveryState.CANCELLED, Why.SPEND_CAP),
        (7, DeliveryState.CANCELLED, Why.SPEND_CAP),
    ]
    assert moved.lanes == {str(PHONE)}
    assert [one.priority for one in (await books.queue.curtail(str(GENERAL), None)).deliveries] == [8]
    assert await books.claim() is None
    assert (await books.claimed(PHONE)).members[0][1].alert.sku == "backed"
    books.clock.advance(timedelta(days=1).total_seconds())
    assert (await books.claimed()).members[0][1].alert.sku == "later"


@pytest.mark.parametrize(
    "hand_on",
    [
        lambda queue: queue.withhold(str(GENERAL)),
        lambda queue: queue.fail_over(frozenset({str(GENERAL)})),
        lambda queue: queue.fail_over(frozenset()),
    ],
    ids=["in shadow", "closed", "waited too long"],
)
async def test_a_long_lane_is_handed_on_in_parts(books: Books, hand_on: Callable[[Queue], Awaitable[MoveResult]]):
    alerts = [books.detected(f"{number}") for number in range(1001)]
    await books.append(*alerts, decide=behind(PHONE, clock=books.clock, wait=30))
    books.clock.advance(30)
    assert [len((await hand_on(books.queue)).deliveries) for _ in range(3)] == [1000, 1, 0]


@pytest.mark.parametrize(("after", "lanes"), [(0, {str(GENERAL)}), (60, set())], ids=["closed", "waited too long"])
async def test_of_a_closed_lane_the_most_important_is_handed_on_first_else_what_waits_longest(
    books: Books, after: float, lanes: set[str]
) -> None:
    await books.append(
        *(books.detected(f"{number}", priority=2) for number in range(500)),
        decide=behind(PHONE, clock=books.clock, wait=60),
    )
    await books.append(
        *(books.detected(f"{number}") for number in range(500, 1001)), decide=behind(PHONE, clock=books.clock, wait=30)
    )
    books.clock.advance(after)
    moved = await books.queue.fail_over(frozenset(lanes))
    assert Counter(one.priority for one in moved.deliveries) == {9: 501, 2: 499}


async def test_settlements_that_share_a_commit_are_told_each_their_own(books: Books) -> None:
    await books.append(books.detected("sent"), decide=behind(PHONE, clock=books.clock))
    await books.append(books.detected("refused"), decide=behind(PHONE, clock=books.clock))
    await books.append(books.detected("test"), decide=as_a_test(books.clock))
    claims = [await books.claimed() for _ in range(3)]
    ends = ((DeliveryState.SENT, None), (DeliveryState.REFUSED, Why.REFUSED), (DeliveryState.PENDING, Why.DEFERRED))
    moved = await asyncio.gather(
        *(books.settle(claim, *end, detail=f"it is {end[0]}") for claim, end in zip(claims, ends, strict=True))
    )
    assert [[(one.key, one.state, one.detail) for one in each.deliveries] for each in moved] == [
        [(claim.members[0][0].key, to, f"it is {to}")] for claim, (to, _) in zip(claims, ends, strict=True)
    ]
    assert [record.alert.sku for _, record in (await books.claimed(PHONE, limit=9)).members] == ["refused"]


async def test_what_is_being_sent_is_not_withheld(books: Books) -> None:
    await books.append(books.detected())
    await books.claimed()
    assert (await books.queue.withhold(str(GENERAL))).deliveries == ()


async def test_what_is_being_sent_is_not_handed_on(books: Books) -> None:
    await books.append(books.detected(), decide=behind(PHONE, clock=books.clock, wait=30))
    await books.claimed()
    books.clock.advance(60)
    assert (await books.queue.fail_over(frozenset({str(GENERAL)}))).deliveries == ()


async def test_a_dead_target_rests_and_its_deliveries_go_on_elsewhere(books: Books) -> None:
    for sku in ("1", "2"):
        await books.append(books.detected(sku), decide=behind(PHONE, clock=books.clock))
    claim = await books.claimed()
    ((delivery, _),) = claim.members
    refused = Move(key=delivery.key, fence=delivery.fence, to=DeliveryState.REFUSED, why=Why.REFUSED)
    settled = Settlement(
        attempt=claim.key, outcome="refused", moves=(refused,), disable=(GENERAL, "target_gone", "Unknown Webhook")
    )
    moved = await books.queue.settle(settled)
    assert sorted(str(one.why) for one in moved.deliveries) == ["no_target", "refused"]
    assert len((await books.claimed(PHONE, limit=10)).members) == 2
    (row,) = await books.operations.disabled()
    assert (row.target, row.why, row.detail) == (GENERAL, "target_gone", "Unknown Webhook")
    assert await books.operations.enable(GENERAL)
    assert not await books.operations.enable(GENERAL)
    assert await books.operations.disabled() == ()


async def test_a_delivery_keeps_the_name_of_its_route_and_hands_it_on(books: Books) -> None:
    behind = plan(PHONE, clock=books.clock)
    await books.append(books.detected(), decide=books.telling(GENERAL, route="gpu", fallback=(behind,)))
    claim = await books.claimed()
    assert claim.members[0][0].route == "gpu"
    await books.settle(claim, DeliveryState.REFUSED, Why.REFUSED)
    assert {target: each.route for target, each in (await books.deliveries()).items()} == {
        GENERAL: "gpu",
        PHONE: "gpu",
    }


async def test_a_test_is_known_as_one_whatever_becomes_of_it(books: Books) -> None:
    await books.append(books.detected("real"))
    await books.append(books.detected("test"), decide=as_a_test(books.clock, PHONE))
    known = {target: each.is_test for target, each in (await books.deliveries()).items()}
    assert known == {GENERAL: False, PHONE: True}
    claim = await books.claimed(PHONE)
    moved = await books.settle(claim, DeliveryState.REFUSED, Why.REFUSED)
    assert [each.is_test for each in (claim.members[0][0], *moved.deliveries)] == [True, True]


async def test_a_resting_target_is_passed_over_as_a_fallback(books: Books) -> None:
    await books.operations.disable(PHONE, "opted_out", "STOP")
    await books.append(books.detected(), decide=behind(PHONE, MAIL, clock=books.clock))
    await books.settle(await books.claimed(), DeliveryState.REFUSED, Why.REFUSED)
    assert (await books.deliveries()).keys() == {GENERAL, MAIL}


async def test_a_fallback_that_has_the_alert_already_is_not_told_twice(books: Books) -> None:
    def decide(alert: Alert, last: Episode | None, now: object) -> Ruling:
        backed = plan(clock=books.clock, fallback=(plan(PHONE, clock=books.clock), plan(MAIL, clock=books.clock)))
        return Accepted(Reason.NEW, (backed, plan(PHONE, clock=books.clock)))

    await books.append(books.detected(), decide=decide)
    await books.settle(await books.claimed(), DeliveryState.REFUSED, Why.REFUSED)
    assert (await books.deliveries()).keys() == {GENERAL, PHONE}


async def test_several_attempts_of_one_claim_share_no_delivery_and_no_product(books: Books):
    await books.append(*(books.detected(sku) for sku in "abcd"))
    claimed = await books.queue.claim(ClaimRequest(lane=str(GENERAL), pack=lambda *_: 1, attempts=3))
    skus = [record.alert.sku for claim in claimed.claims for _, record in claim.members]
    assert len(skus) == len(set(skus)) == 3
    assert len({claim.key for claim in claimed.claims}) == 3
    rest = await books.queue.claim(ClaimRequest(lane=str(GENERAL), pack=lambda *_: 1, attempts=9))
    assert {record.alert.sku for claim in rest.claims for _, record in claim.members} == {"a", "b", "c", "d"} - set(
        skus
    )


async def test_retries_of_one_product_for_one_place_leave_one_after_the_other(books: Books) -> None:
    for price in (1999, 1899):
        await books.append(books.detected(price=Decimal(price)))
    books.clock.advance(LIFE.total_seconds())
    await books.queue.expire()
    older, newer = reversed((await books.history.deliveries()).items)
    for one in (older, newer):
        await books.queue.move(
            [Move(key=one.key, fence=one.fence, to=DeliveryState.PENDING, why=Why.RETRIED, life=LIFE)]
        )
    request = ClaimRequest(lane=str(GENERAL), pack=everything, limit=2, attempts=2)
    for one in (older, newer):
        claimed = await books.queue.claim(request)
        assert [[each.key for each, _ in claim.members] for claim in claimed.claims] == [[one.key]]
        assert claimed.waiting is None
        await books.settle(claimed.claims[0], DeliveryState.SENT)


async def test_a_crash_changes_nothing_of_an_attempt_that_had_ended(books: Books) -> None:
    await books.append(books.detected("told"), books.detected("under way"))
    await books.settle(await books.claimed(), DeliveryState.SENT)
    await books.claimed()
    await books.queue.recover()
    attempts = await books.queue.recent_attempts(books.clock.now())
    assert sorted(str(each.outcome) for each in attempts) == ["crashed", "sent"]


async def test_whom_an_attempt_rings_out_to_is_known_although_it_never_ended(books: Books) -> None:
    await books.append(books.detected("rings out"), books.detected("is quiet"))
    claim, _ = await books.claimed(), await books.claimed()
    await books.queue.note_mention(claim.key, "everyone role:1180")
    await books.queue.recover()
    attempts = await books.queue.recent_attempts(books.clock.now())
    assert sorted((each.outcome, each.mentioned) for each in attempts) == [
        ("crashed", ""),
        ("crashed", "everyone role:1180"),
    ]
