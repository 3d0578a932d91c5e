"""Who may do what: tokens of the configuration file and of the ledger, checked in memory."""

from dataclasses import dataclass
from datetime import datetime

SCOPES = ("ingest", "read", "contacts", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a known token allows. `owner` is whom idempotency keys belong to: the token's name. `admin` implies all."""

    token_id: str
    owner: str
    scopes: frozenset[str]
    expires_at: datetime | None = None

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes
