"""Counts what happened since the start, for the operators' page. Tests are no figures."""

from collections import Counter
from typing import Any

from tocsin.core.decision import Decision
from tocsin.core.facts import AlertInvalid, Attempted, Committed, Decided, DeliveryMoved, Fact, Turned


class Counters:
    def __init__(self) -> None:
        self._decisions: Counter[str] = Counter()
        self._deliveries: Counter[str] = Counter()
        self._attempts: Counter[str] = Counter()
        self._turned: Counter[str] = Counter()
        self._commits = 0

    def count(self, fact: Fact) -> None:
        match fact:
            case Decided(receipt=receipt):
                self._decisions[receipt.decision.value] += 1
            case AlertInvalid():
                self._decisions[Decision.INVALID.value] += 1
            case DeliveryMoved(to=to, delivery=delivery) if not delivery.is_test:
                self._deliveries[to.value] += delivery.size
            case Attempted(outcome=outcome, is_test=False):
                self._attempts[outcome] += 1
            case Turned(code=code):
                self._turned[code] += 1
            case Committed():
                self._commits += 1

    def as_json(self) -> dict[str, Any]:
        return {
            "decisions": dict(self._decisions),
            "deliveries": dict(self._deliveries),
            "attempts": dict(self._attempts),
            "turned": dict(self._turned),
            "commits": self._commits,
        }
