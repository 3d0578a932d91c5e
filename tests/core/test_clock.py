import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deadline import DEADLINE_S

from tocsin.core.clock import ManualClock, SharedClock, SystemClock, epoch_micros, from_micros


@pytest.fixture
def clock(made_at) -> ManualClock:
    return ManualClock(made_at)


async def asleep(clock: ManualClock, seconds: float) -> asyncio.Task[None]:
    """A sleeper that has reached its sleep."""
    task = asyncio.create_task(clock.sleep(seconds))
    await asyncio.sleep(0)
    return task


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_survives_as_micros(moment):
    assert from_micros(epoch_micros(moment)) == moment


async def test_who_slept_long_enough_wakes_in_the_order_of_time(clock):
    woken: asyncio.Queue[float] = asyncio.Queue()

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.put_nowait(seconds)

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        for seconds in (3, 1, 2, 0):
            group.create_task(sleep(seconds))
        assert await woken.get() == 0
        clock.advance(2)
        assert [await woken.get(), await woken.get()] == [1, 2]
        assert woken.empty()
        clock.advance(1)
        assert await woken.get() == 3


async def test_time_that_passes_moves_both_clocks(clock, made_at):
    clock.advance(1.5)
    assert (clock.now(), clock.monotonic()) == (made_at + timedelta(seconds=1.5), 1.5)


async def test_a_corrected_wall_clock_wakes_nobody(clock, made_at):
    sleeper = await asleep(clock, 1)
    clock.jump(-3600)
    clock.jump(7200)
    await asyncio.sleep(0)
    assert not sleeper.done()
    assert (clock.now(), clock.monotonic()) == (made_at + timedelta(hours=1), 0.0)
    clock.advance(1)
    await sleeper


async def test_a_sleeper_that_was_cancelled_disturbs_nobody(clock):
    gone, stays = await asleep(clock, 1), await asleep(clock, 1)
    gone.cancel()
    await asyncio.sleep(0)
    clock.advance(1)
    await stays
    assert gone.cancelled()


async def test_the_system_clock_speaks_utc_and_never_goes_back():
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    before = clock.monotonic()
    await clock.sleep(0)
    assert clock.monotonic() >= before


def test_a_shared_clock_follows_the_one_that_all_agree_by_and_no_trifle(clock):
    shared = SharedClock(clock)
    assert shared.now() == clock.now()
    shared.follow(clock.now() + timedelta(seconds=90), took_s=0.2)
    assert shared.now() - clock.now() == timedelta(seconds=90.1)
    shared.follow(clock.now() + timedelta(seconds=90.1), took_s=0.2)
    assert shared.now() - clock.now() == timedelta(seconds=90.1), "the answer may have been on its way for so long"
    clock.advance(5)
    clock.jump(-90)
    shared.follow(clock.now() + timedelta(seconds=180), took_s=0.01)
    assert shared.now() - clock.now() == timedelta(seconds=180.005), "this machine's clock was set"
    assert shared.monotonic() == clock.monotonic()
