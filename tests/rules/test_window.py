"""Windows against a plain model: a list of everything that was spent, and a sum over it."""

import math
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.made import MINUTE, SECOND

from tocsin.rules.window import EXACT, Rate, Window

# Times are quarters of a second, so that the sums are exact.
GAPS = st.integers(0, 40).map(lambda quarters: quarters / 4)
PERS = st.integers(1, 40).map(lambda quarters: timedelta(seconds=quarters / 4))
EXACT_RATES = st.builds(Rate, st.integers(1, 6), PERS)
ANY_RATE = st.builds(Rate, st.one_of(st.integers(1, 6), st.integers(EXACT + 1, 400)), PERS)


def spent_within(spent: list[tuple[float, int]], rate: Rate, now: float) -> int:
    return sum(units for at, units in spent if now - at < rate.per.total_seconds())


@settings(max_examples=200)
@given(EXACT_RATES, st.lists(st.tuples(GAPS, st.integers(1, 6)), max_size=30))
def test_a_small_window_opens_exactly_when_counting_does(rate, steps):
    window, spent, now = Window(rate), [], 0.0
    for gap, units in steps:
        now += gap
        needed = min(units, rate.count)
        opens = window.opens_at(needed, rate.count)
        assert (opens <= now) == (spent_within(spent, rate, now) + needed <= rate.count)
        if opens <= now:
            window = window.spend(now, needed)
            spent.append((now, needed))
        else:
            assert spent_within(spent, rate, opens) + needed <= rate.count
            assert spent_within(spent, rate, opens - 0.25) + needed > rate.count


@settings(max_examples=100)
@given(ANY_RATE, st.lists(st.tuples(GAPS, st.integers(1, 90)), max_size=60))
def test_no_window_ever_holds_more_than_its_rate(rate, steps):
    """Whoever asks again as soon as it may; what is given back makes no room that is not there."""
    window, spent, now = Window(rate), [], 0.0
    for gap, wanted in steps:
        units = min(wanted, rate.count)
        now = max(now + gap, window.opens_at(units, rate.count))
        window = window.spend(now, units).spend(now, 1).give_back(now, 1)
        spent.append((now, units))
        assert spent_within(spent, rate, now) <= rate.count
        assert window.total >= spent_within(spent, rate, now)
        assert len(window.uses) <= EXACT + 2


@settings(max_examples=100)
@given(st.builds(Rate, st.integers(EXACT + 1, 400), PERS), st.lists(GAPS, max_size=60))
def test_a_large_window_is_late_by_one_slice_at_most(rate, gaps):
    window, spent, now = Window(rate), [], 0.0
    for gap in gaps:
        now += gap
        window = window.spend(now, 50)
        spent.append((now, 50))
        opens = max(now, window.opens_at(1, rate.count))
        slice_s = rate.per.total_seconds() / EXACT
        earlier = opens - slice_s - 1e-9
        assert earlier < now or spent_within(spent, rate, earlier) + 1 > rate.count


def test_more_units_than_fit_at_once_take_up_the_windows_that_follow():
    """A text of five segments at one segment a second keeps its lane shut for five seconds."""
    window = Window(Rate(1, SECOND)).spend(0.0, 5)
    assert window.opens_at(1, 1) == 5.0
    assert window.give_back(0.0, 5) == Window(Rate(1, SECOND))


@pytest.mark.parametrize("count", [3, 3000])
def test_what_never_fits_leaves_when_the_window_is_empty(count):
    window = Window(Rate(count, MINUTE))
    assert window.opens_at(10 * count, count) == -math.inf
    assert window.spend(0.0).opens_at(10 * count, count) == pytest.approx(60.0, abs=60 / EXACT)


def test_what_has_left_is_forgotten_with_the_next_use():
    rate = Rate(10, SECOND)
    window = Window(rate)
    for second in range(100):
        window = window.spend(float(second))
    assert window == Window(rate, ((99.0, 1),), 1)


def test_giving_back_what_was_never_spent_changes_nothing():
    window = Window(Rate(10, SECOND)).spend(1.0)
    assert window.give_back(0.5) == window
    assert window.merge([(0.0, 2), (1.0, 1)]).total == 4


@given(ANY_RATE, st.lists(st.tuples(GAPS, st.integers(1, 6)), max_size=12), GAPS, GAPS, st.integers(1, 9))
def test_what_is_moved_is_given_back_and_spent_later(rate, steps, at, gap, units):
    window, now = Window(rate), 0.0
    for before, taken in steps:
        now += before
        window = window.spend(now, taken)
    spent, later = window.spend(now + at, units), now + at + gap
    moved = spent.move(now + at, later, units).since(later)
    assert moved == spent.give_back(now + at, units).spend(later, units).since(later)
    assert moved.total == sum(taken for _, taken in moved.uses)
    assert all(moment > later - rate.per_s for moment, _ in moved.uses)


def test_where_nothing_is_said_it_is_one_unit():
    window = Window(Rate(3, MINUTE)).spend(1.0)
    assert window.total == window.move(1.0, 2.0).total == 1
    assert window.give_back(1.0).total == 0
