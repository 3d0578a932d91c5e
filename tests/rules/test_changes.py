"""Which facts begin or end a condition."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core.condition import Phase, What
from tocsin.core.delivery import Target
from tocsin.core.facts import (
    BY_OPERATOR,
    AlertsRefused,
    AlertsTaken,
    Attempted,
    BreakerClosed,
    BreakerOpened,
    ClockRight,
    ClockWrong,
    Committed,
    Fact,
    LaneClosed,
    MonitorBack,
    MonitorLost,
    ObjectiveMet,
    ObjectiveMissed,
    Reloaded,
    TargetDisabled,
    TargetEnabled,
    Trouble,
    Turned,
)
from tocsin.core.monitor import Monitor
from tocsin.rules.changes import CONFIGURATION, DOORS, LEDGER, LONGEST_DETAIL, TROUBLES, Change, change

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GENERAL = Target("discord", "general")
LANE = "discord:general"
LOST = Monitor(
    id="m-1", retailer="bestbuy", interval=timedelta(seconds=9), registered_at=NOON, heard_at=NOON, lost_at=NOON
)
SENT = Attempted(target=GENERAL, lane=LANE, members=1, outcome="sent", took_s=0.1)
CLOSED = LaneClosed(lane=LANE, why="credentials", until=NOON)

PAIRS: list[tuple[Fact, Fact, What, str, str]] = [
    (TargetDisabled(GENERAL, "target_gone", "10015 x"), TargetEnabled(GENERAL),
     What.TARGET_DISABLED, LANE, "target_gone: 10015 x"),
    (BreakerOpened(lane=LANE, failures=5, until=NOON, detail="unreachable"), BreakerClosed(LANE),
     What.LANE_FAILING, LANE, "unreachable"),
    (CLOSED, SENT, What.CREDENTIALS_REFUSED, LANE, ""),
    (ObjectiveMissed(channel="discord", burn_rate=14.4, detail="9 of 10"), ObjectiveMet("discord"),
     What.OBJECTIVE_MISSED, "discord", "9 of 10"),
    (ClockWrong(retailer="bestbuy", ahead_s=-3600.4), ClockRight("bestbuy"),
     What.CLOCK_WRONG, "bestbuy", "3600 s behind"),
    (AlertsRefused(owner="engine", detail="price: must be at least 0"), AlertsTaken("engine"),
     What.ALERTS_REFUSED, "engine", "price: must be at least 0"),
    (MonitorLost(LOST), MonitorBack(replace(LOST, lost_at=None), silent_since=NOON),
     What.MONITOR_LOST, "m-1", "it watches bestbuy"),
    (Reloaded("line 3"), Reloaded(), What.CONFIG_REFUSED, CONFIGURATION, "line 3"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "last", "what", "about", "detail"), PAIRS)
def test_what_a_fact_begins_another_ends(first: Fact, last: Fact, what: What, about: str, detail: str):
    assert change(first) == Change(Phase.BEGAN, what, about, detail)
    assert change(last) == Change(Phase.OVER, what, about)


@pytest.mark.parametrize(
    "fact",
    [
        Committed(0.001, 3),
        Turned("invalid_alert"),
        Turned("ledger_unavailable", ingest=False),
        replace(CLOSED, why="rate_limited"),
        replace(SENT, outcome="deferred"),
        Trouble("click_lost", "busy"),
    ],
)
def test_what_operators_cannot_mend_is_no_condition(fact: Fact):
    assert change(fact) is None


def test_those_whom_nobody_knows_are_a_condition_of_their_own():
    assert change(AlertsRefused(owner="", detail="unauthorized: no token")) == Change(
        Phase.BEGAN, What.STRANGERS_REFUSED, DOORS, "unauthorized: no token"
    )


def test_a_clock_that_is_ahead_is_told_so():
    assert change(ClockWrong(retailer="bestbuy", ahead_s=90)).detail == "90 s ahead"


@pytest.mark.parametrize("fact", [Turned("ledger_unavailable"), Trouble("claim_failed", "locked")])
def test_a_ledger_that_cannot_be_written_is_one_condition_however_it_shows(fact: Fact):
    begun = change(fact)
    assert (begun.phase, begun.what, begun.about) == (Phase.BEGAN, What.LEDGER_FAILING, LEDGER)


@pytest.mark.parametrize("word", [word for word, what in TROUBLES.items() if what is not None] + ["never_heard_of"])
def test_every_trouble_is_about_something(word: str):
    assert change(Trouble(word, "said")).about


@pytest.mark.parametrize("word", ["channel_failed", "never_heard_of"])
def test_the_text_of_a_bug_stays_in_the_log(word: str):
    assert change(Trouble(word, "KeyError('s3cret')")) == Change(Phase.BEGAN, What.UNFORESEEN, word)


def test_a_detail_is_bounded():
    assert len(change(Reloaded("x" * 10_000)).detail) == LONGEST_DETAIL


def test_what_an_operator_disabled_is_no_news_to_operators():
    assert change(TargetDisabled(GENERAL, BY_OPERATOR, "")) is None
