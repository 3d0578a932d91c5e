"""Nodes that share a ledger: who is alive, who owns a lane, and what becomes of what a dead one left."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from tests.contract.books import GENERAL, HIGH, Books, opened

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState, Why
from tocsin.ledger.contract import ClaimRequest, Cluster, Hold, Node, View

LONG, OVER = timedelta(minutes=1), timedelta(0)
LANE = str(GENERAL)


@pytest.fixture
async def two(on_postgresql: str, clock: ManualClock) -> AsyncIterator[tuple[Books, Books]]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(opened(on_postgresql, clock, shared=True))
        yield first, await stack.enter_async_context(opened(on_postgresql, clock, shared=True))


def cluster(books: Books) -> Cluster:
    assert books.ledger.cluster is not None
    return books.ledger.cluster


async def entered(books: Books, name: str, lease: timedelta = LONG) -> Cluster:
    await cluster(books).enter(Node(id=name, name=name), lease)
    return cluster(books)


async def seen(nodes: Cluster, name: str) -> View:
    view = await nodes.extend(name, LONG)
    assert view is not None, f"{name} was buried"
    return view


async def test_a_file_has_no_nodes(tmp_path: object, clock: ManualClock):
    async with opened(f"sqlite:///{tmp_path}/ledger.db", clock, shared=True) as books:
        assert books.ledger.cluster is None


async def test_nodes_see_each_other_and_their_lanes(two: tuple[Books, Books]):
    a, b = await entered(two[0], "a"), await entered(two[1], "b")
    assert await a.take("a", [LANE, "job:expire"]) == {LANE: 1, "job:expire": 1}
    assert await b.take("b", [LANE, "sms:vip"]) == {"sms:vip": 1}, "what is owned is not taken"
    view = await seen(b, "b")
    assert {row.node.name: row.alive for row in view.nodes} == {"a": True, "b": True}
    assert {row.lane: row.node for row in view.owners} == {LANE: "a", "job:expire": "a", "sms:vip": "b"}


async def test_two_who_take_at_once_never_both_get_a_lane(two: tuple[Books, Books]):
    a, b = await entered(two[0], "a"), await entered(two[1], "b")
    lanes = [f"discord:{number}" for number in range(50)]
    won = await asyncio.gather(a.take("a", lanes), b.take("b", reversed(lanes)))
    assert not won[0].keys() & won[1].keys()
    assert won[0].keys() | won[1].keys() == set(lanes)


async def test_a_lane_is_given_to_who_waits_for_it_under_another_fence(two: tuple[Books, Books]):
    a, b = await entered(two[0], "a"), await entered(two[1], "b")
    await a.take("a", [LANE])
    await b.want("b", [LANE])
    (row,) = (await seen(a, "a")).owners
    assert row.wanted_by == "b"
    await a.give("a", {LANE: "b"})
    (row,) = (await seen(b, "b")).owners
    assert (row.node, row.fence, row.wanted_by) == ("b", 2, None)
    await a.give("a", {LANE: "a"})
    assert (await seen(b, "b")).owners == (row,), "it is not its own any more"


async def test_a_lane_that_is_given_to_a_node_that_has_gone_is_free(two: tuple[Books, Books]):
    a, b = await entered(two[0], "a"), await entered(two[1], "b")
    await a.take("a", [LANE])
    await b.leave("b")
    await a.give("a", {LANE: "b"})
    (row,) = (await seen(a, "a")).owners
    assert row.node is None
    assert await b.take("b", [LANE]) == {}, "who is not there owns nothing"


async def test_who_lives_is_not_buried(two: tuple[Books, Books]):
    a, b = await entered(two[0], "a"), await entered(two[1], "b")
    assert await b.bury("a") is None
    await a.extend("a", OVER)
    assert await b.bury("a") is not None
    assert await b.bury("a") is None, "once is enough"
    assert await a.extend("a", LONG) is None, "it learns of it"


async def test_only_what_the_dead_one_left_is_in_doubt_and_its_lanes_are_free(two: tuple[Books, Books]):
    a, b = await entered(two[0], "a"), await entered(two[1], "b")
    await a.take("a", [LANE])
    await b.take("b", [str(HIGH)])
    await two[0].append(two[0].detected(), decide=two[0].telling(GENERAL, HIGH))
    left = await two[0].claimed(GENERAL, hold=Hold("a", 1))
    kept = await two[1].claimed(HIGH, hold=Hold("b", 1))
    assert (left.node, kept.node) == ("a", "b")
    await a.extend("a", OVER)
    buried = await b.bury("a")
    assert buried is not None
    assert [(one.target, one.state, one.why) for one in buried.deliveries] == [
        (GENERAL, DeliveryState.UNKNOWN, Why.CRASHED)
    ]
    assert (await two[1].deliveries())[HIGH].state is DeliveryState.SENDING
    assert await b.take("b", [LANE]) == {LANE: 3}
    (doubt,) = await two[1].queue.unknown(frozenset([LANE]))
    assert doubt.node == "a"
    moved = await two[0].settle(left, DeliveryState.SENT)
    assert moved.lost, "it was stopped for long, and settles nothing now"


async def test_a_claim_under_an_old_fence_or_another_node_gets_nothing(two: tuple[Books, Books]):
    a = await entered(two[0], "a")
    await entered(two[1], "b")
    await a.take("a", [LANE])
    await two[0].append(two[0].detected())
    await a.give("a", {LANE: "b"})
    for hold in (Hold("a", 1), Hold("a", 2), Hold("b", 1)):
        claimed = await two[0].queue.claim(ClaimRequest(lane=LANE, pack=lambda _, them: len(them), hold=hold))
        assert claimed.lost
        assert claimed.claim is None
    assert await two[1].claim(hold=Hold("b", 2)) is not None


async def test_a_burial_waits_for_the_claim_that_is_on_its_way(two: tuple[Books, Books]):
    """Either the claim is among what was left, or it gets nothing: whichever comes first."""
    a, b = await entered(two[0], "a"), await entered(two[1], "b")
    await a.take("a", [LANE])
    for number in range(20):
        await two[0].append(two[0].detected(sku=str(number)))
    await a.extend("a", OVER)
    claims, buried = await asyncio.gather(
        asyncio.gather(*(two[0].claim(hold=Hold("a", 1)) for _ in range(20))), b.bury("a")
    )
    assert buried is not None
    mine = {delivery.key for claim in claims if claim is not None for delivery, _ in claim.members}
    assert {one.key for one in buried.deliveries} == mine


async def test_who_leaves_gives_up_everything_at_once(two: tuple[Books, Books]):
    a, b = await entered(two[0], "a"), await entered(two[1], "b")
    await a.take("a", [LANE])
    await a.retire("a")
    assert [row.leaving for row in (await seen(b, "b")).nodes] == [True, False]
    await a.leave("a")
    view = await seen(b, "b")
    assert [row.node.id for row in view.nodes] == ["b"]
    assert await b.take("b", [LANE]) == {LANE: 3}


async def test_what_processes_without_a_node_left_is_in_doubt_when_a_node_enters(two: tuple[Books, Books]):
    await two[0].append(two[0].detected())
    await two[0].claimed()
    moved = await cluster(two[1]).enter(Node(id="b", name="b"), LONG)
    assert [one.state for one in moved.deliveries] == [DeliveryState.UNKNOWN]


async def test_a_node_recovers_only_its_own(two: tuple[Books, Books]):
    a, b = await entered(two[0], "a"), await entered(two[1], "b")
    await a.take("a", [LANE])
    await b.take("b", [str(HIGH)])
    await two[0].append(two[0].detected(), decide=two[0].telling(GENERAL, HIGH))
    await two[0].claimed(GENERAL, hold=Hold("a", 1))
    await two[1].claimed(HIGH, hold=Hold("b", 1))
    moved = await two[0].queue.recover("a")
    assert [one.target for one in moved.deliveries] == [GENERAL]


async def test_nodes_that_ask_take_and_give_at_once_wait_for_each_other_and_never_in_a_circle(two: tuple[Books, Books]):
    a, b = await entered(two[0], "a"), await entered(two[1], "b")
    lanes = [f"discord:{number:02}" for number in range(40)]
    await a.take("a", lanes)
    for _ in range(5):
        await asyncio.gather(
            b.want("b", lanes[::-1]),
            a.want("a", lanes),
            a.give("a", dict.fromkeys(lanes[::-1])),
            b.take("b", lanes),
            a.take("a", lanes[::-1]),
            b.give("b", dict.fromkeys(lanes, "a")),
        )
    view = await seen(a, "a")
    assert {row.node for row in view.owners} <= {"a", "b", None}
