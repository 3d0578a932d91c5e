from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.made import HOUR, MINUTE, SECOND

from tocsin.core.alert import Band
from tocsin.rules.gate import (
    Gate,
    GatePolicy,
    answered,
    bounded,
    heed,
    join,
    lowest_now,
    oldest_first,
    opens_at,
    recall,
    shut,
    spend,
    spend_more,
    unspend,
)
from tocsin.rules.window import Rate

HIGH, MEDIUM, LOW = Band.HIGH, Band.MEDIUM, Band.LOW
DISCORD = GatePolicy(rates=(Rate(5, 2 * SECOND), Rate(30, MINUTE)))
FREE = GatePolicy()


def used(policy: GatePolicy, *times: float) -> Gate:
    gate = Gate()
    for at in times:
        gate = spend(gate, policy, at)
    return gate


def said(gate: Gate, now: float, *, remaining: int, resets_after: float, in_flight: int = 0) -> Gate:
    """Seconds in place of timedeltas."""
    return heed(gate, now, remaining=remaining, resets_after=timedelta(seconds=resets_after), in_flight=in_flight)


def shut_for(gate: Gate, now: float, seconds: float) -> Gate:
    return shut(gate, now, timedelta(seconds=seconds))


def test_a_gate_without_limits_is_open():
    assert opens_at(used(FREE, *[1.0] * 100), FREE, LOW, 1.0) == 1.0
    assert used(FREE, 1.0, 2.0).windows == ()


def test_the_high_band_may_use_the_whole_budget_and_the_others_leave_a_reserve():
    gate = used(DISCORD, 0.0, 0.1, 0.2, 0.3)
    assert opens_at(gate, DISCORD, HIGH, 0.5) == 0.5
    assert opens_at(gate, DISCORD, MEDIUM, 0.5) == opens_at(gate, DISCORD, LOW, 0.5) == 2.0
    assert lowest_now(gate, DISCORD, 0.5) is HIGH
    full = spend(gate, DISCORD, 0.4)
    assert opens_at(full, DISCORD, HIGH, 0.5) == 2.0
    assert lowest_now(full, DISCORD, 0.5) is None
    assert lowest_now(full, DISCORD, 2.0) is HIGH
    assert lowest_now(full, DISCORD, 2.5) is LOW


@pytest.mark.parametrize(
    ("count", "reserve", "left_to_lower"),
    [(1, 0.2, 1), (2, 0.2, 1), (5, 0.2, 4), (10, 0.2, 8), (15, 0.2, 12), (30, 0.2, 24), (10, 0.0, 10), (4, 1.0, 1)],
)
def test_the_reserve_is_a_fifth_but_one_stays_for_the_lower_bands(count, reserve, left_to_lower):
    policy = GatePolicy(rates=(Rate(count, MINUTE),), reserve=reserve)
    gate = Gate()
    sent = 0
    while lowest_now(gate, policy, 1.0) is LOW:
        gate = spend(gate, policy, 1.0)
        sent += 1
    assert sent == left_to_lower


def test_the_strictest_of_several_rates_holds():
    gate = used(DISCORD, *[float(at) for at in range(0, 60, 2)])
    assert opens_at(gate, DISCORD, HIGH, 59.0) == 60.0


def test_the_log_stays_as_short_as_the_longest_window():
    gate = used(DISCORD, *[float(at) for at in range(0, 1000, 5)])
    assert [len(window.uses) for window in gate.windows] == [1, 12]


def test_what_the_provider_says_is_left_holds_until_its_window_ends():
    gate = said(Gate(), 10.0, remaining=1, resets_after=2.0)
    assert opens_at(gate, FREE, LOW, 10.0) == 10.0
    gate = spend(gate, FREE, 10.0)
    assert opens_at(gate, FREE, HIGH, 10.5) == 12.0
    assert opens_at(gate, FREE, HIGH, 12.0) == 12.0


def test_within_one_window_a_late_answer_raises_nothing():
    gate = said(Gate(), 10.0, remaining=1, resets_after=2.0)
    gate = said(gate, 10.1, remaining=4, resets_after=1.9)
    assert gate.remaining == 1
    assert said(gate, 12.5, remaining=4, resets_after=2.0).remaining == 4


