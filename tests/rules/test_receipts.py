"""What a provider's later word makes of a delivery."""

from itertools import product

import pytest

from tocsin.core.delivery import DeliveryState, Why, check_move
from tocsin.core.signal import SignalKind
from tocsin.rules.receipts import moves_after

S, K = DeliveryState, SignalKind
STANDINGS = [(state, why) for state in S for why in (None, Why.RESENT, Why.NOT_FOUND, Why.DEFERRED, Why.HELD)]


@pytest.mark.parametrize(
    ("state", "why", "kind", "ends"),
    [
        (S.SENT, None, K.DELIVERED, [S.DELIVERED]),
        (S.SENT, None, K.FAILED, [S.REFUSED]),
        (S.SENT, None, K.ACCEPTED, []),
        (S.UNKNOWN, Why.ANSWER_LOST, K.ACCEPTED, [S.SENT]),
        (S.UNKNOWN, Why.CRASHED, K.DELIVERED, [S.DELIVERED]),
        (S.UNKNOWN, Why.CRASHED, K.FAILED, [S.SENT, S.REFUSED]),
        (S.POSSIBLY_SENT, Why.HELD, K.DELIVERED, [S.DELIVERED]),
        (S.PENDING, Why.RESENT, K.ACCEPTED, [S.SENT]),
        (S.PENDING, Why.NOT_FOUND, K.DELIVERED, [S.DELIVERED]),
        (S.PENDING, Why.RESENT, K.FAILED, []),
        (S.PENDING, Why.DEFERRED, K.DELIVERED, []),
        (S.PENDING, None, K.DELIVERED, []),
        (S.DELIVERED, None, K.FAILED, []),
        (S.DELIVERED, None, K.ACCEPTED, []),
        (S.REFUSED, Why.REFUSED, K.DELIVERED, []),
        (S.EXPIRED, Why.PAST_LIFE, K.DELIVERED, []),
        (S.SENT, None, K.PRICED, []),
    ],
)
def test_the_table(state, why, kind, ends):
    moves = moves_after(state, why, kind)
    assert moves is not None
    assert [to for to, _ in moves] == ends


@pytest.mark.parametrize(("standing", "kind"), list(product(STANDINGS, K)))
def test_every_move_is_a_legal_one(standing, kind):
    state, _ = standing
    for to, why in moves_after(*standing, kind) or ():
        check_move(state, to, why)
        state = to


@pytest.mark.parametrize("kind", K)
def test_what_is_heard_before_our_own_answer_is_written_waits(kind):
    assert moves_after(S.SENDING, None, kind) is None
