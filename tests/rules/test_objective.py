from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.made import HOUR, MINUTE, NOW, SECOND, delivery

from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.facts import DeliveryMoved
from tocsin.rules.objective import (
    ALARMS,
    LEAST_MISSED,
    MEMORY,
    WINDOWS,
    Minute,
    Objective,
    burn,
    is_missed,
    late_by_wish,
    told_in_time,
)

OBJECTIVE = Objective()
S = DeliveryState
NOON = 1000  # a minute, by its number


def moved(to: DeliveryState, why: Why | None = None, latency_s: float | None = None, **how: object) -> DeliveryMoved:
    given = {"state": to, "why": why, "moved_at": NOW + MINUTE} | how
    return DeliveryMoved(delivery=delivery(**given), to=to, why=why, latency_s=latency_s)


HELD = {"attempts": 0, "due": NOW + 8 * HOUR}


@pytest.mark.parametrize(
    ("move", "kept"),
    [
        (moved(S.SENT, latency_s=0.4), True),
        (moved(S.SENT, latency_s=1.0), True),
        (moved(S.SENT, latency_s=1.1), False),
        (moved(S.SENT, Why.FOUND, latency_s=12.0), False),
        (moved(S.SENT), None),
        (moved(S.REFUSED, Why.REFUSED), False),
        (moved(S.REFUSED, Why.NO_TARGET), None),
        (moved(S.EXPIRED, Why.PAST_LIFE, attempts=0), False),
        (moved(S.EXPIRED, Why.PAST_LIFE, attempts=3, due=NOW + MINUTE), False),
        (moved(S.EXPIRED, Why.PAST_LIFE, **HELD), None),
        (moved(S.EXPIRED, Why.PAST_LIFE, attempts=0, moved_at=NOW), None),  # past its life on arrival
        (moved(S.POSSIBLY_SENT, Why.HELD), False),
        (moved(S.SENT, latency_s=9.0, is_test=True), None),
        (moved(S.REFUSED, Why.REFUSED, is_test=True), None),
        (moved(S.EXPIRED, Why.PAST_LIFE, attempts=0, is_test=True), None),
        (moved(S.POSSIBLY_SENT, Why.HELD, is_test=True), None),
        (moved(S.DELIVERED), None),
        (moved(S.PENDING, Why.DEFERRED), None),
        (moved(S.UNKNOWN, Why.ANSWER_LOST), None),
        *[
            (moved(S.CANCELLED, why), None)
            for why in (Why.CLOSED, Why.SUPERSEDED, Why.QUIET, Why.SHADOW, Why.FAILED_OVER)
        ],
    ],
)
def test_what_counts_as_told_in_time(move: DeliveryMoved, *, kept: bool | None):
    assert told_in_time(move, SECOND) is kept


@pytest.mark.parametrize(
    ("one", "wished"),
    [
        (delivery(state=S.SENT, attempts=1), False),
        (delivery(state=S.SENT, attempts=1, due=NOW + HOUR), True),
        (delivery(state=S.SENT, attempts=2, due=NOW + HOUR), False),
        (delivery(state=S.EXPIRED, attempts=0, due=NOW + HOUR), True),
        (delivery(state=S.EXPIRED, attempts=1, due=NOW + HOUR), False),
    ],
)
def test_late_by_wish_is_what_never_left_before_its_time(one: Delivery, *, wished: bool):
    assert late_by_wish(one) is wished


def steady(missed_in: int, of: int, minutes: int, last: int = NOON) -> list[Minute]:
    """So many of so many in every minute up to the last one."""
    return [Minute(number, of, missed_in) for number in range(last - minutes + 1, last + 1)]


def test_a_burn_rate_of_one_misses_what_the_objective_allows():
    assert burn(OBJECTIVE, steady(1, 100, 30), HOUR, NOON).rate == pytest.approx(1)
    assert burn(Objective(of=90), steady(1, 10, 30), HOUR, NOON).rate == pytest.approx(1)
    assert burn(OBJECTIVE, steady(100, 100, 30), HOUR, NOON) == (pytest.approx(100), 3000, 3000)
    assert burn(OBJECTIVE, [], HOUR, NOON) == (0, 0, 0)


