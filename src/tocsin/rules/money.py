"""What telling people brought is set against what it cost, each currency for itself unless the file says what one is
worth in another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tocsin.core.money import rounded
from tocsin.core.signal import Cost

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyPolicy:
    """`worth` is what a unit of another currency is worth in `currency`; `unit` what a unit (a segment of a text) of a
    channel costs as long as its provider has not said so, `monthly` what a channel costs a month.
    """

    currency: str = "USD"
    worth: Mapping[str, Decimal] = field(default_factory=dict)
    unit: Mapping[str, Cost] = field(default_factory=dict)
    monthly: Mapping[str, Cost] = field(default_factory=dict)

    def own(self, cost: Cost) -> Cost:
        """In our own currency, where what it is worth is known."""
        worth = Decimal(1) if cost.currency == self.currency else self.worth.get(cost.currency)
        return cost if worth is None else Cost(cost.amount * worth, self.currency)

    def expected(self, units: Mapping[str, int]) -> Iterable[Cost]:
        """What so many units of each channel cost by the price list."""
        for channel, many in units.items():
            unit = self.unit.get(channel)
            if unit is not None and unit.amount:
                yield Cost(unit.amount * many, unit.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Sums in one currency. `commission` and `amount` are of confirmed purchases."""

    amount: Decimal = NOTHING
    commission: Decimal = NOTHING
    pending_amount: Decimal = NOTHING
    pending_commission: Decimal = NOTHING
    cost: Decimal = NOTHING

    @property
    def profit(self) -> Decimal:
        return self.commission - self.cost

    def as_json(self, currency: str) -> dict[str, Any]:
        """Amounts as people are shown them; `roi` is profit over cost, None where it cost nothing."""
        names = ("amount", "commission", "pending_amount", "pending_commission", "cost", "profit")
        return {
            "currency": currency,
            **{name: str(rounded(getattr(self, name), currency)) for name in names},
            "roi": round(float(self.profit / self.cost), 4) if self.cost else None,
        }


class Balance:
    """Sums by currency, while they are being added up."""

    def __init__(self, policy: MoneyPolicy) -> None:
        self._policy = policy
        self._sums: dict[str, Sums] = {}

    def add(self, what: str, cost: Cost) -> None:
        """Add an amount to one of the sums, by its name."""
        if not cost.amount:
            return
        own = self._policy.own(cost)
        before = self._sums.get(own.currency, Sums())
        self._sums[own.currency] = replace(before, **{what: getattr(before, what) + own.amount})

    def own(self) -> dict[str, Any]:
        """In our own currency."""
        return self._sums.get(self._policy.currency, Sums()).as_json(self._policy.currency)

    def others(self) -> list[dict[str, Any]]:
        """In those of which nobody has said what they are worth."""
        return [
            sums.as_json(currency) for currency, sums in sorted(self._sums.items()) if currency != self._policy.currency
        ]
