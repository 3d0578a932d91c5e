"""Signals come from providers later: how they are judged, and what became of them."""

from collections.abc import Callable
from dataclasses import dataclass

from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.signal import SignalKind

Judge = Callable[[DeliveryState, Why | None, SignalKind], tuple[tuple[DeliveryState, Why | None], ...] | None]
"""The moves that follow from a signal about a delivery in that state; None where it is heard too early."""


@dataclass(frozen=True, slots=True)
class Received:
    """What came of signals. `moved` are deliveries that moved, as they stand; `lanes` to wake, where one went to its
    fallback.

    `parked` signals wait for a delivery that nobody knows yet, or whose own answer is not written; `known` were heard
    before.
    """

    moved: tuple[Delivery, ...] = ()
    lanes: frozenset[str] = frozenset()
    parked: int = 0
    known: int = 0
