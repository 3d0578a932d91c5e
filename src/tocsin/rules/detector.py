"""A detector's clock counts as wrong when what comes from its retailer claims again and again to be from another time.

A wrong clock must not silence alerts unnoticed: what is dated too far back is filtered as stale, what is dated ahead is
refused as invalid, and both are answered to a program that may not read its answers.
"""

from collections.abc import Sequence
from datetime import timedelta
from statistics import median
from typing import NamedTuple

WINDOW = timedelta(days=1)  # restocks are rare
MEMORY = 50  # detections of one retailer; older ones say nothing of its clock now
LEAST_OFF = 5
OFTEN = 0.5  # of the detections remembered
TRUE_AGAIN = 10  # in a row: two detectors of one retailer must not make it right and wrong by turns


class Sign(NamedTuple):
    """A sign is one detection, heard at that monotonic time (seconds).

    `ahead_s` is by how much its own time was off, negative where it lay behind; None where it could be true.
    """

    at: float
    ahead_s: float | None


def recent(signs: Sequence[Sign], now: float) -> Sequence[Sign]:
    """The signs that still count, oldest first."""
    return [sign for sign in signs[-MEMORY:] if now - sign.at <= WINDOW.total_seconds()]


def is_wrong(signs: Sequence[Sign], *, before: bool) -> bool:
    """Whether recent signs say that the clock is wrong. Once it was (`before`), only true ones in a row make it right:
    silence does not.
    """
    if before:
        last = signs[-TRUE_AGAIN:]
        return len(last) < TRUE_AGAIN or any(sign.ahead_s is not None for sign in last)
    off = sum(sign.ahead_s is not None for sign in signs)
    return off >= LEAST_OFF and off >= OFTEN * len(signs)


def apparent(signs: Sequence[Sign]) -> float:
    """By how many seconds the clock seems to be ahead, negative where behind: the middle one of those that are off."""
    return median([sign.ahead_s for sign in signs if sign.ahead_s is not None] or [0.0])
