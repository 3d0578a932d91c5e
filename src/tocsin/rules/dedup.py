"""Deduplication decides when the same fact is news again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from tocsin.core.alert import Alert, AlertType
from tocsin.core.decision import Accepted, Duplicate, Episode, LastAccepted, Reason
from tocsin.core.money import rounded
from tocsin.rules.episode import standing


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupPolicy:
    """The operator's choices: a price within `price_tolerance_percent` of the earlier one counts as the same.

    `realert`: a repeat is news again after its cooldown, or not before the episode has ended. `close_after_silence` is
    upkeep's: how long a detector may say nothing.
    """

    cooldown: timedelta = timedelta(hours=1)
    by_type: Mapping[AlertType, timedelta] = field(default_factory=dict)
    price_tolerance_percent: Decimal = Decimal(1)
    realert: Literal["cooldown", "episode"] = "cooldown"
    reopen_after_close: timedelta = timedelta(minutes=2)
    close_after_silence: timedelta | None = None

    def cooldown_of(self, kind: AlertType) -> timedelta:
        """How long a repeat of this type is no news."""
        return self.by_type.get(kind, self.cooldown)


@dataclass(frozen=True, slots=True)
class AlertDeduplicator:
    """The deduplicator compares an alert with what was last accepted in its episode: of the same SKU, retailer, variant
    and seller, by type and currency.

    One currency's amount never equals another's, and a shop that speaks of two by turns is no news each time.
    """

    policy: DedupPolicy

    def should_send(self, alert: Alert, last: Episode | None, now: datetime) -> Accepted | Duplicate:
        """Decide whether the alert is news: Accepted, without plans yet (routing adds them), or Duplicate of an earlier
        one.
        """
        if last is None:
            return Accepted(Reason.NEW)
        if last.closed_at is not None and alert.type.buyable:
            return self._back_again(alert, last, last.closed_at, now)
        told = standing(last, now)
        earlier = told.get(alert.repeat_key)
        if earlier is None:
            known = any(key.type is alert.type for key in told)
            return Accepted(Reason.PRICE_CHANGED if known else Reason.NEW)
        if not self._same_price(earlier.price, alert):
            return Accepted(Reason.PRICE_CHANGED)
        return self._repeated(alert, last, earlier, now)

    def _back_again(self, alert: Alert, last: Episode, closed_at: datetime, now: datetime) -> Accepted | Duplicate:
        """Sold out, and to be had again: the next episode, unless the shop only flickered."""
        flickered = _original(alert, last)
        if flickered is not None and _within(self.policy.reopen_after_close, closed_at, now):
            return Duplicate(Reason.FLAPPING, flickered.alert_id)
        return Accepted(Reason.REOPENED)

    def _repeated(self, alert: Alert, last: Episode, earlier: LastAccepted, now: datetime) -> Accepted | Duplicate:
        if _within(self.policy.cooldown_of(alert.type), earlier.at, now):
            return Duplicate(Reason.REPEAT, earlier.alert_id)
        if self.policy.realert == "episode" and _lasts(last):
            return Duplicate(Reason.SAME_EPISODE, earlier.alert_id)
        return Accepted(Reason.COOLDOWN_OVER)

    def _same_price(self, earlier: Decimal | None, alert: Alert) -> bool:
        """As people are shown them. Both are in the currency of the alert, or unknown."""
        price = alert.shown_price
        if earlier is None or price is None:
            return True
        before = rounded(earlier, alert.currency)
        return abs(price - before) * 100 <= self.policy.price_tolerance_percent * before


def _original(alert: Alert, last: Episode) -> LastAccepted | None:
    """What a flicker is counted on: the last of its type in the episode that has ended, else the last of any."""
    own = _newest(accepted for key, accepted in last.last.items() if key.type is alert.type)
    if own is not None and (last.opened_at is None or own.at >= last.opened_at):
        return own
    return _newest(last.last.values())


def _newest(several: Iterable[LastAccepted]) -> LastAccepted | None:
    """The last one of those of one moment."""
    return max(reversed(list(several)), key=lambda accepted: accepted.at, default=None)


def _lasts(last: Episode) -> bool:
    """Between the restock and its end; what was never in stock is no episode that could last."""
    return last.opened_at is not None and last.closed_at is None


def _within(window: timedelta, then: datetime, now: datetime) -> bool:
    """Less than `window` apart. Where the wall clock was set back, `then` lies ahead: one further ahead than the
    window is not believed, so that nothing is held back for longer than twice the window.
    """
    return abs(now - then) < window
