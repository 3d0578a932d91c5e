"""Row 14: the wall clock is put right under way. Nothing fires early, nothing stalls, nothing dies of it."""

import asyncio
from datetime import UTC, datetime

import pytest
from tests.faults.fault_rig import FaultRig

from tocsin.core.clock import ManualClock
from tocsin.core.decision import Decision
from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import DeliveryMoved, LaneClosed, Trouble
from tocsin.sandbox import Fault

HOUR, YEAR = 3600.0, 365 * 86400.0
JUMPS = pytest.mark.parametrize("jump", [HOUR, -HOUR, YEAR, -YEAR], ids=["+1h", "-1h", "+1y", "-1y"])
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


async def opened(village: FaultRig, **discord: object) -> ManualClock:
    village.clock = clock = ManualClock(NOON)
    await village.open(discord=discord, storage={"retention": "1000d"})  # a year ahead is no age
    return clock


@JUMPS
async def test_row_14_what_waits_for_its_gate_neither_expires_nor_leaves_early(village: FaultRig, jump: float):
    clock = await opened(village, rate_limit="1/1m")
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)
    waiting = await village.report("PS5 Pro")
    clock.jump(jump)
    assert (await village.alerts.ledger.queue.expire()).deliveries == ()
    assert (await village.told(Trouble)).what == "clock_jumped"
    clock.advance(55)
    assert (await village.alerts.ledger.queue.expire()).deliveries == ()
    assert village.executed("high_priority") == 1
    clock.advance(6)
    await village.settled(waiting, DeliveryState.SENT)


@JUMPS
async def test_row_14_time_to_tell_is_what_passed_and_no_jump_of_the_clock(village: FaultRig, jump: float):
    clock = await opened(village, rate_limit="1/1m")
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)
    waiting = await village.report("PS5 Pro")
    clock.advance(30)
    clock.jump(jump)
    clock.advance(31)
    await village.settled(waiting, DeliveryState.SENT)
    told = [
        fact.latency_s for fact in village.facts if isinstance(fact, DeliveryMoved) and fact.to is DeliveryState.SENT
    ]
    assert told == [pytest.approx(0, abs=0.1), pytest.approx(61, abs=0.1)]


@JUMPS
async def test_row_14_a_pause_is_as_long_as_it_was_named(village: FaultRig, jump: float):
    clock = await opened(village)
    village.sandbox.faults.next("discord", Fault.too_many(30, "seconds"), action="execute")
    receipt = await village.report("RTX 5090")
    await village.told(LaneClosed)
    await village.settled(receipt, DeliveryState.PENDING)
    clock.jump(jump)
    await village.alerts.ledger.queue.expire()
    for _ in range(5):
        clock.advance(5)
        await village.alerts.pipeline.sending.dispatcher.look()
    assert village.executed("high_priority") == 1
    clock.advance(6)
    await village.settled(receipt, DeliveryState.SENT)


@JUMPS
async def test_row_14_a_retry_keeps_its_back_off(village: FaultRig, jump: float):
    clock = await opened(village)
    village.sandbox.faults.next("discord", Fault.status(503), action="execute", times=3)
    receipt = await village.report("RTX 5090")
    await village.settled(receipt, DeliveryState.PENDING)
    clock.jump(jump)
    await village.alerts.ledger.queue.expire()
    sent = asyncio.ensure_future(village.settled(receipt, DeliveryState.SENT))
    passed = 0.0
    while not sent.done():
        if (
            not village.alerts.pipeline.sending.dispatcher._tasks
        ):  # what is on its way takes real time, and none of this clock's
            clock.advance(0.1)
            passed += 0.1
        await asyncio.wait({sent}, timeout=0.02)
    assert (await sent).attempts == 4
    assert passed < 10


@JUMPS
async def test_row_14_what_outlives_its_life_expires_by_the_time_that_has_passed(village: FaultRig, jump: float):
    clock = await opened(village, rate_limit="1/1h")
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)
    waiting = await village.report("PS5 Pro")
    clock.jump(jump)
    clock.advance(9 * 60)
    assert (await village.alerts.ledger.queue.expire()).deliveries == ()
    clock.advance(2 * 60)
    await village.alerts.ledger.queue.expire()
    (delivery,) = await village.deliveries(waiting)
    assert delivery["state"] == "expired"


@JUMPS
async def test_row_14_alerts_are_taken_and_sent_after_a_jump(village: FaultRig, jump: float):
    clock = await opened(village)
    clock.jump(jump)
    receipt = await village.report("RTX 5090", timestamp=clock.now())
    assert receipt.decision is Decision.ACCEPTED
    await village.settled(receipt, DeliveryState.SENT)


async def test_row_14_a_step_back_under_load_repeats_nothing(village: FaultRig):
    clock = await opened(village)
    first = [await village.report(f"Product {number}") for number in range(20)]
    clock.jump(-600)
    again = [await village.report(f"Product {number}") for number in range(20)]
    assert {receipt.decision for receipt in again} == {Decision.DUPLICATE}
    assert [receipt.duplicate_of for receipt in again] == [receipt.id for receipt in first]
