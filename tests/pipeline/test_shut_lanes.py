"""A lane that is shut stays so across a restart, for what is left of it and never longer; and people are told once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.dispatcher_rig import Answer, DispatcherRig, at_work

from tocsin.core.alert import Band
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Target
from tocsin.core.facts import LaneOpened, LanePaused
from tocsin.core.outcome import Deferred, Delay
from tocsin.pipeline.sending.lane_watch import LaneWatch
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.routing import TargetPolicy
from tocsin.rules.window import Rate

HOUR, DAY = 3600.0, 86400.0
PLACE = TargetPolicy(target=Target("board", "wall"), lane="wall")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


def says(why: Delay, wait: timedelta | None = None) -> Answer:
    return lambda _: Deferred(why, wait)


async def shut(ledger: Path, clock: ManualClock, answer: Answer) -> None:
    """What the provider answers shuts the lane, and the process ends."""
    async with at_work(ledger, clock, PLACE, answer=answer) as works:
        await works.accept(PLACE, *(works.alert(f"S{number}") for number in range(5)))
        await works.rest()


async def opens_in(ledger: Path, clock: ManualClock) -> float:
    """How long it is still shut after the next start."""
    async with at_work(ledger, clock, PLACE) as works:
        now = clock.monotonic()
        return works.sending.lanes["wall"].opens_at(Band.HIGH, now) - now


@pytest.mark.parametrize(("away", "jump", "left"), [(600, 0, 1800), (600, -DAY, HOUR), (600, DAY, 0), (3000, 0, 0)])
async def test_a_pause_goes_on_for_what_is_left_of_it_whatever_the_clock(
    tmp_path: Path, clock: ManualClock, away: float, jump: float, left: float
):
    await shut(tmp_path / "ledger.db", clock, says(Delay.RATE_LIMITED, timedelta(minutes=40)))
    clock.advance(away)
    clock.jump(jump)
    assert await opens_in(tmp_path / "ledger.db", clock) == left


@pytest.mark.parametrize(("away", "jump", "left"), [(2, 0, 3), (2, -DAY, 300), (60, 0, 0)])
async def test_a_breaker_goes_on_for_what_is_left_of_its_pause(
    tmp_path: Path, clock: ManualClock, away: float, jump: float, left: float
):
    ledger = tmp_path / "ledger.db"
    async with at_work(ledger, clock, PLACE, answer=says(Delay.UNREACHABLE)) as works:
        await works.accept(PLACE, *(works.alert(f"S{number}") for number in range(8)))
        await works.live(0.1)
        assert works.sending.lanes.broken() == {"wall"}
        clock.advance(works.sending.lanes["wall"].breaker.open_until - 5 - clock.monotonic())
        await works.sending.dispatcher.stop(0)
    clock.advance(away)
    clock.jump(jump)
    assert await opens_in(ledger, clock) == pytest.approx(left)


async def test_what_is_over_is_forgotten(tmp_path: Path, clock: ManualClock):
    ledger = tmp_path / "ledger.db"
    await shut(ledger, clock, says(Delay.CREDENTIALS))
    async with at_work(ledger, clock, PLACE) as works:
        (kept,) = await works.ledger.queue.shut_lanes()
        assert (kept.lane, kept.why, kept.failures, kept.probe_at) == ("wall", "credentials", 0, None)
        await works.live(clock.monotonic() + 61)
        await works.sending.dispatcher.look()
        assert await works.ledger.queue.shut_lanes() == ()


async def test_a_lane_that_the_configuration_has_no_more_is_forgotten(tmp_path: Path, clock: ManualClock):
    await shut(tmp_path / "ledger.db", clock, says(Delay.CREDENTIALS))
    async with at_work(tmp_path / "ledger.db", clock) as works:
        assert await works.ledger.queue.shut_lanes() == ()


async def told(works: DispatcherRig, watch: LaneWatch, seconds: int) -> Sequence[Any]:
    """What people hear while time passes; the watch looks once a second."""
    before = len(works.facts)
    for _ in range(seconds):
        await watch.look()
        await works.live(works.clock.monotonic() + 1)
    await watch.look()
    return [fact for fact in works.facts[before:] if isinstance(fact, LanePaused | LaneOpened)]


def paced(count: int, seconds: int) -> LanePolicy:
    rate = Rate(count, timedelta(seconds=seconds))
    return LanePolicy(name="wall", channel="board", gate=GatePolicy(rates=(rate,)))


async def test_a_lane_that_pauses_for_long_is_told_once_and_once_more_when_it_is_over(
    tmp_path: Path, clock: ManualClock
):
    async with at_work(tmp_path / "ledger.db", clock, PLACE, lane_policies=[paced(2, 30)]) as works:
        watch = works.sending.lane_watch
        assert await told(works, watch, 3) == []
        await works.accept(PLACE, works.alert("A"), works.alert("B"))
        await works.rest()
        paused, opened = await told(works, watch, 40)
        assert (paused.lane, paused.why, paused.rate) == ("wall", "pacing", "2/30s")
        assert opened == LaneOpened("wall")


async def test_a_lane_that_paces_in_moments_is_not_worth_a_word(tmp_path: Path, clock: ManualClock):
    async with at_work(tmp_path / "ledger.db", clock, PLACE, lane_policies=[paced(5, 2)]) as works:
        await works.accept(PLACE, *(works.alert(f"S{number}") for number in range(30)))
        await works.rest()
        assert await told(works, works.sending.lane_watch, 20) == []
