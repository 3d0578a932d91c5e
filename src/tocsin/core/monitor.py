"""A monitor is a program of the detection engine that looks at one retailer and says now and then that it lives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tocsin.core.record import rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """A monitor promised to be heard once an `interval`; `skus` are what it looks at, where it names them.

    `lost_at` is when it was found silent; None while it is heard.
    """

    id: str
    retailer: str
    skus: tuple[str, ...] = ()
    interval: timedelta
    registered_at: datetime
    heard_at: datetime
    lost_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "retailer": self.retailer,
            "skus": list(self.skus),
            "interval": self.interval.total_seconds(),
            "state": "active" if self.lost_at is None else "lost",
            "registered_at": rfc3339(self.registered_at),
            "heard_at": rfc3339(self.heard_at),
            "lost_at": self.lost_at and rfc3339(self.lost_at),
        }


def silent_since(monitors: Sequence[Monitor]) -> datetime | None:
    """Tell since when none of these was heard; None while one is, and where there is none."""
    if not monitors or any(monitor.lost_at is None for monitor in monitors):
        return None
    return max(monitor.heard_at for monitor in monitors)
