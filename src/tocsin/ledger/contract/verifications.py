"""Codes and links that were asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.core.record import rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRow:
    """A code or a link that was asked for. `way`: sms, call or mail. `ended_at` and `result` are none while it is open;
    `consent` is what will be entered with the right answer.
    """

    id: UUID
    address: UUID
    way: str
    reference: str | None
    started_at: datetime
    sent_at: datetime
    expires_at: datetime
    sends: int
    checks: int
    ended_at: datetime | None
    result: str | None
    consent: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "address": str(self.address),
            "by": self.way,
            "started_at": rfc3339(self.started_at),
            "sent_at": rfc3339(self.sent_at),
            "expires_at": rfc3339(self.expires_at),
            "sends": self.sends,
            "checks": self.checks,
            "ended_at": self.ended_at and rfc3339(self.ended_at),
            "result": self.result,
        }
