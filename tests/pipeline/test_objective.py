from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.rules.made import delivery

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.facts import DeliveryMoved, Fact, ObjectiveMet, ObjectiveMissed
from tocsin.ledger.contract import EndedRow
from tocsin.pipeline.watch.objective import Objectives
from tocsin.rules.objective import Objective

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DISCORD, HOOK = Target("discord", "general"), Target("webhook", "partner")


class Past:
    """A history that knows what ended before this process began."""

    def __init__(self, rows: Sequence[EndedRow] = ()) -> None:
        self.rows = rows

    async def ended_since(self, since: datetime, within: timedelta) -> Sequence[EndedRow]:
        assert within == timedelta(seconds=1)
        return [row for row in self.rows if row.minute >= since]


class Desk:
    """Where deliveries end, and what is told of them."""

    def __init__(self, rows: Sequence[EndedRow] = ()) -> None:
        self.clock = ManualClock(NOON)
        self.told: list[Fact] = []
        self.objective: Objective | None = Objective()
        history: Any = Past(rows)
        office: Any = self
        self.objectives = Objectives(history, office, self.clock, self.told.append)

    @property
    def rulebook(self) -> Any:
        """What is in force."""
        return SimpleNamespace(objective=self.objective)

    def sent(self, times: int, *, latency_s: float, target: Target = DISCORD) -> None:
        one = delivery(state=DeliveryState.SENT, target=target)
        for _ in range(times):
            self.objectives.hear(DeliveryMoved(delivery=one, to=DeliveryState.SENT, why=None, latency_s=latency_s))

    async def later(self, minutes: int) -> list[Fact]:
        """What was told while so many minutes passed."""
        self.told.clear()
        for _ in range(minutes):
            self.clock.advance(60)
            await self.objectives.watch()
        return list(self.told)


async def test_a_miss_is_told_once_and_so_is_its_end():
    desk = Desk()
    desk.sent(80, latency_s=0.3)
    desk.sent(20, latency_s=4)
    (missed,) = await desk.later(10)
    assert missed == ObjectiveMissed(
        channel="discord",
        burn_rate=20.0,
        detail="20 of 100 deliveries of the last hour were not told within 1 s",
    )
    assert await desk.later(60) == [ObjectiveMet("discord")]
    assert await desk.later(600) == []


async def test_each_channel_is_judged_alone():
    desk = Desk()
    desk.sent(100, latency_s=0.1)
    desk.sent(10, latency_s=9, target=HOOK)
    (missed,) = await desk.later(1)
    assert isinstance(missed, ObjectiveMissed)
    assert missed.channel == "webhook"
    assert desk.objectives.missed() == {"discord": 0, "webhook": 1}


async def test_one_late_alert_of_ten_wakes_nobody():
    desk = Desk()
    desk.sent(9, latency_s=0.1)
    desk.sent(1, latency_s=30)
    assert await desk.later(60) == []


@pytest.mark.parametrize("jump", [-3600, 3600])
async def test_a_jump_of_the_wall_clock_neither_tells_nor_silences(jump: int):
    desk = Desk()
    desk.sent(100, latency_s=0.1)
    desk.clock.jump(jump)
    assert await desk.later(1) == []
    desk.sent(50, latency_s=7)
    desk.clock.jump(jump)
    assert [type(fact) for fact in await desk.later(1)] == [ObjectiveMissed]
    desk.clock.jump(-jump)
    assert await desk.later(1) == []


async def test_a_new_process_goes_on_from_what_the_ledger_knows():
    ago = [EndedRow(channel="discord", minute=NOON - timedelta(minutes=m), ended=10, missed=5) for m in range(1, 30)]
    desk = Desk(sorted(ago, key=lambda row: row.minute))
    await desk.objectives.start()
    assert [type(fact) for fact in await desk.later(1)] == [ObjectiveMissed]
    assert await desk.later(60) == [ObjectiveMet("discord")]


async def test_what_the_ledger_knows_from_the_future_ended_just_now():
    """The wall clock was set back while nobody ran."""
    desk = Desk([EndedRow(channel="discord", minute=NOON + timedelta(hours=1), ended=10, missed=10)])
    await desk.objectives.start()
    assert [type(fact) for fact in await desk.later(1)] == [ObjectiveMissed]


async def test_nothing_is_remembered_for_longer_than_the_longest_window():
    desk = Desk()
    for _ in range(1000):
        desk.sent(1, latency_s=0.1)
        await desk.later(1)
    assert len(desk.objectives._minutes["discord"]) <= 361


async def test_without_an_objective_nothing_is_told_and_what_was_missed_is_over():
    desk = Desk()
    desk.sent(50, latency_s=7)
    await desk.later(1)
    desk.objective = None
    assert await desk.later(1) == [ObjectiveMet("discord")]
    desk.sent(50, latency_s=7)
    assert await desk.later(1) == []
    assert desk.objectives.burn_rates() == {}
    assert desk.objectives.as_json() is None


async def test_operators_see_how_fast_it_burns():
    desk = Desk()
    desk.sent(98, latency_s=0.1)
    desk.sent(2, latency_s=7)
    assert desk.objectives.burn_rates()["discord", "5m"] == pytest.approx(2)
    assert desk.objectives.as_json() == {
        "within_s": 1.0,
        "of": 99.0,
        "channels": {
            "discord": {
                "missed": False,
                "burn_rates": {"5m": 2.0, "30m": 2.0, "1h": 2.0, "6h": 2.0},
                "last_hour": {"ended": 100, "missed": 2},
            }
        },
    }


async def test_refused_and_expired_ones_burn_too():
    desk = Desk()
    for to, why in ((DeliveryState.REFUSED, Why.REFUSED), (DeliveryState.EXPIRED, Why.PAST_LIFE)) * 3:
        one = delivery(state=to, attempts=0, moved_at=NOON)
        desk.objectives.hear(DeliveryMoved(delivery=one, to=to, why=why))
    assert [type(fact) for fact in await desk.later(1)] == [ObjectiveMissed]
