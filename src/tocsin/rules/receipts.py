"""A provider's later word moves a delivery: what is terminal wins, and nothing moves backwards."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.signal import SignalKind

Moves = tuple[tuple[DeliveryState, Why | None], ...]
"""One after the other."""

_S, _K = DeliveryState, SignalKind
_FOUND_SENT, _FOUND_DELIVERED = (_S.SENT, Why.FOUND), (_S.DELIVERED, Why.FOUND)
_FAILED = (_S.REFUSED, Why.REFUSED)

# What is not here changes nothing.
_MOVES: Mapping[tuple[DeliveryState, SignalKind], Moves] = MappingProxyType(
    {
        (_S.SENT, _K.DELIVERED): ((_S.DELIVERED, None),),
        (_S.SENT, _K.OPENED): ((_S.DELIVERED, None),),
        (_S.SENT, _K.FAILED): (_FAILED,),
        (_S.UNKNOWN, _K.ACCEPTED): (_FOUND_SENT,),
        (_S.UNKNOWN, _K.DELIVERED): (_FOUND_DELIVERED,),
        (_S.UNKNOWN, _K.OPENED): (_FOUND_DELIVERED,),
        (_S.UNKNOWN, _K.FAILED): (_FOUND_SENT, _FAILED),
        (_S.POSSIBLY_SENT, _K.ACCEPTED): (_FOUND_SENT,),
        (_S.POSSIBLY_SENT, _K.DELIVERED): (_FOUND_DELIVERED,),
        (_S.POSSIBLY_SENT, _K.OPENED): (_FOUND_DELIVERED,),
        (_S.POSSIBLY_SENT, _K.FAILED): (_FOUND_SENT, _FAILED),
        (_S.PENDING, _K.ACCEPTED): (_FOUND_SENT,),
        (_S.PENDING, _K.DELIVERED): (_FOUND_DELIVERED,),
        (_S.PENDING, _K.OPENED): (_FOUND_DELIVERED,),
    }
)
_RESENDS = frozenset({Why.RESENT, Why.NOT_FOUND})


def moves_after(state: DeliveryState, why: Why | None, kind: SignalKind) -> Moves | None:
    """The moves that follow from a signal about a delivery in this state; None while the answer to our own request is
    not written yet.

    What waits is found only where its resend is what it waits for: that is off then. One that failed leaves the resend
    alone.
    """
    if state is DeliveryState.SENDING:
        return None
    if state is DeliveryState.PENDING and why not in _RESENDS:
        return ()
    return _MOVES.get((state, kind), ())
