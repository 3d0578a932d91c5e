"""Where spending ends: at the cap of the day the high band alone goes on, and soon nobody does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from tocsin.core.alert import Band
from tocsin.core.signal import Cost

FREE_OF_CHARGE = Cost(Decimal(0), "USD")
ABOVE = Decimal("1.25")  # of the cap: what the high band may spend of a day


class Spending(StrEnum):
    """What may still be sent."""

    FREE = "free"
    HIGH_BAND_ONLY = "high_band_only"  # the cap is reached: operators are told
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendPolicy:
    """None is no bound. `per_day` in `currency`, for everybody together; `per_contact` counts the messages that one
    person gets in a day.

    `unit` is what one unit (a segment of a text) is expected to cost until its provider says so; `worth` what a unit
    of each currency is worth, all in the same one.
    """

    per_day: Decimal | None = None
    per_contact: int | None = None
    currency: str = "USD"
    unit: Cost = FREE_OF_CHARGE
    worth: Mapping[str, Decimal] = field(default_factory=dict)

    def money(self, cost: Cost) -> Decimal:
        """In the currency of the cap. Where nobody knows what one is worth in the other, they count alike."""
        if not self.knows(cost.currency):
            return cost.amount
        return cost.amount * self.worth.get(cost.currency, Decimal(1)) / self.worth.get(self.currency, Decimal(1))

    def knows(self, currency: str) -> bool:
        """What an amount in it is worth in the currency of the cap."""
        return currency == self.currency or all(self.worth.get(name) for name in (currency, self.currency))

    def expected(self, units: int) -> Decimal:
        return self.money(self.unit) * units


def spending(policy: SpendPolicy, spent: Decimal, cost: Decimal = Decimal(0)) -> Spending:
    """What may be sent next, where that is expected to cost so much. `spent`: since the day began; what is not billed
    yet counts as it is expected to cost.
    """
    if policy.per_day is None or spent + cost <= policy.per_day:
        return Spending.FREE
    if spent + cost <= policy.per_day * ABOVE:
        return Spending.HIGH_BAND_ONLY
    return Spending.ENDED


def is_sated(policy: SpendPolicy, messages: int) -> bool:
    """Whether somebody who has had so many today has had as many as one person gets, of whatever band."""
    return policy.per_contact is not None and messages >= policy.per_contact


def lowest(policy: SpendPolicy, spent: Decimal, cost: Decimal = Decimal(0)) -> Band | None:
    """The lowest band of which something may be sent next; None where nothing may."""
    return _LOWEST[spending(policy, spent, cost)]


_LOWEST: Mapping[Spending, Band | None] = MappingProxyType(
    {Spending.FREE: Band.LOW, Spending.HIGH_BAND_ONLY: Band.HIGH, Spending.ENDED: None}
)


def day_of(now: datetime) -> datetime:
    """When the day that is counted began."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
