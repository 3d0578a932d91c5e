import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.rules.detector import LEAST_OFF, MEMORY, TRUE_AGAIN, WINDOW, Sign, apparent, is_wrong, recent

DAY = WINDOW.total_seconds()


def signs(*ahead: float | None) -> list[Sign]:
    return [Sign(float(at), ahead_s) for at, ahead_s in enumerate(ahead)]


TRUE, OFF = (None,), (-900.0,)


@pytest.mark.parametrize(
    ("heard", "wrong"),
    [
        ((), False),
        (TRUE * 50, False),
        (OFF * (LEAST_OFF - 1), False),
        (OFF * LEAST_OFF, True),
        (OFF * LEAST_OFF + TRUE * LEAST_OFF, True),
        (OFF * LEAST_OFF + TRUE * (LEAST_OFF + 1), False),
        ((OFF + TRUE * 2) * 10, False),
    ],
)
def test_a_clock_is_wrong_when_half_of_enough_detections_are_off(heard: tuple[float | None, ...], *, wrong: bool):
    assert is_wrong(signs(*heard), before=False) is wrong


def test_only_detections_that_could_be_true_make_it_right_again():
    assert is_wrong([], before=True)
    assert is_wrong(signs(*OFF * 9, *TRUE * (TRUE_AGAIN - 1)), before=True)
    assert not is_wrong(signs(*OFF * 9, *TRUE * TRUE_AGAIN), before=True)


def test_two_detectors_of_one_retailer_do_not_make_it_right_and_wrong_by_turns():
    heard: list[Sign] = []
    verdicts = [False]
    for number in range(200):
        heard.append(Sign(float(number), -900.0 if number % 2 else None))
        verdicts.append(is_wrong(recent(heard, float(number)), before=verdicts[-1]))
    assert verdicts == sorted(verdicts)


def test_a_detection_counts_for_a_day():
    assert recent(signs(*OFF * 2), DAY + 1) == signs(*OFF * 2)[1:]


@given(st.lists(st.sampled_from([None, -900.0, 400.0]), max_size=200), st.floats(0, 3 * DAY))
@settings(max_examples=100)
def test_old_detections_say_nothing_of_the_clock_now(heard: list[float | None], later: float):
    kept = recent(signs(*heard), len(heard) + later)
    assert len(kept) <= MEMORY
    assert all(len(heard) + later - sign.at <= DAY for sign in kept)


@given(st.lists(st.floats(-(10**6), 10**6), min_size=1, max_size=50))
@settings(max_examples=50)
def test_the_apparent_delay_is_one_that_was_seen_or_lies_between(ahead: list[float]):
    assert min(ahead) <= apparent(signs(None, *ahead, None)) <= max(ahead)
