"""What operators are still to be told, whatever begins, ends, comes back or restarts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.blank import blank

from tocsin.cluster.alone import Alone
from tocsin.core.clock import ManualClock
from tocsin.core.condition import Condition, Phase, What
from tocsin.core.delivery import Target
from tocsin.core.facts import (
    BreakerClosed,
    BreakerOpened,
    ClockRight,
    ClockWrong,
    ConditionBegan,
    ConditionOver,
    Fact,
    ObjectiveMissed,
    Reloaded,
    SpendCapReached,
    TargetDisabled,
    Trouble,
)
from tocsin.ledger.contract import Ledger
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.sending.targets import Targets
from tocsin.pipeline.watch.conditions import CALM_S, Conditions
from tocsin.pipeline.watch.monitors import Monitors
from tocsin.rules.conditions import notice
from tocsin.rules.routing import RoutingPolicy, TargetPolicy

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
STAFF, PAGER = Target("discord", "staff"), Target("webhook", "pager")
GENERAL = Target("discord", "general")
WRONG, RIGHT = ClockWrong(retailer="bestbuy", ahead_s=90), ClockRight("bestbuy")


class Lanes(dict[str, None]):
    """What is known of lanes: those there are, those that fail, and the channels that have spent what they may."""

    failing: frozenset[str] = frozenset()
    spent: frozenset[str] = frozenset()

    def spent_up(self, channel: str) -> bool:
        return channel in self.spent

    def broken(self) -> frozenset[str]:
        return self.failing


class Office:
    """Conditions with a ledger and an audience; what is told to a target is written down."""

    def __init__(self, place: str, clock: ManualClock) -> None:
        self.place = place
        self.clock = clock
        self.lanes = Lanes({"discord:general": None})
        self.audience = (STAFF, PAGER)
        self.configured = {each: TargetPolicy(target=each, lane=str(each)) for each in (STAFF, PAGER, GENERAL)}
        self.facts: list[Fact] = []
        self.heard: dict[Target, list[tuple[Phase, What]]] = {STAFF: [], PAGER: []}
        self.ledger: Ledger
        self.conditions: Conditions
        self.targets: Targets
        self.monitors: Monitors

    @property
    def rulebook(self) -> Any:
        return SimpleNamespace(routing=RoutingPolicy(routes=(), targets=self.configured), operators=self.audience)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Office"]:
        async with open_ledger(self.place, clock=self.clock) as ledger:
            self.ledger = ledger
            self.targets = Targets(ledger.operations, self.emit)
            monitors = self.monitors = Monitors(ledger.operations, self.clock, self.emit)
            self.conditions = Conditions(
                ledger=ledger,
                lanes=self.lanes,
                targets=self.targets,
                monitors=monitors,
                active=self,
                ownership=Alone(),
                clock=self.clock,
                emit=self.emit,
            )
            await self.targets.refresh()
            await monitors.refresh()
            await self.conditions.start()
            yield self
            await self.conditions.stop()

    def emit(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.conditions.hear(fact)

    def tell_operators(self, target: Target) -> None:
        """Everything that it does not know yet."""
        news = self.conditions.untold(target)
        self.heard[target] += [(condition.phase, condition.what) for condition in news]
        self.conditions.note_told(target, news)

    async def look(self, *, seconds: float = 0) -> None:
        """Time passes, and everybody who can be told is told."""
        self.clock.advance(seconds)
        await self.conditions.look()
        for target in self.audience:
            self.tell_operators(target)
        await self.conditions.look()

    def lasting(self) -> list[What]:
        return [notice.condition.what for notice in self.conditions.listed()]

    def phases(self, target: Target = STAFF) -> list[Phase]:
        return [phase for phase, _ in self.heard[target]]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with Office(f"sqlite:///{blank(tmp_path / 'ledger.db')}", ManualClock(NOON)).open() as place:
        yield place


async def test_each_target_hears_once_that_it_began_and_once_that_it_is_over(office: Office):
    for _ in range(3):
        office.conditions.hear(WRONG)
        await office.look(seconds=1)
    assert office.lasting() == [What.CLOCK_WRONG]
    for _ in range(3):
        office.conditions.hear(RIGHT)
        await office.look(seconds=1)
    assert office.phases(STAFF) == office.phases(PAGER) == [Phase.BEGAN, Phase.OVER]
    assert office.lasting() == []
    assert await office.ledger.operations.conditions() == ()
    assert [type(fact) for fact in office.facts] == [ConditionBegan, ConditionOver]


async def test_what_ends_before_anybody_could_be_told_is_told_as_neither(office: Office):
    office.conditions.hear(WRONG)
    office.conditions.hear(RIGHT)
    await office.look()
    assert office.phases() == []
    assert await office.ledger.operations.conditions() == ()


async def test_the_end_is_told_only_to_whom_the_beginning_was(office: Office):
    office.conditions.hear(WRONG)
    office.tell_operators(STAFF)
    office.conditions.hear(RIGHT)
    await office.look()
    assert (office.phases(STAFF), office.phases(PAGER)) == ([Phase.BEGAN, Phase.OVER], [])


async def test_who_joins_the_operators_hears_what_lasts(office: Office):
    office.audience = (STAFF,)
    office.conditions.hear(WRONG)
    await office.look()
    office.audience = (STAFF, PAGER)
    await office.look()
    assert office.phases(PAGER) == [Phase.BEGAN]


async def test_who_leaves_the_operators_is_waited_for_no_more(office: Office):
    office.conditions.hear(WRONG)
    await office.look()
    office.audience = ()
    office.conditions.hear(RIGHT)
    await office.look()
    assert await office.ledger.operations.conditions() == ()


async def test_who_cannot_be_told_of_the_end_for_a_day_is_waited_for_no_more(office: Office):
    office.conditions.hear(WRONG)
    await office.look()
    office.conditions.hear(RIGHT)
    await office.conditions.look()
    assert len(await office.ledger.operations.conditions()) == 1
    office.clock.advance(86_400)
    await office.conditions.look()
    assert await office.ledger.operations.conditions() == ()


async def test_what_comes_and_goes_is_told_to_be_over_once_it_stayed_away(office: Office):
    for _ in range(50):
        office.conditions.hear(WRONG)
        await office.look(seconds=5)
        office.conditions.hear(RIGHT)
        await office.look(seconds=5)
    assert office.phases() == [Phase.BEGAN, Phase.OVER, Phase.BEGAN]
    assert office.lasting() == []
    await office.look(seconds=CALM_S - 6)
    assert len(office.phases()) == 3
    await office.look(seconds=2)
    assert office.phases() == [Phase.BEGAN, Phase.OVER] * 2


async def test_what_comes_back_after_a_calm_time_is_told_at_once_both_times(office: Office):
    for _ in range(2):
        office.conditions.hear(WRONG)
        await office.look(seconds=1)
        office.conditions.hear(RIGHT)
        await office.look(seconds=CALM_S)
    assert office.phases() == [Phase.BEGAN, Phase.OVER] * 2


async def test_what_ends_while_it_is_being_told_is_over_for_whom_heard_of_it(office: Office):
    office.conditions.hear(WRONG)
    news = office.conditions.untold(STAFF)
    office.conditions.hear(RIGHT)
    await office.conditions.look()
    office.conditions.note_told(STAFF, news)
    await office.look()
    assert (office.phases(STAFF), office.phases(PAGER)) == ([Phase.OVER], [])


async def test_a_restart_forgets_nothing_and_tells_nothing_twice(office: Office):
    office.conditions.hear(WRONG)
    await office.look()
    async with restarted(office):
        await office.look()
        assert (office.phases(), office.lasting()) == ([], [What.CLOCK_WRONG])
        office.conditions.hear(RIGHT)
        await office.look()
        assert office.phases(STAFF) == office.phases(PAGER) == [Phase.OVER]


@asynccontextmanager
async def restarted(office: Office) -> AsyncIterator[Office]:
    """Another process with the same ledger, while the first is gone (its ledger's lock is not)."""
    await office.conditions.stop()
    fresh = Conditions(
        ledger=office.ledger,
        lanes=office.lanes,
        targets=office.targets,
        monitors=office.monitors,
        active=office.conditions._active,
        ownership=Alone(),
        clock=office.clock,
        emit=office.emit,
    )
    office.conditions = fresh
    office.heard = {STAFF: [], PAGER: []}
    await fresh.start()
    yield office


@pytest.mark.parametrize(
    ("fact", "seconds"),
    [
        (Reloaded("line 3"), 0),
        (Trouble("restart_needed", "server.port"), 0),
        (ObjectiveMissed(channel="discord", burn_rate=20, detail="late"), 60),
        (WRONG, 3600),
    ],
)
async def test_after_a_restart_a_condition_lasts_until_its_time_to_be_confirmed(
    office: Office, fact: Fact, seconds: int
):
    office.conditions.hear(fact)
    await office.look(seconds=7200)
    assert len(office.lasting()) == 1
    async with restarted(office):
        if seconds:
            await office.look(seconds=seconds - 1)
            assert len(office.lasting()) == 1
        await office.look(seconds=1)
        assert office.lasting() == []
        assert office.phases() == [Phase.OVER]


async def test_what_is_confirmed_after_a_restart_lasts(office: Office):
    office.conditions.hear(WRONG)
    await office.look()
    async with restarted(office):
        office.conditions.hear(WRONG)
        await office.look(seconds=7200)
        assert office.lasting() == [What.CLOCK_WRONG]


async def test_what_can_be_asked_is_asked_after_a_restart(office: Office):
    office.lanes.failing = frozenset({"discord:general"})
    office.conditions.hear(BreakerOpened(lane="discord:general", failures=5, until=NOON, detail="reset"))
    await office.look()
    async with restarted(office):
        await office.look()
        assert office.lasting() == [What.LANE_FAILING]
        office.lanes.failing = frozenset()
        await office.look()
        assert (office.lasting(), office.phases()) == ([], [Phase.OVER])


async def test_the_cap_of_a_day_is_told_once_and_is_over_with_the_day(office: Office):
    office.lanes.spent = frozenset({"sms"})
    office.conditions.hear(SpendCapReached("sms", "25.00 of 25 USD are spent"))
    office.conditions.hear(SpendCapReached("sms", "25.00 of 25 USD are spent"))
    await office.look()
    async with restarted(office):
        await office.look()
        assert office.lasting() == [What.SPEND_CAP]
        office.lanes.spent = frozenset()
        await office.look()
        assert (office.lasting(), office.phases()) == ([], [Phase.OVER])


async def test_a_lane_that_fails_without_a_word_is_found(office: Office):
    office.lanes.failing = frozenset({"discord:general"})
    await office.look()
    assert office.lasting() == [What.LANE_FAILING]
    office.conditions.hear(BreakerClosed("discord:general"))
    assert office.lasting() == []


async def test_a_dead_target_that_was_not_written_down_is_found_at_the_start(office: Office):
    await office.ledger.operations.disable(GENERAL, "target_gone", "10015")
    office.targets.disabled = frozenset({GENERAL})
    async with restarted(office):
        (shown,) = office.conditions.listed()
        assert (shown.condition.about, shown.condition.detail) == ("discord:general", "target_gone: 10015")
        del office.configured[GENERAL]
        await office.look()
        assert office.lasting() == []


async def test_what_a_disabled_target_waits_for_ends_with_it(office: Office):
    office.targets.disabled = frozenset({GENERAL})
    office.conditions.hear(TargetDisabled(GENERAL, "target_gone", ""))
    await office.look()
    office.targets.disabled = frozenset()
    await office.look()
    assert office.phases() == [Phase.BEGAN, Phase.OVER]


async def test_a_lost_monitor_that_is_deleted_is_waited_for_no_more(office: Office):
    await office.monitors.register("bestbuy-1", "bestbuy", (), timedelta(seconds=10))
    office.clock.advance(31)
    await office.monitors.watch()
    await office.look()
    assert office.lasting() == [What.MONITOR_LOST]
    await office.monitors.forget("bestbuy-1")
    await office.look()
    assert (office.lasting(), office.phases()) == ([], [Phase.BEGAN, Phase.OVER])


async def test_a_single_event_is_told_once_and_shown_for_an_hour(office: Office):
    office.conditions.hear(Trouble("clock_jumped", "by 3600 s"))
    await office.look(seconds=3599)
    assert office.lasting() == [What.CLOCK_JUMPED]
    office.conditions.hear(Trouble("clock_jumped", "by -3600 s"))
    await office.look(seconds=3599)
    (shown,) = office.conditions.listed()
    assert shown.condition.detail == "by -3600 s"
    await office.look(seconds=1)
    assert (office.lasting(), office.phases()) == ([], [Phase.BEGAN])
    assert await office.ledger.operations.conditions() == ()


async def test_a_ledger_that_fails_is_well_again_once_nobody_complains(office: Office):
    for _ in range(5):
        office.conditions.hear(Trouble("claim_failed", "locked"))
        await office.look(seconds=20)
    assert office.lasting() == [What.LEDGER_FAILING]
    await office.look(seconds=10)
    assert office.phases() == [Phase.BEGAN, Phase.OVER]


async def test_every_condition_is_counted_by_its_word(office: Office):
    office.conditions.hear(WRONG)
    counted = office.conditions.counted()
    assert counted.keys() == {what.value for what in What}
    assert {what for what, count in counted.items() if count} == {"clock_wrong"}


STEPS = st.lists(st.sampled_from(["begin", "end", "staff", "pager", "look", "calm", "restart"]), max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_whatever_happens_nobody_hears_the_same_twice_in_a_row_and_all_hear_the_truth_in_the_end(
    office: Office, steps: list[str]
):
    begun = False
    told: dict[Target, list[Phase]] = {STAFF: [], PAGER: []}
    for step in [*steps, "end", "calm", "look", "staff", "pager", "look"]:
        match step:
            case "begin" | "end":
                begun = step == "begin"
                office.conditions.hear(WRONG if begun else RIGHT)
            case "staff" | "pager":
                target = STAFF if step == "staff" else PAGER
                news = office.conditions.untold(target)
                told[target] += [condition.phase for condition in news]
                office.conditions.note_told(target, news)
            case "look":
                await office.conditions.look()
            case "calm":
                office.clock.advance(CALM_S)
                await office.conditions.look()
            case "restart":
                async with restarted(office):
                    office.conditions.hear(WRONG if begun else RIGHT)
        assert begun is (office.lasting() == [What.CLOCK_WRONG])
    for phases in told.values():
        assert phases == [Phase.BEGAN, Phase.OVER] * (len(phases) // 2)
    assert await office.ledger.operations.conditions() == ()


def test_a_notice_has_another_id_for_each_spell_and_each_end():
    began = Condition(what=What.CLOCK_WRONG, about="bestbuy", began_at=NOON)
    spells: list[Any] = [began, replace(began, over_at=NOON), replace(began, began_at=NOON.replace(hour=13))]
    assert len({notice(spell).id for spell in spells}) == 3
    assert notice(began).id == notice(replace(began, detail="more", told={STAFF: Phase.BEGAN})).id