@pytest.mark.parametrize(
    ("minutes", "missed"),
    [
        ([], False),
        (steady(0, 100, 360), False),
        (steady(5, 100, 360), False),  # burns at 5
        (steady(6, 100, 360), True),  # at 6, as fast as it may not
        (steady(7, 100, 360), True),  # at 7, for six hours
        (steady(20, 100, 3), True),  # at 20, at once: it is all there is
        ([Minute(NOON, 10, 1)], False),
        ([Minute(NOON, LEAST_MISSED - 1, LEAST_MISSED - 1)], False),
        ([Minute(NOON, LEAST_MISSED, LEAST_MISSED)], True),
        (steady(0, 100, 360, last=NOON - 3) + steady(50, 100, 3), False),  # bad, and not yet serious
        (steady(0, 100, 55, last=NOON - 20) + steady(60, 100, 20), True),  # a quarter of the hour's
        (steady(100, 100, 30, last=NOON - 40), False),  # serious, and over
    ],
)
def test_missed_is_what_is_serious_and_still_goes_on(minutes: Sequence[Minute], *, missed: bool):
    assert is_missed(OBJECTIVE, minutes, NOON, before=False) is missed


def test_it_is_met_again_when_the_short_windows_are_clean():
    minutes = steady(100, 100, 20)
    assert is_missed(OBJECTIVE, minutes, NOON, before=False)
    verdicts = [is_missed(OBJECTIVE, minutes, NOON + later, before=True) for later in range(40)]
    assert verdicts == [True] * 31 + [False] * 9


def test_a_single_late_alert_between_good_ones_does_not_bring_it_back():
    minutes = [*steady(100, 100, 20, last=NOON - 60), *steady(0, 10, 60), Minute(NOON + 1, 1, 1)]
    assert not is_missed(OBJECTIVE, minutes, NOON + 1, before=False)


def test_every_window_lies_within_what_is_remembered():
    assert set(WINDOWS.values()) == {window for alarm in ALARMS for window in (alarm.long, alarm.short)}
    assert max(WINDOWS.values()) == MEMORY


MINUTES = st.lists(
    st.builds(
        lambda number, ended, part: Minute(number, ended, round(ended * part)),
        st.integers(NOON - 400, NOON),
        st.integers(1, 500),
        st.floats(0, 1),
    ),
    max_size=60,
    unique_by=lambda minute: minute.number,
)


@given(MINUTES, st.sampled_from([90.0, 99.0, 99.9]))
@settings(max_examples=100)
def test_more_misses_never_make_it_look_better(minutes: list[Minute], of: float):
    worse = [minute._replace(missed=minute.ended) for minute in minutes]
    for window in WINDOWS.values():
        assert burn(Objective(of=of), worse, window, NOON).rate >= burn(Objective(of=of), minutes, window, NOON).rate
    assert is_missed(Objective(of=of), worse, NOON, before=False) >= is_missed(
        Objective(of=of), minutes, NOON, before=False
    )


@given(MINUTES)
@settings(max_examples=100)
def test_what_was_missed_once_is_not_met_before_it_could_be_missed_anew(minutes: list[Minute]):
    """The state falls back later than it rises: no reading tells of a miss and of its end at once."""
    if is_missed(OBJECTIVE, minutes, NOON, before=False):
        assert is_missed(OBJECTIVE, minutes, NOON, before=True)


@given(MINUTES, st.integers(1, 10**6))
@settings(max_examples=50)
def test_only_distances_between_minutes_count(minutes: list[Minute], later: int):
    moved_on = [minute._replace(number=minute.number + later) for minute in minutes]
    assert is_missed(OBJECTIVE, moved_on, NOON + later, before=False) is is_missed(
        OBJECTIVE, minutes, NOON, before=False
    )


@given(st.floats(0, 10**6), st.integers(1, 3600))
def test_time_told_counts_as_configured(latency_s: float, within: int):
    assert told_in_time(moved(S.SENT, latency_s=latency_s), timedelta(seconds=within)) is (latency_s <= within)


def test_a_delivery_put_off_by_its_provider_is_late_and_not_by_wish():
    throttled = replace(delivery(state=S.SENT, attempts=2), due=NOW + 2 * MINUTE)
    assert told_in_time(DeliveryMoved(delivery=throttled, to=S.SENT, why=None, latency_s=120.0), SECOND) is False
