"""A lane is worked by one node at a time, and goes on elsewhere when that one is gone, stands still, or leaves."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
from tests.nodes.town import BURIED_AFTER, NOON, Asked, Resident, Town, town
from tests.pipeline.dispatcher_rig import at_work

from tocsin.cluster.membership import BEAT_S
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.ledger.contract import Claim
from tocsin.pipeline.sending.doubts import LONGEST_REQUEST
from tocsin.rules.gate import GatePolicy
from tocsin.rules.routing import RoutingPolicy, TargetPolicy
from tocsin.rules.window import Rate

NAMES = [f"room{number}" for number in range(8)]
ROOM = Target("board", "room0")


async def test_every_lane_has_one_owner_and_every_alert_leaves_once(on_postgresql: str):
    async with town(on_postgresql, NAMES) as there:
        a, b = await there.enter("a"), await there.enter("b")
        await there.settle(a, b)
        assert a.lanes | b.lanes == {str(target) for target in there.targets}
        assert not a.lanes & b.lanes
        assert a.lanes
        assert b.lanes
        for node, number in ((a, 0), (b, 1)):
            for target in there.targets:
                await node.accept(target, f"{target.name}-{number}")
        for node in (a, b, a, b):
            await node.look()
        assert sorted([*a.place.skus, *b.place.skus]) == sorted(
            f"{name}-{number}" for name in NAMES for number in (0, 1)
        )


async def test_what_a_dead_node_left_goes_on_with_the_other(on_postgresql: str):
    async with town(on_postgresql, ["room0"]) as there:
        a = await there.enter("a")
        b = await there.enter("b")
        await there.settle(a, b)
        dead, alive = (a, b) if a.lanes else (b, a)
        await dead.accept(ROOM, "lost")
        await dead.claim(str(ROOM))
        await dead.accept(ROOM, "waiting")
        there.end_lease(dead)
        await alive.look()
        assert alive.lanes == {str(ROOM)}
        assert alive.place.skus == ["waiting"]
        told = await alive.deliveries()
        assert told["waiting"].state is DeliveryState.SENT
        assert told["lost"].why is Why.RESENT, "nobody can be asked: the high band is sent again, and flagged"
        assert told["lost"].possibly_repeated


async def test_a_provider_is_asked_once_nothing_of_a_dead_node_can_be_on_its_way(on_postgresql: str):
    """A node that is cut off from the ledger may be waiting for its answer: a provider that is asked too early has not
    got what it is just taking.
    """
    async with town(on_postgresql, ["room0"]) as there:
        a = await there.enter("a", place=Asked)
        b = await there.enter("b", place=Asked)
        await there.settle(a, b)
        dead, alive = (a, b) if a.lanes else (b, a)
        await dead.accept(ROOM, "1")
        await dead.claim(str(ROOM))
        there.end_lease(dead)
        await alive.look()
        assert (await alive.deliveries())["1"].state is DeliveryState.UNKNOWN
        alive.clock.advance(LONGEST_REQUEST.total_seconds())
        await alive.doubts()
        await alive.look()
        assert (await alive.deliveries())["1"].state is DeliveryState.SENT
        assert alive.place.skus == ["1"], "it was not there, and is sent"


async def buried_with_a_claim(there: Town) -> tuple[Resident, Resident, Claim]:
    """A node stands still with a claim that has not left, and is buried by the other."""
    a, b = await there.enter("a"), await there.enter("b")
    await there.settle(a, b)
    still, other = (a, b) if a.lanes else (b, a)
    await still.accept(ROOM, "1")
    claim = await still.claim(str(ROOM))
    there.end_lease(still)
    await other.look()
    return still, other, claim


async def test_a_node_that_stood_still_neither_sends_nor_settles_what_it_had_claimed(on_postgresql: str):
    async with town(on_postgresql, ["room0"]) as there:
        still, other, claim = await buried_with_a_claim(there)
        still.clock.advance(BURIED_AFTER)  # it wakes
        answered = await still.sending.sender.send(still.sending.sender.prepare(claim))
        assert still.place.skus == [], "another one has it"
        before = await other.deliveries()
        await still.sending.sender.settle(answered)
        assert await other.deliveries() == before
        await still.look()
        assert still.members.node != claim.node, "it begins anew"
        assert still.lanes == set()


async def test_a_claim_of_before_the_stop_does_not_leave_under_the_new_lease_either(on_postgresql: str):
    async with town(on_postgresql, ["room0"]) as there:
        still, _, claim = await buried_with_a_claim(there)
        await still.look()
        assert still.members.vouches(still.members.node)
        await still.sending.sender.send(still.sending.sender.prepare(claim))
        assert still.place.skus == []


async def test_a_node_that_nobody_missed_goes_on_with_what_is_its_own(on_postgresql: str):
    """The database was away, or nobody else is there: all leases have ended, and nobody is dead."""
    async with town(on_postgresql, ["room0"]) as there:
        a, b = await there.enter("a"), await there.enter("b")
        await there.settle(a, b)
        away, other = (a, b) if a.lanes else (b, a)
        away.place.open.clear()
        await away.accept(ROOM, "1")
        await away.look()
        for node in (a, b):
            there.end_lease(node)
            node.clock.advance(BURIED_AFTER)
            assert not node.members.owns(str(ROOM))
        await other.members.look()
        await away.members.look()
        await other.members.look()
        assert away.lanes == {str(ROOM)}
        away.place.open.set()
        await away.rest()
        assert (await other.deliveries())["1"].state is DeliveryState.SENT
        assert [*a.place.skus, *b.place.skus] == ["1"]


async def test_a_lane_is_given_up_once_its_request_has_its_answer(on_postgresql: str):
    async with town(on_postgresql, NAMES) as there:
        a = await there.enter("a")
        await there.settle(a)
        a.place.open.clear()
        for target in there.targets:
            await a.accept(target, target.name)
        await a.look()
        await a.until(lambda: len(a.place.skus) == len(NAMES))
        b = await there.enter("b")
        await a.look()
        await b.look()
        assert b.lanes == set(), "all of them are under way"
        going = {str(target) for target in there.targets} - a.lanes
        assert going, "some are b's share: nothing more begins there"
        for target in there.targets:
            await b.accept(target, f"{target.name}-later")
        await a.look()
        a.place.open.set()
        await there.settle(a, b)
        assert b.lanes == going
        assert sorted([*a.place.skus, *b.place.skus]) == sorted(NAMES + [f"{name}-later" for name in NAMES])
        assert {name for name in NAMES if f"{name}-later" in b.place.skus} == {lane.partition(":")[2] for lane in going}


async def test_who_leaves_gives_up_its_lanes_and_what_it_had_not_begun_goes_on(on_postgresql: str):
    async with town(on_postgresql, NAMES) as there:
        a, b = await there.enter("a"), await there.enter("b")
        await there.settle(a, b)
        for target in there.targets:
            await a.accept(target, target.name)
        await a.stack.aclose()
        await b.look()
        await b.look()
        assert b.lanes == {str(target) for target in there.targets}
        assert sorted([*a.place.skus, *b.place.skus]) == sorted(NAMES)


async def test_pacing_goes_on_where_the_last_owner_stopped(on_postgresql: str):
    paced = GatePolicy(rates=(Rate(2, timedelta(minutes=1)),), reserve=0)
    async with town(on_postgresql, ["room0"], gate=paced) as there:
        a, b = await there.enter("a"), await there.enter("b")
        await there.settle(a, b)
        dead, alive = (a, b) if a.lanes else (b, a)
        await dead.accept(ROOM, "1", "2", "3")
        await dead.look()
        assert len(dead.place.skus) == 2
        there.end_lease(dead)
        await alive.look()
        assert alive.lanes == {str(ROOM)}
        assert alive.place.skus == [], "the minute is not over"
        alive.clock.advance(61)
        await alive.look()
        assert [*dead.place.skus, *alive.place.skus] == ["1", "2", "3"]


async def test_lanes_that_share_a_limit_go_together(on_postgresql: str):
    together = GatePolicy(rates=(Rate(30, timedelta(minutes=1)),))
    async with town(on_postgresql, NAMES, shared=together) as there:
        a, b = await there.enter("a"), await there.enter("b")
        await there.settle(a, b)
        everything = {str(target) for target in there.targets}
        assert sorted([a.lanes, b.lanes], key=len) == [set(), everything]
        await _hand_over(there)


async def _hand_over(there: Town) -> None:
    gone, left = sorted(there.residents.values(), key=lambda one: not one.lanes)
    there.end_lease(gone)
    await left.look()
    assert left.lanes == {str(target) for target in there.targets}


async def test_no_beat_waits_for_what_there_is_to_be_done(on_postgresql: str):
    """The ledger may be busy, or a lock be held by a node that was stopped in the middle of a transaction."""
    async with town(on_postgresql, ["room0"]) as there:
        a, b = await there.enter("a"), await there.enter("b")
        await there.settle(a, b)
        dead, alive = (a, b) if a.lanes else (b, a)
        there.end_lease(dead)
        with psycopg.connect(on_postgresql) as stopped:
            stopped.execute("SELECT lane FROM lane_owners FOR UPDATE")
            for _ in range(3):
                beats = alive.beats
                alive.clock.advance(BEAT_S)
                await alive.until(lambda before=beats: alive.beats > before)
            assert alive.lanes == set()
        await alive.until(lambda: alive.lanes == {str(ROOM)})


async def test_a_lane_that_a_reload_brings_back_is_worked_again(tmp_path: Path):
    clock = ManualClock(NOON)
    policy = TargetPolicy(target=ROOM, lane=str(ROOM))
    async with at_work(tmp_path / "ledger.db", clock, policy) as works:
        active = works.sending.keeper._active
        book = active.rulebook
        for routing, lanes in ((RoutingPolicy(routes=(), targets={}), set()), (book.routing, {str(ROOM)})):
            active.rulebook = replace(book, routing=routing)
            await works.sending.reload()
            assert set(works.sending.lanes) == lanes
