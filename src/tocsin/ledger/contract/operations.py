"""The ledger as the short lists that operators keep: targets that are disabled, tokens, monitors, conditions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tocsin.core.condition import Condition, Phase, What
from tocsin.core.delivery import Target
from tocsin.core.monitor import Monitor
from tocsin.core.part import Part
from tocsin.ledger.contract.queue import MoveResult


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token as it is stored: `digest` is the hex SHA-256 of the whole secret."""

    id: str
    name: str
    digest: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """A target that is disabled: since when, by which word, and what the provider or the operator said."""

    target: Target
    disabled_at: datetime
    why: str
    detail: str


class Operations(Protocol):
    """The short lists that operators keep. Every write raises LedgerUnavailableError when it cannot be committed in
    time, having changed nothing.
    """

    async def disable(self, target: Target, why: str, detail: str) -> MoveResult:
        """Disable the target: what is pending for it is refused (no_target) and goes to its fallback.

        `why` is a stable word, `detail` what the provider or the operator said.
        """
        ...

    async def enable(self, target: Target) -> bool:
        """Wake a target that is disabled; False where it is not. What was refused meanwhile stays so."""
        ...

    async def versions(self) -> Mapping[Part, int]:
        """Which version each part of the ledger has now that nodes keep a copy of: whoever reads that part after this
        has at least that one.
        """
        ...

    async def disabled(self) -> tuple[TargetRow, ...]:
        """List the targets that are disabled, with why."""
        ...

    async def add_token(self, token: TokenRow) -> None:
        """Keep a token by the digest of its secret. Its id must be new."""
        ...

    async def keep_token(self, token: TokenRow) -> None:
        """Keep a token, or until when the one with its id is good; one that was revoked stays so."""
        ...

    async def revoke_token(self, identifier: str) -> bool:
        """End the token with that id; False where there is none, or it has ended before."""
        ...

    async def touch_tokens(self, used: Mapping[str, datetime]) -> None:
        """Keep when these tokens (by id) were last used."""
        ...

    async def tokens(self) -> tuple[TokenRow, ...]:
        """List the tokens that were made, revoked ones too; never their secrets."""
        ...

    async def keep_monitor(self, monitor: Monitor) -> None:
        """Keep the monitor, in place of what was known of the one with its id."""
        ...

    async def forget_monitor(self, identifier: str) -> bool:
        """Forget the monitor with that id; False where there is none."""
        ...

    async def monitors(self) -> tuple[Monitor, ...]:
        """List the monitors that are known, with when each was last heard."""
        ...

    async def keep_condition(self, condition: Condition) -> None:
        """Keep the condition, in place of what was known of it (the same `what` and `about`). What others have kept of
        whom they told stays.
        """
        ...

    async def tell_condition(self, what: What, about: str, told: Mapping[Target, Phase]) -> None:
        """Keep what these targets were told of a condition, if it is still there."""
        ...

    async def forget_condition(self, what: What, about: str) -> None:
        """Forget a condition that is over, once whoever was to be told of that was."""
        ...

    async def conditions(self) -> tuple[Condition, ...]:
        """List the conditions that last, and those of whose end somebody is still to be told, in the order in which
        they began.
        """
        ...
