from dataclasses import replace
from datetime import timedelta

from tests.contract.books import Books, opened

from tocsin.core.clock import ManualClock
from tocsin.ledger.contract import ShutLane

MINUTE = timedelta(minutes=1)


async def test_a_shut_lane_is_kept_as_it_was_last_known(place: str, clock: ManualClock) -> None:
    broken = ShutLane(lane="discord:general", failures=7, probe_at=clock.now() + MINUTE)
    shut = replace(broken, failures=0, probe_at=None, shut_until=clock.now() + 2 * MINUTE, why="rate_limited")
    async with opened(place, clock) as books:
        assert await books.queue.shut_lanes() == ()
        await books.queue.keep_lane(broken)
        assert await books.queue.shut_lanes() == (broken,)
        await books.queue.keep_lane(shut)
    async with opened(place, clock) as books:
        assert await books.queue.shut_lanes() == (shut,)


async def test_a_lane_that_is_open_again_is_not_kept(books: Books) -> None:
    for name in ("b", "a"):
        await books.queue.keep_lane(ShutLane(lane=name, failures=5))
    await books.queue.forget_lane("b")
    await books.queue.forget_lane("never kept")
    assert [lane.lane for lane in await books.queue.shut_lanes()] == ["a"]


async def test_a_jump_of_the_wall_clock_leaves_a_lane_shut_for_as_long_as_it_was(
    books: Books, clock: ManualClock
) -> None:
    lane = ShutLane(lane="a", failures=5, probe_at=clock.now() + MINUTE, shut_until=clock.now() + 2 * MINUTE)
    await books.queue.keep_lane(lane)
    clock.jump(-3600)
    await books.ledger.probe()
    (kept,) = await books.queue.shut_lanes()
    assert (kept.probe_at, kept.shut_until) == (clock.now() + MINUTE, clock.now() + 2 * MINUTE)
