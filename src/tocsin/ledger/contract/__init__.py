"""What the ledger can do: the values that go in and out, and the verbs.

The ledger is the queue: there is no second one that could disagree with it. Every write verb is one step of a
shared transaction and returns only after its commit; a read never delays a write.
"""

from tocsin.ledger.contract.append import Appended, Decide, Idempotency, Item, Submission
from tocsin.ledger.contract.history import (
    MOST_WAITING,
    AlertQuery,
    AlertRow,
    AlertStory,
    AttemptRow,
    DeliveryRow,
    DeliveryStory,
    EndedRow,
    LinkRow,
    MoveRow,
    Page,
    Past,
    ReceiptRow,
    TargetRow,
    TokenRow,
    WaitingRow,
)
from tocsin.ledger.contract.people import People
from tocsin.ledger.contract.queue import (
    Claim,
    Claimed,
    ClaimRequest,
    Closed,
    Joins,
    LaneRow,
    Move,
    MoveResult,
    Pack,
    Settlement,
    ShutLane,
    StandingMessage,
    Waiting,
)
from tocsin.ledger.contract.reads import Archive
from tocsin.ledger.contract.signals import Judge, Received
from tocsin.ledger.contract.verbs import Ledger

__all__ = [
    "MOST_WAITING",
    "AlertQuery",
    "AlertRow",
    "AlertStory",
    "Appended",
    "Archive",
    "AttemptRow",
    "Claim",
    "ClaimRequest",
    "Claimed",
    "Closed",
    "Decide",
    "DeliveryRow",
    "DeliveryStory",
    "EndedRow",
    "Idempotency",
    "Item",
    "Joins",
    "Judge",
    "LaneRow",
    "Ledger",
    "LinkRow",
    "Move",
    "MoveResult",
    "MoveRow",
    "Pack",
    "Page",
    "Past",
    "People",
    "ReceiptRow",
    "Received",
    "Settlement",
    "ShutLane",
    "StandingMessage",
    "Submission",
    "TargetRow",
    "TokenRow",
    "Waiting",
    "WaitingRow",
]
