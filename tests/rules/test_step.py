from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import HOUR, MINUTE, NOW, SECOND, delivery

from tocsin.core.delivery import DeliveryState, Why, check_move
from tocsin.core.outcome import Deferred, Delay, Doubt, Refusal, Refused, Sent, Unknown
from tocsin.rules.step import Step, after, after_doubt, after_harmless_doubt, after_join, back_off

PENDING, SENT = DeliveryState.PENDING, DeliveryState.SENT
HALF = 0.5


def deferred(wait: timedelta, *, shuts: bool) -> Step:
    return Step(PENDING, Why.DEFERRED, wait, shuts_lane_for=wait if shuts else None)


PAUSE = timedelta(milliseconds=150)  # half of what the first attempt may wait


@pytest.mark.parametrize(
    ("outcome", "step"),
    [
        (Sent(), Step(SENT)),
        (Sent("1180", "ok"), Step(SENT)),
        *((Refused(why), Step(DeliveryState.REFUSED, Why.REFUSED)) for why in Refusal),
        (Unknown(Doubt.ANSWER_LOST), Step(DeliveryState.UNKNOWN, Why.ANSWER_LOST)),
        (Unknown(Doubt.PROVIDER_ERROR), Step(DeliveryState.UNKNOWN, Why.ANSWER_LOST)),
        (Unknown(Doubt.CRASHED), Step(DeliveryState.UNKNOWN, Why.CRASHED)),
        (Deferred(Delay.RATE_LIMITED, 3 * SECOND), deferred(3 * SECOND, shuts=True)),
        (Deferred(Delay.RATE_LIMITED, 10**6 * HOUR), deferred(HOUR, shuts=True)),
        (Deferred(Delay.RATE_LIMITED), deferred(SECOND, shuts=True)),
        (Deferred(Delay.RATE_LIMITED, -SECOND), deferred(SECOND, shuts=True)),
        (Deferred(Delay.CREDENTIALS), deferred(MINUTE, shuts=True)),
        (Deferred(Delay.CREDENTIALS, SECOND), deferred(MINUTE, shuts=True)),
        (Deferred(Delay.CREDENTIALS, 2 * MINUTE), deferred(2 * MINUTE, shuts=True)),
        (Deferred(Delay.UNREACHABLE), deferred(PAUSE, shuts=False)),
        (Deferred(Delay.PROVIDER_TROUBLE), deferred(PAUSE, shuts=False)),
        (Deferred(Delay.PROVIDER_TROUBLE, 5 * SECOND), deferred(5 * SECOND, shuts=False)),
        (Deferred(Delay.PROVIDER_TROUBLE, -5 * SECOND), deferred(PAUSE, shuts=False)),
        (Deferred(Delay.WITHHELD), Step(PENDING, Why.DEFERRED)),
    ],
    ids=str,
)
def test_every_outcome_has_its_step_and_every_step_is_a_legal_move(outcome, step):
    assert after(outcome, delivery(), HALF) == step
    check_move(DeliveryState.SENDING, step.to, step.why)
    assert not step.possibly_repeated


def test_every_delay_has_its_step():
    for why in Delay:
        assert after(Deferred(why), delivery(), HALF).to is PENDING


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 0.3), (1, 0.3), (2, 0.6), (3, 1.2), (8, 38.4), (9, 60), (10, 60), (10**9, 60)]
)
def test_a_back_off_doubles_from_300_ms_up_to_a_minute(attempts, seconds):
    assert back_off(attempts, 1.0) == timedelta(seconds=seconds)
    assert back_off(attempts, 0.0) == timedelta(0)


@given(st.integers(0, 10**6), st.floats(0, 1))
def test_jitter_spreads_over_the_whole_of_it(attempts, jitter):
    assert timedelta(0) <= back_off(attempts, jitter) <= back_off(attempts, 1.0) <= MINUTE


HELD = Step(DeliveryState.POSSIBLY_SENT, Why.HELD)
RESENT = Step(PENDING, Why.RESENT, PAUSE, possibly_repeated=True)


