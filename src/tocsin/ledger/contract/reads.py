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
    """The reads, on connections of their own."""

    async def alerts(self, query: AlertQuery) -> Page[AlertRow]: ...

    async def alert(self, identifier: UUID) -> AlertRecord | None: ...

    async def story(self, identifier: UUID) -> AlertStory | None: ...

    async def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        channel: str | None = None,
        limit: int = 50,
        page: str | None = None,
    ) -> Page[Delivery]: ...

    async def delivery(self, identifier: UUID) -> Delivery | None: ...

    async def by_link(self, key: int) -> LinkRow | None:
        """The delivery with that key, which a short link stands for; None where it is not kept."""
        ...

    async def events(self, after: int, limit: int) -> tuple[Event, ...]:
        """Events after that position, in position order, without gaps."""
        ...

    async def span(self) -> tuple[int, int]:
        """The oldest position that is still kept and the newest; (0, 0) where there is none."""
        ...

    async def lanes(self) -> tuple[LaneRow, ...]:
        """Lanes with anything pending, sending or unknown."""
        ...

    async def shut_lanes(self) -> tuple[ShutLane, ...]: ...

    async def unknown(self, lanes: frozenset[str], limit: int = 100) -> tuple[Claim, ...]:
        """Attempts whose members are `unknown`, oldest first, as they were claimed."""
        ...

    async def edits(self, targets: frozenset[Target], limit: int = 50) -> tuple[StandingMessage, ...]:
        """Messages at these targets that are to be edited, the longest standing first."""
        ...

    async def receipt(self, delivery: int) -> ReceiptRow | None:
        """What its provider counts and takes for the delivery with that key; None where it has said nothing."""
        ...

    async def recent_attempts(self, since: datetime) -> tuple[AttemptRow, ...]:
        """For gates and mention budgets after a restart, oldest first."""
        ...

    async def ended_since(self, since: datetime, within: timedelta) -> tuple[EndedRow, ...]:
        """What became of the deliveries of alerts accepted since then, by the minute of their end: `missed` were not
        told `within` that time. Those that nobody waited for do not count, and 100,000 are enough.
        """
        ...

    async def waiting(self) -> tuple[WaitingRow, ...]:
        """Who waits for a delivery: pending, sending or in doubt; MOST_WAITING of each state at most, those first whose
        life ends first.
        """
        ...

    async def happened_since(self, since: datetime) -> Past:
        """Alerts accepted and deliveries sent since then, for the figures after a restart: a minute, not a day."""
        ...

    async def disabled(self) -> tuple[TargetRow, ...]: ...

    async def tokens(self) -> tuple[TokenRow, ...]: ...

    async def monitors(self) -> tuple[Monitor, ...]: ...

    async def conditions(self) -> tuple[Condition, ...]:
        """Those that last, and those of whose end somebody is still to be told, in the order they began."""
        ...
