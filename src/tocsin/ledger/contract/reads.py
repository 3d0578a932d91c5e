"""The reads, on connections of their own: none delays a write."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from tocsin.core.condition import Condition
from tocsin.core.delivery import Delivery, DeliveryState, Target
from tocsin.core.monitor import Monitor
from tocsin.core.record import AlertRecord, Event
from tocsin.ledger.contract.history import (
    AlertQuery,
    AlertRow,
    AlertStory,
    AttemptRow,
    EndedRow,
    LinkRow,
    Page,
    Past,
    ReceiptRow,
    TargetRow,
    TokenRow,
    WaitingRow,
)
from tocsin.ledger.contract.queue import Claim, LaneRow, ShutLane, StandingMessage


class Archive(Protocol):
    """The archive reads what the ledger keeps, on connections of its own: none delays a write.

    Each read sees what was committed before it began. Raises a LedgerError where the database cannot be read.
    Lists are pages: pass `next` on as `page` until it is None.
    """

    async def alerts(self, query: AlertQuery) -> Page[AlertRow]:
        """Find alerts, the newest first. Raises InvalidRequestError for a `page` or `limit` that is none, NotFoundError
        where `before` is no alert that is kept.
        """
        ...

    async def alert(self, identifier: UUID) -> AlertRecord | None:
        """Find the alert with that id; None where it is not kept, or never was."""
        ...

    async def story(self, identifier: UUID) -> AlertStory | None:
        """Tell everything about the alert with that id, for its timeline; None where it is not kept, or never was."""
        ...

    async def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        channel: str | None = None,
        limit: int = 50,
        page: str | None = None,
    ) -> Page[Delivery]:
        """List deliveries, the newest first, of a `state` and of a `channel` (`discord`) where they are given. Raises
        InvalidRequestError for a `page` or `limit` that is none.
        """
        ...

    async def delivery(self, identifier: UUID) -> Delivery | None:
        """Find the delivery with that id; None where it is not kept, or never was."""
        ...

    async def by_link(self, key: int) -> LinkRow | None:
        """Find the delivery with that key, which a short link stands for; None where it is not kept."""
        ...

    async def events(self, after: int, limit: int) -> tuple[Event, ...]:
        """Read at most `limit` events after that position, in the order of their positions, without gaps."""
        ...

    async def span(self) -> tuple[int, int]:
        """Tell the oldest position that is still kept and the newest; (0, 0) where there is none."""
        ...

    async def lanes(self) -> tuple[LaneRow, ...]:
        """List the lanes that hold anything pending, sending or unknown."""
        ...

    async def shut_lanes(self) -> tuple[ShutLane, ...]:
        """List the lanes that are shut, as `keep_lane` left them."""
        ...

    async def unknown(self, lanes: frozenset[str], limit: int = 100) -> tuple[Claim, ...]:
        """List at most `limit` attempts of these lanes whose members are `unknown`, the oldest first, as they were
        claimed.
        """
        ...

    async def edits(self, targets: frozenset[Target], limit: int = 50) -> tuple[StandingMessage, ...]:
        """List at most `limit` messages at these targets that are to be edited, the longest standing first."""
        ...

    async def receipt(self, delivery: int) -> ReceiptRow | None:
        """Tell what its provider counts and takes for the delivery with that key; None where it has said nothing."""
        ...

    async def recent_attempts(self, since: datetime) -> tuple[AttemptRow, ...]:
        """List the attempts begun since then, the oldest first: gates and mention budgets are rebuilt from them after a
        restart.
        """
        ...

    async def ended_since(self, since: datetime, within: timedelta) -> tuple[EndedRow, ...]:
        """Count what became of the deliveries of alerts accepted since then, by channel and the minute of their end.

        `missed` were not told `within` that time. Those that nobody waited for do not count, and 100,000 are enough.
        """
        ...

    async def waiting(self) -> tuple[WaitingRow, ...]:
        """Count who waits for a delivery: pending, sending or in doubt; MOST_WAITING of each state at most, those first
        whose life ends first.
        """
        ...

    async def happened_since(self, since: datetime) -> Past:
        """Count alerts accepted and deliveries sent since then, by the second, for the figures after a restart: ask for
        a minute, not a day.
        """
        ...

    async def disabled(self) -> tuple[TargetRow, ...]:
        """List the targets that rest, with why."""
        ...

    async def tokens(self) -> tuple[TokenRow, ...]:
        """List the tokens that were made, revoked ones too; never their secrets."""
        ...

    async def monitors(self) -> tuple[Monitor, ...]:
        """List the monitors that are known, with when each was last heard."""
        ...

    async def conditions(self) -> tuple[Condition, ...]:
        """List the conditions that last, and those of whose end somebody is still to be told, in the order in which
        they began.
        """
        ...