def test_requests_whose_answers_are_out_may_not_be_counted_yet():
    gate = used(FREE, 0.0, 0.0, 0.0, 0.0)
    for now, remaining, in_flight in ((0.1, 4, 3), (0.2, 3, 2), (0.3, 2, 1), (0.4, 1, 0)):
        gate = said(gate, now, remaining=remaining, resets_after=2.0, in_flight=in_flight)
        assert gate.remaining == 1


def test_a_429_shuts_the_lane_for_every_band():
    gate = shut_for(Gate(), 10.0, 1.5)
    assert opens_at(gate, FREE, HIGH, 10.0) == 11.5
    assert lowest_now(gate, FREE, 11.4) is None
    assert lowest_now(gate, FREE, 11.5) is LOW


def test_a_shorter_wait_never_opens_what_a_longer_one_shut():
    gate = shut_for(shut_for(Gate(), 10.0, 30), 11.0, 1)
    assert opens_at(gate, FREE, HIGH, 11.0) == 40.0


@pytest.mark.parametrize(("named", "believed"), [(-5, 0), (0, 0), (3.25, 3.25), (3600, 3600), (10**9, 3600)])
def test_a_time_that_a_provider_names_is_believed_up_to_an_hour(named, believed):
    assert bounded(timedelta(seconds=named)) == timedelta(seconds=believed)
    assert opens_at(shut_for(Gate(), 10.0, named), FREE, HIGH, 10.0) == 10.0 + believed
    assert said(Gate(), 10.0, remaining=0, resets_after=named).resets_at == 10.0 + believed


def test_a_negative_remainder_is_none_left():
    assert opens_at(said(Gate(), 10.0, remaining=-3, resets_after=1.0), FREE, HIGH, 10.0) == 11.0


def test_after_a_restart_the_gate_remembers():
    gate = recall(DISCORD, [(age, 1) for age in (90 * SECOND, 2 * SECOND, SECOND, 0 * SECOND, -HOUR)], 100.0)
    assert [window.uses for window in gate.windows] == [((99.0, 1), (100.0, 2)), ((98.0, 1), (99.0, 1), (100.0, 2))]


def test_a_request_counts_from_its_answer_on():
    gate = answered(used(DISCORD, 0.0), DISCORD, 0.0, 1.5)
    assert [window.uses for window in gate.windows] == [((1.5, 1),), ((1.5, 1),)]
    assert not any(window.total for window in answered(gate, DISCORD, 1.5, None).windows)


def test_a_place_that_was_not_needed_is_given_back():
    gate = unspend(used(DISCORD, 0.0, 0.5), DISCORD, 0.5)
    assert gate == used(DISCORD, 0.0)


def test_a_request_of_several_units_takes_them_all():
    policy = GatePolicy(rates=(Rate(5, SECOND),), reserve=0.0)
    gate = spend_more(used(policy, 0.0), policy, 0.0, 3)
    assert opens_at(gate, policy, HIGH, 0.0) == 0.0
    assert opens_at(gate, policy, HIGH, 0.0, units=2) == 1.0


def test_another_policy_counts_what_was_sent_under_the_old_one():
    gate = used(DISCORD, 0.0, 1.0, 2.0)
    stricter = GatePolicy(rates=(Rate(3, 30 * SECOND),))
    assert opens_at(gate, stricter, HIGH, 2.0) == 30.0
    assert [window.total for window in spend(gate, stricter, 31.5).windows] == [2]


def test_what_another_gate_has_let_through_counts_where_they_share():
    gate = join(used(DISCORD, 1.0), DISCORD, used(DISCORD, 0.0, 1.0, 1.5, 1.5))
    assert opens_at(gate, DISCORD, HIGH, 1.5) == 2.0


def test_a_share_of_all_requests_belongs_to_the_oldest():
    policy = GatePolicy(share=0.25)
    turns = []
    gate = Gate()
    for _ in range(12):
        turns.append(oldest_first(gate, policy))
        gate = spend(gate, policy, 0.0)
    assert Counter(turns) == {True: 3, False: 9}
    assert not oldest_first(Gate(), GatePolicy())


