"""An append takes a submission of detections, and returns its answers with what it has planned and moved."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.core.alert import Alert
from tocsin.core.decision import Episode, Receipt, Ruling
from tocsin.core.delivery import Delivery
from tocsin.core.errors import Detail
from tocsin.core.record import Event

Decide = Callable[[Alert, Episode | None, datetime], Ruling]
"""Pure: an alert, what is known of its episode (None: nothing yet) and the time of the transaction."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """An idempotency key covers one item or a whole request: the same owner, key and digest within 24 h get the same
    answer.
    """

    owner: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Item:
    """An item is one detection of a submission, or the receipt (`invalid`) that it already has.

    `notes` say what was mended in it; they become part of its receipt.
    """

    alert: Alert | None = None
    invalid: Receipt | None = None
    idempotency: Idempotency | None = None
    notes: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission is a request, or a part of one that is too large for one transaction: `begins` counts the items
    before it.

    `idempotency` covers the whole request. Each part keeps its own answers under it, in its own transaction: whatever
    cuts a request short, the same one with the same key gets the answers that were kept, and goes on where it was.
    """

    items: tuple[Item, ...]
    idempotency: Idempotency | None = None
    begins: int = 0

    @property
    def covers(self) -> str:
        """Name what a kept answer is for: a later part by its request's digest, since another request has none
        of it.
        """
        if self.idempotency is None or not self.begins:
            return "request"
        return f"request {self.idempotency.digest} from {self.begins}"


@dataclass(frozen=True, slots=True)
class Appended:
    """An append has `answers` in the order of the items, each as `Receipt.as_json` (a repeated key gets the stored
    one).

    `receipts` are those newly decided, with their alerts; `lanes` got new pending deliveries; `moved` are older
    deliveries that a newer alert superseded, and new ones that were over before they began.
    """

    answers: tuple[Mapping[str, Any], ...]
    receipts: tuple[tuple[Alert, Receipt], ...] = ()
    events: tuple[Event, ...] = ()
    lanes: frozenset[str] = frozenset()
    moved: tuple[Delivery, ...] = ()
