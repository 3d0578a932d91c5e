"""A channel whose provider counts something other than requests: its lane spends what each request takes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.pipeline.dispatcher_rig import Board, at_work

from tocsin.channels.contract import Attempt
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Target
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.routing import TargetPolicy
from tocsin.rules.window import Rate

SEGMENTS = GatePolicy(rates=(Rate(1, timedelta(seconds=1)),), reserve=0.0)
PHONE = TargetPolicy(target=Target("board", "phone"), lane="phone")
LANE = LanePolicy(name="phone", channel="board", gate=SEGMENTS)


class Texts(Board):
    """Each alert is as many segments as its SKU says."""

    def units(self, attempt: Attempt) -> int:
        return int(attempt.members[0].record.alert.sku)


class BrokenTexts(Board):
    def units(self, attempt: Attempt) -> int:
        raise ValueError(attempt.target)


def clock_at_noon() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


async def test_a_long_text_takes_the_time_of_its_segments(tmp_path: Path):
    clock = clock_at_noon()
    async with at_work(tmp_path / "ledger.db", clock, PHONE, lane_policies=[LANE], kind=Texts) as works:
        began = clock.monotonic()
        await works.accept(PHONE, works.alert("3", 10), works.alert("1", 9), works.alert("2", 8), works.alert("01", 7))
        await works.live(began + 10)
        assert [(round(at - began, 3), skus) for at, skus in works.board.seen] == [
            (0.0, ("3",)),
            (3.0, ("1",)),
            (4.0, ("2",)),
            (6.0, ("01",)),
        ]


async def test_a_channel_that_cannot_measure_sends_all_the_same(tmp_path: Path):
    clock = clock_at_noon()
    async with at_work(tmp_path / "ledger.db", clock, PHONE, lane_policies=[LANE], kind=BrokenTexts) as works:
        await works.accept(PHONE, works.alert("3"))
        await works.live(clock.monotonic() + 1)
        assert len(works.board.seen) == 1
