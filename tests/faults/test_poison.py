"""Row 32, what our own code fails on: by raising, or by dying over it. It is set aside, and its neighbours go on."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.deadline import DEADLINE_S
from tests.pipeline.dispatcher_rig import Board, DispatcherRig, at_work

from tocsin.channels.contract import Attempt, Report
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Delivery, Target
from tocsin.core.outcome import Deferred, Delay
from tocsin.core.record import AlertRecord
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.routing import TargetPolicy

TRIES = 5
PLACE = TargetPolicy(target=Target("board", "wall"), lane="wall", on_lost_answer="resend")
LANE = LanePolicy(name="wall", channel="board", gate=GatePolicy(bundle=10))


class Deadly(Board):
    """Whoever sends a certain alert there dies over it."""

    async def send(self, attempt: Attempt) -> Report:
        report = await super().send(attempt)
        if "deadly" in self.seen[-1][1]:
            await asyncio.Event().wait()
        return report

    @property
    def deaths(self) -> int:
        return sum("deadly" in skus for _, skus in self.seen)


class DeadlyAndAsked(Deadly):
    """Afterwards it can say that it never had any of it."""

    async def find(self, attempt: Attempt) -> Report:
        return Report(tuple(Deferred(Delay.UNREACHABLE) for _ in attempt.members))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


async def deliveries(works: DispatcherRig) -> dict[str, Delivery]:
    """By SKU."""
    found = {}
    for delivery in (await works.ledger.history.deliveries()).items:
        record = await works.ledger.history.alert(delivery.alert_id)
        assert record is not None
        found[record.alert.sku] = delivery
    return found


class Measuring(Board):
    """Looks at every alert to know how many fit together."""

    def pack(self, target: Target, records: Sequence[AlertRecord]) -> int:
        self.render(target, records)
        return len(records)


@pytest.mark.parametrize("kind", [Board, Measuring])
async def test_row_32_what_cannot_be_rendered_is_refused_as_poison_and_its_neighbours_leave(
    tmp_path: Path, clock: ManualClock, kind: type[Board]
):
    async with at_work(tmp_path / "ledger.db", clock, PLACE, lane_policies=[LANE], kind=kind) as works:
        poison = works.alert("poison", 10, broken=True)
        await works.accept(PLACE, poison, *(works.alert(f"good {number}") for number in range(3)))
        await works.rest()
        for _ in range(TRIES):
            await works.advance(30)
        ended = await deliveries(works)
        assert (ended["poison"].state, ended["poison"].why) == ("refused", "poison")
        assert ended["poison"].attempts == TRIES
        assert {ended[f"good {number}"].state for number in range(3)} == {"sent"}
        assert sorted(sku for _, skus in works.board.seen for sku in skus) == ["good 0", "good 1", "good 2"]
        assert not works.sending.lanes.broken()


async def test_row_32_a_poison_says_nothing_of_its_provider(tmp_path: Path, clock: ManualClock):
    async with at_work(tmp_path / "ledger.db", clock, PLACE, lane_policies=[LANE]) as works:
        for number in range(6):
            await works.accept(PLACE, works.alert(f"poison {number}", broken=True))
            await works.rest()
        assert not works.sending.lanes.broken()
        await works.accept(PLACE, works.alert("good"))
        await works.rest()
        assert (await deliveries(works))["good"].state == "sent"


async def lives_and_deaths(ledger: Path, clock: ManualClock, kind: type[Deadly]) -> tuple[int, Delivery, Delivery]:
    """How often it was sent while the service was started again and again, how it ended, and how its neighbour did."""
    deaths = 0
    for life in range(TRIES + 3):
        async with at_work(ledger, clock, PLACE, lane_policies=[LANE], kind=kind) as works:
            if life == 0:
                await works.accept(PLACE, works.alert("deadly"), works.alert("neighbour"))
            await works.settle_doubts()
            await try_again(works)
            assert isinstance(works.board, Deadly)
            deaths += works.board.deaths
            await works.sending.dispatcher.stop(0)
            ended = await deliveries(works)
    return deaths, ended["deadly"], ended["neighbour"]


async def try_again(works: DispatcherRig) -> None:
    """Until nothing else is under way than what finds no end, and nothing is due."""
    works.clock.advance(6)
    async with asyncio.timeout(DEADLINE_S):
        while works.is_busy() and not _is_dying(works):  # noqa: ASYNC110 - the loop's own steps are waited for
            await asyncio.sleep(0)


def _is_dying(works: DispatcherRig) -> bool:
    """What is under way is what finds no end, and nothing else is to be done."""
    assert isinstance(works.board, Deadly)
    return works.board.deaths == len(works.sending.dispatcher._tasks) == 1 and not works.is_due()


async def test_row_32_what_the_process_died_over_is_refused_once_the_provider_says_it_never_came(
    tmp_path: Path, clock: ManualClock
):
    deaths, ended, neighbour = await lives_and_deaths(tmp_path / "ledger.db", clock, DeadlyAndAsked)
    assert (deaths, ended.state, ended.why, ended.attempts) == (TRIES, "refused", "poison", TRIES)
    assert (neighbour.state, neighbour.attempts) == ("sent", 3)


async def test_row_32_what_the_process_died_over_is_held_where_nobody_can_say_whether_it_came(
    tmp_path: Path, clock: ManualClock
):
    deaths, ended, neighbour = await lives_and_deaths(tmp_path / "ledger.db", clock, Deadly)
    assert (deaths, ended.state, ended.why, ended.attempts) == (TRIES, "possibly_sent", "held", TRIES)
    assert (neighbour.state, neighbour.attempts) == ("sent", 3)
