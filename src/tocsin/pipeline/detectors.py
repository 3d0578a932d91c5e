"""Whose detections come from another time: told once when that is clear, and once when it is over."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from tocsin.core.clock import Clock
from tocsin.core.decision import Reason
from tocsin.core.facts import ClockRight, ClockWrong, Decided, Fact, Misdated, Tell
from tocsin.rules.detector import MEMORY, Sign, apparent, is_wrong, recent

MOST = 1000  # retailers looked at: their names come from outside


@dataclass(slots=True)
class Detector:
    """All that reports of one retailer."""

    signs: deque[Sign] = field(default_factory=lambda: deque(maxlen=MEMORY))
    wrong: bool = False


class Detectors:
    """Only what is odd begins a memory: of most retailers nothing has to be remembered."""

    def __init__(self, clock: Clock, tell: Tell) -> None:
        self._clock = clock
        self._tell = tell
        self._detectors: OrderedDict[str, Detector] = OrderedDict()

    def hear(self, fact: Fact) -> None:
        match fact:
            case Misdated(retailer, ahead_s):
                self._note(retailer, ahead_s)
            case Decided(alert, receipt, late_s) if receipt.reason is Reason.STALE:
                self._note(alert.retailer, -late_s)
            case Decided(alert) if alert.retailer in self._detectors:
                self._note(alert.retailer, None)

    def _note(self, retailer: str, ahead_s: float | None) -> None:
        detector = self._known(retailer)
        if detector is None:
            return
        now = self._clock.monotonic()
        detector.signs.append(Sign(now, ahead_s))
        signs = recent(tuple(detector.signs), now)
        before, detector.wrong = detector.wrong, is_wrong(signs, before=detector.wrong)
        if detector.wrong and not before:
            self._tell(ClockWrong(retailer=retailer, ahead_s=apparent(signs)))
        elif before and not detector.wrong:
            self._tell(ClockRight(retailer))
        if not detector.wrong and (before or all(sign.ahead_s is None for sign in signs)):
            del self._detectors[retailer]

    def _known(self, retailer: str) -> Detector | None:
        """What is remembered of it. Where there are too many, the longest unheard of that is not wrong is forgotten."""
        if retailer not in self._detectors and len(self._detectors) >= MOST:
            idle = next((name for name, other in self._detectors.items() if not other.wrong), None)
            if idle is None:
                return None
            del self._detectors[idle]
        detector = self._detectors.setdefault(retailer, Detector())
        self._detectors.move_to_end(retailer)
        return detector
