"""A sale is what one row of a report says, before it is known whose click brought it."""

from dataclasses import dataclass
from decimal import Decimal

from tocsin.core.attribution import Span
from tocsin.core.purchase import PurchaseState


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """`clicks` are what may be the code of a click of ours, the likeliest first; `tracking` is what the network calls
    the channel. `entry` and `like` are those of a `PurchaseDraft`: it is a correction that is added to a purchase.
    """

    external_id: str
    bought: Span
    state: PurchaseState | None = None
    quantity: int | None = None
    amount: Decimal | None = None
    commission: Decimal | None = None
    currency: str | None = None
    sku: str | None = None
    retailer: str | None = None
    clicks: tuple[str, ...] = ()
    tracking: str | None = None
    entry: str | None = None
    like: bool = False
