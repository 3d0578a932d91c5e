"""The alerts of one sender count as mostly refused when more than half of the recent ones were: a detector that is
refused looks like a quiet market.

What is refused is answered to a program that may not read its answers, so operators have to hear of it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

WINDOW = timedelta(days=1)  # restocks are rare
MEMORY = 50  # alerts of one sender; older ones say nothing of how it does now
LEAST_REFUSED = 5
OFTEN = 0.5  # of the alerts remembered
LATEST = 5  # of these most have to be taken before it is over


class Sign(NamedTuple):
    """A sign is one alert, or one request, that was heard at that monotonic time (seconds), and whether it
    was refused.
    """

    at: float
    refused: bool


def recent(signs: Sequence[Sign], now: float) -> Sequence[Sign]:
    """The signs that still count, oldest first."""
    return [sign for sign in signs[-MEMORY:] if now - sign.at <= WINDOW.total_seconds()]


def is_refused(signs: Sequence[Sign], *, before: bool) -> bool:
    """Whether recent signs are mostly refused. Once they were (`before`), the latest say whether it lasts; silence
    mends nothing.
    """
    if before:
        return _share(signs[-LATEST:]) > OFTEN or not signs
    return sum(sign.refused for sign in signs) >= LEAST_REFUSED and _share(signs) > OFTEN


def _share(signs: Sequence[Sign]) -> float:
    return sum(sign.refused for sign in signs) / len(signs) if signs else 0.0
