"""Where spending ends: at the cap of the day the high band alone goes on, and soon nobody does."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tocsin.core.alert import Band

ABOVE = Decimal("1.25")  # of the cap: what the high band may spend of a day


class Spending(StrEnum):
    """What may still be sent."""

    FREE = "free"
    HIGH_BAND_ONLY = "high_band_only"  # the cap is reached: operators are told
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendPolicy:
    """None is no bound. `per_day` in the currency that is spent in, for everybody together; `per_contact` counts the
    messages that one person gets in a day.
    """

    per_day: Decimal | None = None
    per_contact: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Since the day began, UTC. What is not billed yet counts as it is expected to cost."""

    money: Decimal = Decimal(0)
    to_contact: int = 0


def spending(policy: SpendPolicy, spent: Spent, cost: Decimal = Decimal(0)) -> Spending:
    """What may be sent next, where that is expected to cost so much."""
    if policy.per_day is None or spent.money + cost <= policy.per_day:
        return Spending.FREE
    if spent.money + cost <= policy.per_day * ABOVE:
        return Spending.HIGH_BAND_ONLY
    return Spending.ENDED


def may_spend(policy: SpendPolicy, spent: Spent, band: Band, cost: Decimal) -> str | None:
    """Why this one is not sent; None where it is. The person's own bound is the high band's too."""
    if policy.per_contact is not None and spent.to_contact >= policy.per_contact:
        return f"the person has had {spent.to_contact} today: per_contact"
    match spending(policy, spent, cost):
        case Spending.ENDED:
            return "the day's spending has ended: spend_cap"
        case Spending.HIGH_BAND_ONLY if band is not Band.HIGH:
            return "the cap of the day is reached, the high band alone goes on: spend_cap"
        case _:
            return None


def day_of(now: datetime) -> datetime:
    """When the day that is counted began."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
