"""A job that one node does at a time: begun when its lane is won, and done to its end when that is lost."""

import asyncio
from datetime import UTC, datetime

from tests.deadline import DEADLINE_S

from tocsin.cluster.alone import Alone
from tocsin.core.clock import ManualClock
from tocsin.pipeline.rounds import Round, Rounds

LANE = "job:counting"


class Counting:
    """A job; while `go_on` is clear it is at its turn."""

    def __init__(self) -> None:
        self.turns = 0
        self.at_work = 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def turn(self) -> float:
        self.turns += 1
        self.at_work += 1
        assert self.at_work == 1, "two at once"
        await self.go_on.wait()
        self.at_work -= 1
        return 1.0

    async def until(self, turns: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while self.turns < turns:  # noqa: ASYNC110 - the steps of the loop itself are what is waited for
                await asyncio.sleep(0)


async def _still(clock: ManualClock) -> None:
    """Whatever would happen within the next seconds has happened."""
    for _ in range(5):
        clock.advance(1)
        for _ in range(10):
            await asyncio.sleep(0)


async def test_a_round_with_a_lane_is_made_while_the_lane_is_owned():
    job, everywhere, clock = Counting(), Counting(), ManualClock(datetime(2026, 11, 30, tzinfo=UTC))
    rounds = Rounds([Round("one", job.turn, LANE), Round("all", everywhere.turn)], Alone(), clock)
    assert rounds.lanes() == {LANE: LANE}
    await rounds.start()
    await everywhere.until(1)
    await _still(clock)
    assert job.turns == 0, "another node makes it"
    await rounds.win([LANE])
    await job.until(1)
    await _still(clock)
    assert job.turns > 1
    rounds.lose([LANE])
    made = job.turns
    await _still(clock)
    assert job.turns == made
    assert not rounds.busy(LANE)
    await rounds.stop()


async def test_what_is_being_made_when_its_lane_is_lost_ends_before_it_is_made_again():
    job, clock = Counting(), ManualClock(datetime(2026, 11, 30, tzinfo=UTC))
    rounds = Rounds([Round("one", job.turn, LANE)], Alone(), clock)
    await rounds.start()
    job.go_on.clear()
    await rounds.win([LANE])
    await job.until(1)
    rounds.lose([LANE])
    assert rounds.busy(LANE)
    again = asyncio.create_task(rounds.win([LANE]))
    await _still(clock)
    assert job.turns == 1
    job.go_on.set()
    await asyncio.wait_for(again, DEADLINE_S)
    await job.until(2)
    await rounds.stop()
