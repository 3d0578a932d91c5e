"""Notices detectors whose clock is wrong: told once when that is clear, and once when it is over."""

from tocsin.core.clock import Clock
from tocsin.core.decision import Reason
from tocsin.core.facts import ClockRight, ClockWrong, Decided, Emit, Fact, Misdated
from tocsin.pipeline.watch.suspects import Suspects
from tocsin.rules.detector import MEMORY, Sign, apparent, is_wrong, recent


class Detectors:
    """Only what is odd begins a memory: of most retailers nothing has to be remembered."""

    def __init__(self, clock: Clock, emit: Emit) -> None:
        self._clock = clock
        self._emit = emit
        self._retailers: Suspects[Sign] = Suspects(MEMORY)

    def hear(self, fact: Fact) -> None:
        match fact:
            case Misdated(retailer, ahead_s):
                self._note(retailer, ahead_s)
            case Decided(alert, receipt, late_s) if receipt.reason is Reason.STALE:
                self._note(alert.retailer, -late_s)
            case Decided(alert) if alert.retailer in self._retailers:
                self._note(alert.retailer, None)

    def _note(self, retailer: str, ahead_s: float | None) -> None:
        detector = self._retailers.find(retailer)
        if detector is None:
            return
        now = self._clock.monotonic()
        detector.signs.append(Sign(now, ahead_s))
        signs = recent(tuple(detector.signs), now)
        before, detector.guilty = detector.guilty, is_wrong(signs, before=detector.guilty)
        if detector.guilty and not before:
            self._emit(ClockWrong(retailer=retailer, ahead_s=apparent(signs)))
        elif before and not detector.guilty:
            self._emit(ClockRight(retailer))
        if not detector.guilty and (before or all(sign.ahead_s is None for sign in signs)):
            self._retailers.forget(retailer)
