"""When the same fact is news again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from tocsin.core.alert import Alert, AlertType
from tocsin.core.decision import Accepted, Duplicate, Episode


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupPolicy:
    cooldown: timedelta = timedelta(hours=1)
    by_type: Mapping[AlertType, timedelta] = field(default_factory=dict)
    price_tolerance_percent: Decimal = Decimal(1)
    realert: Literal["cooldown", "episode"] = "cooldown"
    reopen_after_close: timedelta = timedelta(minutes=2)
    close_after_silence: timedelta | None = None


@dataclass(frozen=True, slots=True)
class AlertDeduplicator:
    policy: DedupPolicy

    def should_send(self, alert: Alert, last: Episode | None, now: datetime) -> Accepted | Duplicate:
        """Accepted carries no plans yet: routing adds them."""
        raise NotImplementedError
