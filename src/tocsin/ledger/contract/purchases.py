"""The ledger as the book of what telling people brought: purchases and answers, which only grow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from tocsin.core.alert import Alert
from tocsin.core.answer import Answer
from tocsin.core.attribution import Credit, CreditReason, Span, Told, Trail
from tocsin.core.delivery import Delivery, Target
from tocsin.core.purchase import PurchaseState
from tocsin.core.record import money, rfc3339
from tocsin.core.signal import Cost
from tocsin.ledger.contract.history import Page

Attribute = Callable[[Span, Trail], Credit]
"""The rule that says to what a purchase is credited."""


AnswerRule = Callable[[Told], Credit]
"""The rule that says to what a purchase is credited that a person tells of."""


class EntryResult(StrEnum):
    """What became of what was told of a purchase."""

    CREATED = "created"  # it is new, and credited
    UNATTRIBUTED = "unattributed"  # it is new, and credited to nobody
    UNCHANGED = "unchanged"  # it is known so already
    CORRECTED = "corrected"  # something of it is another now
    REVERSED = "reversed"  # it was taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What a purchase says of what brought it; the first that is there counts. `click` is the number of the delivery
    whose link was followed. `contact` is an id, or the caller's own. `channel` with `retailer` and `sku` of the draft
    is a network's tracking id.
    """

    click: int | None = None
    alert: UUID | None = None
    contact: UUID | str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseDraft:
    """What is told of a purchase. `bought` counts when it is told first. What is None is not said: of a known one it
    stays.

    With an `entry` it is no purchase but a correction that is added to one, by that name once: `quantity`, `amount` and
    `commission` are what is added. It is of the purchase `external_id`, or with `like` of the newest before it whose
    name begins so, and which still stands.
    """

    source: str
    external_id: str
    bought: Span
    state: PurchaseState | None = None
    quantity: int | None = None
    amount: Decimal | None = None
    commission: Decimal | None = None
    currency: str | None = None
    sku: str | None = None
    retailer: str | None = None
    keys: Keys = field(default_factory=Keys)
    entry: str | None = None
    like: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRow:
    """What was known of a purchase from then on, on whose word."""

    entered_at: datetime
    state: PurchaseState
    quantity: int
    amount: Decimal | None
    commission: Decimal | None
    author: str

    def as_json(self) -> dict[str, Any]:
        return {
            "entered_at": rfc3339(self.entered_at),
            "state": self.state.value,
            "quantity": self.quantity,
            "amount": _money(self.amount),
            "commission": _money(self.commission),
            "by": self.author,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRow:
    """A purchase as it stands: its newest revision, and all of them, the oldest first. `alert_id` and `delivery_id` are
    None also where they are not kept any more.
    """

    id: UUID
    source: str
    external_id: str
    at: datetime
    currency: str | None
    sku: str | None
    retailer: str | None
    reason: CreditReason
    target: Target | None
    alert_id: UUID | None
    delivery_id: UUID | None
    clicked_at: datetime | None
    revisions: tuple[RevisionRow, ...]

    @property
    def now(self) -> RevisionRow:
        return self.revisions[-1]

    def as_json(self) -> dict[str, Any]:
        """The purchase as every door shows it: no word of whom it was told."""
        told = self.now.as_json()
        return {
            "id": str(self.id),
            "source": self.source,
            "external_id": self.external_id,
            "at": rfc3339(self.at),
            **{key: told[key] for key in ("state", "quantity", "amount", "commission")},
            "currency": self.currency,
            "sku": self.sku,
            "retailer": self.retailer,
            "credit": {
                "reason": self.reason.value,
                "target": None if self.target is None else str(self.target),
                "alert_id": self.alert_id and str(self.alert_id),
                "delivery_id": self.delivery_id and str(self.delivery_id),
                "clicked_at": self.clicked_at and rfc3339(self.clicked_at),
            },
            "revisions": [revision.as_json() for revision in self.revisions],
        }


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of one draft: `error` in place of the purchase, as every door answers it."""

    result: EntryResult | None
    purchase: PurchaseRow | None = None
    error: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDraft:
    """What somebody says of the alert of a delivery, by the delivery's number.

    `mutes` says what becomes of all that the person has muted, as the preferences have it. `is_same` says of an alert
    whether it is about that product: where it was bought, nothing about it goes out to the person any more.
    """

    delivery: int
    answer: Answer
    mutes: Callable[[Sequence[Mapping[str, Any]]], Sequence[Mapping[str, Any]]]
    is_same: Callable[[Alert], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseQuery:
    """Which purchases to list, by what they are now; what is empty is no condition. `channel` is one, or a target."""

    since: datetime | None = None
    until: datetime | None = None
    state: PurchaseState | None = None
    source: str | None = None
    channel: str | None = None
    retailer: str | None = None
    sku: str | None = None
    alert: UUID | None = None
    credited: bool | None = None
    limit: int = 50
    page: str | None = None


class Purchases(Protocol):
    """The book of purchases. Every write raises LedgerUnavailableError when it cannot be committed in time, having
    changed nothing.
    """

    async def enter(
        self, drafts: Sequence[PurchaseDraft], attribute: Attribute, author: str, *, dry_run: bool = False
    ) -> tuple[Entered, ...]:
        """Enter what is told, each by itself, in one transaction; at most 100. The same again is `unchanged`, another
        state, quantity or sum a revision of its own. An error is told in its place: a correction of what is not known
        (`unknown_purchase`), another currency than before (`other_currency`).
        """
        ...

    async def answer(self, draft: AnswerDraft, rule: AnswerRule) -> tuple[Delivery, ...]:
        """Keep what somebody says, and follow it: the deliveries that were cancelled by it. The same again changes
        nothing. What was bought is a reported purchase, which another answer takes back.

        Raises NotFoundError, and RateLimitedError after 60 answers in an hour.
        """
        ...

    async def keep_month(self, month: str, costs: Mapping[str, Cost]) -> None:
        """Keep what each channel costs in that month (`2026-11`), in place of what was kept of it."""
        ...

    async def said(self, delivery: int) -> Answer | None:
        """Tell what was said last of the delivery with that number."""
        ...

    async def purchases(self, query: PurchaseQuery) -> Page[PurchaseRow]:
        """List purchases, those told of last first. Raises InvalidRequestError for a `page` or `limit` that is none."""
        ...


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else money(amount)
