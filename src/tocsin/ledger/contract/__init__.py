"""The ledger keeps what was accepted, and is the queue of what is to be sent: its verbs, and the values that go in and
out.

There is no second queue that could disagree with it. Every write verb (`Ledger`) is one step of a shared transaction
and returns only after its commit; reads (`Archive`) have connections of their own and never delay a write. Moments are
aware datetimes in UTC, keys are the ledger's own whole numbers, amounts are decimals.

Example, the way of one delivery:

    appended = await ledger.append(Submission(items), rulebook.decide)
    claimed = await ledger.claim(ClaimRequest(lane, pack))
    ...  # its channel sends claimed.claim, and reports an outcome for each member
    await ledger.settle(Settlement(attempt=claimed.claim.key, outcome="sent", moves=moves))
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
