import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown
from tocsin.rules.breaker import LONGEST_PAUSE_S, OPENS_AFTER, Breaker, admits, judge, probe, recall

FAILURES = [Deferred(Delay.UNREACHABLE), Deferred(Delay.PROVIDER_TROUBLE), *map(Unknown, Doubt)]
ANSWERS = [
    Sent(),
    Deferred(Delay.RATE_LIMITED),
    Deferred(Delay.CREDENTIALS),
    *map(Refused, Refusal),
]
DOWN = FAILURES[0]


def judged(*outcomes: Outcome, now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for outcome in outcomes:
        breaker = judge(breaker, outcome, now)
    return breaker


OPEN = judged(*[DOWN] * OPENS_AFTER)


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_a_breaker_opens_after_five_failures_in_a_row(failure):
    four, five = judged(*[failure] * 4), judged(*[failure] * 5)
    assert (four.open, admits(four, 0.0), four.open_until) == (False, True, 0.0)
    assert (five.open, admits(five, 4.9), five.open_until) == (True, False, 5.0)


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
def test_any_answer_that_the_provider_understood_closes_it(answer):
    assert judged(*[DOWN] * 4, answer) == Breaker()
    assert judge(probe(OPEN, 5.0), answer, 5.1) == Breaker()
    assert judged(*[DOWN] * 4, answer, DOWN).failures == 1


@pytest.mark.parametrize("why", [Delay.FAILED_HERE, Delay.WITHHELD])
def test_what_failed_here_says_nothing_of_the_provider(why):
    ours = Deferred(why)
    assert judge(judged(*[DOWN] * 4), ours, 0.0) == judged(*[DOWN] * 4)
    assert judge(probe(OPEN, 5.0), ours, 5.1) == OPEN


def test_after_a_restart_an_open_breaker_is_open_for_what_is_left_of_its_pause():
    assert recall(7, 12.5, 100.0) == Breaker(7, 112.5)
    assert recall(5, -3.0, 100.0) == Breaker(5, 100.0)
    assert recall(10**6, 10**6, 100.0).open_until == 100.0 + LONGEST_PAUSE_S


def test_one_probe_at_a_time():
    assert admits(OPEN, 5.0)
    probing = probe(OPEN, 5.0)
    assert not admits(probing, 1000.0)
    assert probe(probing, 1000.0) == probing


def test_no_probe_before_its_time_and_none_while_closed():
    assert probe(OPEN, 4.9) == OPEN
    assert probe(Breaker(), 0.0) == Breaker()


def test_probes_come_ever_further_apart_up_to_five_minutes():
    breaker, now, pauses = OPEN, 0.0, []
    for _ in range(40):
        pauses.append(breaker.open_until - now)
        now = breaker.open_until
        breaker = judge(probe(breaker, now), DOWN, now)
    assert pauses[:8] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert set(pauses[6:]) == {LONGEST_PAUSE_S}


def test_requests_that_left_before_it_opened_are_no_failed_probes():
    assert judged(*[DOWN] * 12) == OPEN


@given(st.lists(st.tuples(st.sampled_from(FAILURES + ANSWERS), st.floats(0, 400)), max_size=60))
def test_whatever_happens_a_lane_is_never_shut_for_longer_than_the_longest_pause(history):
    breaker, now = Breaker(), 0.0
    for outcome, gap in history:
        now += gap
        if admits(breaker, now):
            breaker = judge(probe(breaker, now), outcome, now)
        assert not breaker.probing
        assert admits(breaker, now + LONGEST_PAUSE_S)
