"""The ledger keeps what was accepted, and is the queue of what is to be sent: its verbs by what it is used as, and the
values that go in and out.

There is no second queue that could disagree with it. Every write is one step of a shared transaction and returns only
after its commit; reads have connections of their own and never delay a write. Ask for the narrowest of `Queue`,
`History`, `Operations`,
`People` and `Analytics`. Moments are aware datetimes in UTC, keys are the ledger's own whole numbers,
amounts are decimals.

Example, the way of one delivery:

    appended = await ledger.queue.append(Submission(items), rulebook.decide)
    claimed = await ledger.queue.claim(ClaimRequest(lane, pack))
    ...  # its channel sends claimed.claim, and reports an outcome for each member
    await ledger.queue.settle(Settlement(attempt=claimed.claim.key, outcome="sent", moves=moves))
"""

from tocsin.ledger.contract.analytics import (
    Analytics,
    BoughtRow,
    CountedQuery,
    CountedRow,
    FigureQuery,
    FigureRow,
    UptimeRow,
)
from tocsin.ledger.contract.append import Appended, Decide, Idempotency, Item, Submission
from tocsin.ledger.contract.cluster import Cluster, Glance, Node, NodeRow, OwnerRow, View
from tocsin.ledger.contract.history import (
    MOST_WAITING,
    AlertQuery,
    AlertRow,
    AlertStory,
    AttemptRow,
    AudienceRow,
    DeliveryRow,
    DeliveryStory,
    EndedRow,
    History,
    LinkRow,
    MoveRow,
    Page,
    Past,
    PricePoint,
    ReceiptRow,
    RecipientRow,
    WaitingRow,
    WatchQuery,
    WatchRow,
    WatchState,
)
from tocsin.ledger.contract.ledger import Ledger
from tocsin.ledger.contract.mirrors import Mirrors
from tocsin.ledger.contract.operations import Operations, TargetRow, TokenRow
from tocsin.ledger.contract.people import People
from tocsin.ledger.contract.queue import (
    Claim,
    Claimed,
    ClaimRequest,
    Closed,
    DayLimit,
    DayLimits,
    Full,
    Hold,
    Joins,
    LaneRow,
    Move,
    MoveResult,
    Pack,
    Queue,
    Settlement,
    ShutLane,
    SpentRow,
    StandingMessage,
    Waiting,
)
from tocsin.ledger.contract.signals import Judge, Received

__all__ = [
    "MOST_WAITING",
    "AlertQuery",
    "AlertRow",
    "AlertStory",
    "Analytics",
    "Appended",
    "AttemptRow",
    "AudienceRow",
    "BoughtRow",
    "Claim",
    "ClaimRequest",
    "Claimed",
    "Closed",
    "Cluster",
    "CountedQuery",
    "CountedRow",
    "DayLimit",
    "DayLimits",
    "Decide",
    "DeliveryRow",
    "DeliveryStory",
    "EndedRow",
    "FigureQuery",
    "FigureRow",
    "Full",
    "Glance",
    "History",
    "Hold",
    "Idempotency",
    "Item",
    "Joins",
    "Judge",
    "LaneRow",
    "Ledger",
    "LinkRow",
    "Mirrors",
    "Move",
    "MoveResult",
    "MoveRow",
    "Node",
    "NodeRow",
    "Operations",
    "OwnerRow",
    "Pack",
    "Page",
    "Past",
    "People",
    "PricePoint",
    "Queue",
    "ReceiptRow",
    "Received",
    "RecipientRow",
    "Settlement",
    "ShutLane",
    "SpentRow",
    "StandingMessage",
    "Submission",
    "TargetRow",
    "TokenRow",
    "UptimeRow",
    "View",
    "Waiting",
    "WaitingRow",
    "WatchQuery",
    "WatchRow",
    "WatchState",
]