@pytest.mark.parametrize(
    ("asked", "priority", "step"),
    [
        (None, 8, RESENT),
        (None, 7, HELD),
        (None, 1, HELD),
        ("resend", 1, RESENT),
        ("hold", 10, HELD),
    ],
)
def test_where_nobody_can_be_asked_the_configuration_or_the_band_decides(asked, priority, step):
    assert after_doubt(delivery(priority=priority), asked, NOW, HALF) == step
    check_move(DeliveryState.UNKNOWN, step.to, step.why)


@pytest.mark.parametrize("life", [-HOUR, timedelta(0), PAUSE])
def test_what_could_not_leave_within_its_life_is_not_resent(life):
    assert after_doubt(delivery(expires_at=NOW + life), "resend", NOW, HALF) == HELD


def test_without_a_configured_answer_a_delivery_is_resent_once():
    again = delivery(priority=9, possibly_repeated=True)
    assert after_doubt(delivery(priority=9), None, NOW, HALF).to is PENDING
    assert after_doubt(again, None, NOW, HALF) == HELD
    assert after_doubt(again, "resend", NOW, HALF).to is PENDING


@pytest.mark.parametrize("priority", [10, 1])
def test_where_the_receiver_drops_repeats_every_lost_answer_is_resent_without_a_flag(priority):
    assert after_harmless_doubt(delivery(priority=priority), NOW, HALF) == Step(PENDING, Why.RESENT, PAUSE)
    late = delivery(priority=priority, expires_at=NOW + PAUSE)
    assert after_harmless_doubt(late, NOW, HALF) == HELD


def test_what_the_process_died_over_again_and_again_is_left_to_an_operator():
    crashed = {"why": Why.CRASHED, "priority": 9}
    assert after_doubt(delivery(attempts=4, **crashed), "resend", NOW, HALF).to is PENDING
    assert after_doubt(delivery(attempts=5, **crashed), "resend", NOW, HALF) == HELD
    assert after_harmless_doubt(delivery(attempts=5, **crashed), NOW, HALF) == HELD
    assert after_harmless_doubt(delivery(attempts=5, why=Why.ANSWER_LOST), NOW, HALF).to is PENDING


def by_itself(wait: timedelta | None = None) -> Step:
    return Step(PENDING, Why.DEFERRED, wait, alone=True)


GONE = (Refusal.TARGET_GONE, Refusal.TARGET_FORBIDDEN, Refusal.OPTED_OUT)
MINDED = (Refusal.INVALID_REQUEST, Refusal.TOO_LARGE, Refusal.CONTENT_BLOCKED)


@pytest.mark.parametrize(
    ("outcome", "step"),
    [
        (Sent("1180"), Step(SENT)),
        (Refused(Refusal.MESSAGE_GONE), Step(PENDING, Why.DEFERRED)),
        *((Refused(why), by_itself()) for why in MINDED),
        *((Refused(why), Step(DeliveryState.REFUSED, Why.REFUSED)) for why in GONE),
        (Deferred(Delay.RATE_LIMITED, HOUR), by_itself()),
        (Deferred(Delay.CREDENTIALS), deferred(MINUTE, shuts=True)),
        (Deferred(Delay.UNREACHABLE), deferred(PAUSE, shuts=False)),
        (Unknown(Doubt.ANSWER_LOST), Step(DeliveryState.UNKNOWN, Why.ANSWER_LOST)),
    ],
    ids=str,
)
def test_what_cannot_join_a_message_leaves_by_itself_at_once_and_shuts_no_lane(outcome, step):
    assert after_join(outcome, delivery(), HALF) == step
    check_move(DeliveryState.SENDING, step.to, step.why)


def test_a_join_that_fails_again_and_again_backs_off():
    tried = after_join(Deferred(Delay.RATE_LIMITED, HOUR), delivery(attempts=3), HALF)
    assert tried == by_itself(back_off(3, HALF))


def test_what_is_put_off_may_still_join_a_message():
    assert not Step(PENDING, Why.DEFERRED).alone
