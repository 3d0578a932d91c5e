"""The legal moves of a delivery, every pair and every reason, against the table as people read it."""

from itertools import product

import pytest

from tocsin.core.delivery import FINAL, MOVES, Delivery, DeliveryState, Target, Why, check_move
from tocsin.core.errors import IllegalMoveError

LEGAL = {
    "pending → sending": {""},
    "pending → expired": {"past_life"},
    "pending → refused": {"poison", "no_target"},
    "pending → cancelled": {
        "closed",
        "superseded",
        "acknowledged",
        "consent",
        "spend_cap",
        "per_day",
        "quiet",
        "shadow",
        "failed_over",
    },
    "sending → sent": {""},
    "sending → pending": {"deferred"},
    "sending → refused": {"refused"},
    "sending → unknown": {"answer_lost", "crashed"},
    "pending → sent": {"found"},
    "pending → delivered": {"found"},
    "possibly_sent → sent": {"found"},
    "possibly_sent → delivered": {"found"},
    "unknown → sent": {"found"},
    "unknown → delivered": {"found"},
    "unknown → pending": {"resent", "not_found"},
    "unknown → possibly_sent": {"held"},
    "sent → delivered": {""},
    "sent → refused": {"refused"},
    "refused → pending": {"retried"},
    "expired → pending": {"retried"},
    "cancelled → pending": {"retried"},
    "possibly_sent → pending": {"retried"},
}

PAIRS = list(product(DeliveryState, repeat=2))


def is_legal(origin: DeliveryState, to: DeliveryState, why: Why | None) -> bool:
    try:
        check_move(origin, to, why)
    except IllegalMoveError:
        return False
    return True


@pytest.mark.parametrize(("origin", "to"), PAIRS, ids=lambda state: state.value)
def test_a_delivery_makes_no_move_but_those_of_the_table(origin, to):
    reasons = {why.value if why else "" for why in (None, *Why) if is_legal(origin, to, why)}
    assert reasons == LEGAL.get(f"{origin.value} → {to.value}", set())


def test_an_illegal_move_says_which():
    with pytest.raises(IllegalMoveError, match="from sent to pending because of retried"):
        check_move(DeliveryState.SENT, DeliveryState.PENDING, Why.RETRIED)


def test_every_state_has_its_row():
    assert set(MOVES) == set(DeliveryState)


def test_what_is_final_is_left_only_by_an_operator_or_found_late():
    for state in FINAL:
        late = {Why.FOUND} if state is DeliveryState.POSSIBLY_SENT else set()
        assert set().union(*MOVES[state].values()) <= {Why.RETRIED} | late


def test_every_state_that_is_not_final_leads_to_one_that_is():
    for state in set(DeliveryState) - FINAL:
        reached, frontier = {state}, [state]
        while frontier:
            fresh = set(MOVES[frontier.pop()]) - reached
            reached |= fresh
            frontier += fresh
        assert reached & FINAL


@pytest.mark.parametrize("text", ["discord:general", "webhook:a:b", "sms:+49 1"])
def test_a_target_is_written_as_it_is_read(text):
    assert str(Target.parse(text)) == text


@pytest.mark.parametrize("text", ["", "discord", ":general", "discord:", ":"])
def test_what_is_no_target_says_so(text):
    with pytest.raises(ValueError, match="channel:name"):
        Target.parse(text)


def test_a_delivery_is_named_by_its_key_and_ranked_by_its_priority(made_at):
    delivery = Delivery(
        key=42,
        alert_id=None,
        target=Target("discord", "general"),
        lane="discord:general",
        priority=8,
        state=DeliveryState.PENDING,
        why=None,
        fence=0,
        attempts=0,
        planned_at=made_at,
        due=made_at,
        expires_at=made_at,
        moved_at=made_at,
    )
    assert delivery.id.int & (1 << 62) - 1 == 42
    assert delivery.band == "high"