def test_on_its_turn_the_oldest_may_use_the_reserve():
    policy = GatePolicy(rates=(Rate(5, SECOND),), share=0.2)
    gate = used(policy, 0.0, 0.0, 0.0, 0.0)
    assert oldest_first(gate, policy)
    assert lowest_now(gate, policy, 0.0) is LOW


# --- against a plain model ------------------------------------------------------------------------------------
# Times are quarters of a second, so that the sums are exact.

QUARTERS = st.integers(0, 40).map(lambda quarters: quarters / 4)
RATES = st.builds(Rate, st.integers(1, 6), st.integers(1, 40).map(lambda quarters: timedelta(seconds=quarters / 4)))
POLICIES = st.builds(
    GatePolicy,
    rates=st.lists(RATES, max_size=3).map(tuple),
    reserve=st.sampled_from([0.0, 0.2, 0.5]),
)


def model_admits(sent: list[float], policy: GatePolicy, band: Band, now: float) -> bool:
    """Count what left within each window, and see whether one more is allowed."""
    for rate in policy.rates:
        reserved = 0 if band is HIGH else min(rate.count - 1, -(-rate.count * round(policy.reserve * 10) // 10))
        if sum(now - at < rate.per.total_seconds() for at in sent) >= rate.count - reserved:
            return False
    return True


@settings(max_examples=200)
@given(POLICIES, st.lists(st.tuples(QUARTERS, st.sampled_from(Band)), max_size=40))
def test_a_gate_admits_exactly_what_counting_admits(policy, arrivals):
    gate, sent, now = Gate(), [], 0.0
    for gap, band in arrivals:
        now += gap
        admitted = opens_at(gate, policy, band, now) <= now
        assert admitted == model_admits(sent, policy, band, now)
        if admitted:
            gate = spend(gate, policy, now)
            sent.append(now)
    for rate in policy.rates:
        span = rate.per.total_seconds()
        assert all(later - first >= span for first, later in zip(sent, sent[rate.count :], strict=False))


@settings(max_examples=200)
@given(POLICIES, st.lists(QUARTERS, max_size=20), st.sampled_from(Band))
def test_the_time_a_gate_names_is_the_first_at_which_counting_admits(policy, gaps, band):
    gate, sent, now = Gate(), [], 0.0
    for gap in gaps:
        now = max(now + gap, opens_at(gate, policy, HIGH, now + gap))
        gate = spend(gate, policy, now)
        sent.append(now)
    opens = opens_at(gate, policy, band, now)
    assert model_admits(sent, policy, band, opens)
    assert opens == now or not model_admits(sent, policy, band, opens - 0.25)


@settings(max_examples=100)
@given(POLICIES, st.lists(QUARTERS, max_size=20), QUARTERS)
def test_no_band_waits_for_a_lower_one(policy, times, now):
    gate = used(policy, *sorted(times))
    high, medium, low = (opens_at(gate, policy, band, 10.0 + now) for band in (HIGH, MEDIUM, LOW))
    assert high <= medium <= low


@settings(max_examples=150)
@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from(["send", "wait", "answer", "refuse"]), st.integers(-2, 8)), max_size=40),
)
def test_nothing_leaves_while_the_provider_has_said_no(limit, steps):
    """A provider that counts in windows of 2 s: what it says is never exceeded within the window it said it of."""
    gate, now, left, window_ends = Gate(), 0.0, limit, 0.0
    shut_until = 0.0
    for verb, value in steps:
        if now >= window_ends:
            left, window_ends = limit, now + 2.0
            gate = said(gate, now, remaining=left, resets_after=2.0)
        match verb:
            case "send" if opens_at(gate, FREE, HIGH, now) <= now:
                assert left > 0
                assert now >= shut_until
                gate, left = spend(gate, FREE, now), left - 1
            case "wait":
                now += max(0, value) / 4
            case "answer":
                gate = said(gate, now, remaining=left, resets_after=window_ends - now)
            case "refuse":
                gate = shut_for(gate, now, value / 4)
                shut_until = max(shut_until, now + max(0, value) / 4)
