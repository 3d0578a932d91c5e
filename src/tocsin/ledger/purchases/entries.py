"""What is told of purchases is entered: the same again changes nothing, anything else is a revision of its own."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from tocsin.core.alert import new_id
from tocsin.core.attribution import Credit
from tocsin.core.errors import OtherCurrencyError, TocsinError, UnknownPurchaseError
from tocsin.core.purchase import PurchaseState
from tocsin.ledger.contract.purchases import Attribute, Entered, EntryResult, PurchaseDraft
from tocsin.ledger.engine.schema import Moment, alerts
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.history.query import escaped
from tocsin.ledger.purchases.listing import standing
from tocsin.ledger.purchases.schema import is_newest, purchases
from tocsin.ledger.purchases.trails import trail_of

_SUMS = ("quantity", "amount", "commission")
_COPIED = (
    *("source", "external_id", "at", "sku", "retailer", "reason", "target", "alert", "delivery"),
    *("contact", "clicked_at"),
)

_REVISIONS = (
    select(purchases)
    .where(purchases.c.source == bindparam("source_is"), purchases.c.external_id == bindparam("name_is"))
    .order_by(purchases.c.revision)
)
_ENTRY = select(purchases.c.external_id).where(
    purchases.c.source == bindparam("source_is"), purchases.c.entry == bindparam("entry_is")
)
_LIKE = (
    select(purchases.c.external_id)
    .where(is_newest(), purchases.c.source == bindparam("source_is"))
    .where(purchases.c.external_id.like(bindparam("pattern"), escape="\\"))
    .where(purchases.c.state != PurchaseState.REVERSED.value)
    .where(purchases.c.at <= bindparam("until", type_=Moment))
    .order_by(purchases.c.at.desc(), purchases.c.key.desc())
    .limit(1)
)
_ABOUT = select(alerts.c.sku, alerts.c.retailer).where(alerts.c.key == bindparam("of"))
_NEW = insert(purchases).returning(purchases.c.key)


def enter(
    transaction: Transaction, drafts: Sequence[PurchaseDraft], attribute: Attribute, author: str, *, dry_run: bool
) -> tuple[Entered, ...]:
    """Each by itself: one that is refused harms no other. In a dry run nothing stays."""
    with transaction.undoing() as tried:
        results = tuple(_one(transaction, draft, attribute, author) for draft in drafts)
        if dry_run:
            tried.rollback()
    return results


def is_known(transaction: Transaction, draft: PurchaseDraft) -> bool:
    return bool(transaction.rows(_REVISIONS, source_is=draft.source, name_is=draft.external_id))


def _one(transaction: Transaction, draft: PurchaseDraft, attribute: Attribute, author: str) -> Entered:
    """Where another service has just entered the same, what it wrote is seen the second time."""
    try:
        return _once(transaction, draft, attribute, author)
    except IntegrityError:
        return _once(transaction, draft, attribute, author)


def _once(transaction: Transaction, draft: PurchaseDraft, attribute: Attribute, author: str) -> Entered:
    try:
        with transaction.undoing():
            entry = _Entry(transaction, draft, author)
            result, key = entry.added() if draft.entry is not None else entry.told(attribute)
            return Entered(result, standing(transaction.connection, [key])[key])
    except TocsinError as refusal:
        return Entered(None, error=refusal.as_json()["error"])


class _Entry:
    def __init__(self, transaction: Transaction, draft: PurchaseDraft, author: str) -> None:
        self._transaction, self._draft, self._author = transaction, draft, author

    def told(self, attribute: Attribute) -> tuple[EntryResult, int]:
        """The purchase as its source has it."""
        revisions = self._revisions(self._draft.external_id)
        if not revisions:
            return self._new(attribute)
        self._check_currency(revisions[-1])
        before = _told_last(revisions)
        said = self._said()
        told = before | {key: value for key, value in said.items() if value is not None}
        if told == before:
            return EntryResult.UNCHANGED, revisions[-1].key
        return self._revise(revisions, told, None)

    def added(self) -> tuple[EntryResult, int]:
        """A correction that is added to a purchase, once. Raises UnknownPurchaseError."""
        draft = self._draft
        known = self._transaction.row(_ENTRY, source_is=draft.source, entry_is=draft.entry)
        name = known.external_id if known is not None else self._corrected()
        revisions = self._revisions(name)
        if not revisions:
            raise UnknownPurchaseError("it corrects a purchase that is not known here")
        if known is not None:
            return EntryResult.UNCHANGED, revisions[-1].key
        self._check_currency(revisions[-1])
        return self._revise(revisions, self._said(), draft.entry)

    def _corrected(self) -> str:
        draft = self._draft
        if not draft.like:
            return draft.external_id
        pattern = escaped(draft.external_id) + "%"
        row = self._transaction.row(_LIKE, source_is=draft.source, pattern=pattern, until=draft.bought.last)
        return draft.external_id if row is None else str(row.external_id)

    def _new(self, attribute: Attribute) -> tuple[EntryResult, int]:
        draft, credit = self._draft, attribute(self._draft.bought, trail_of(self._transaction, self._draft))
        state = draft.state or PurchaseState.CONFIRMED
        sku, retailer = self._product(credit)
        quantity = 1 if draft.quantity is None else draft.quantity
        key = self._insert(
            source=draft.source,
            external_id=draft.external_id,
            revision=1,
            at=draft.bought.first,
            state=state.value,
            quantity=quantity,
            amount=draft.amount,
            commission=draft.commission,
            currency=draft.currency,
            sku=sku,
            retailer=retailer,
            told=_packed(self._said() | {"state": state.value, "quantity": quantity}),
            entry=None,
            **_credited(credit),
        )
        return EntryResult.UNATTRIBUTED if credit.target is None else EntryResult.CREATED, key

    def _product(self, credit: Credit) -> tuple[str | None, str | None]:
        """What was bought; where nobody says it, what the alert was about that brought it."""
        sku, retailer = self._draft.sku, self._draft.retailer
        about = None if sku is not None or credit.alert is None else self._transaction.row(_ABOUT, of=credit.alert)
        if about is None or retailer not in (None, about.retailer):
            return sku, retailer
        return about.sku, about.retailer

    def _revise(self, revisions: Sequence[AnyRow], told: dict[str, Any], entry: str | None) -> tuple[EntryResult, int]:
        last = revisions[-1]
        whole = _whole(revisions, told, is_added=entry is not None)
        key = self._insert(
            **{name: getattr(last, name) for name in _COPIED},
            revision=last.revision + 1,
            currency=last.currency or self._draft.currency,
            told=_packed(told),
            entry=entry,
            **whole,
        )
        is_reversal = whole["state"] == PurchaseState.REVERSED.value and last.state != whole["state"]
        return EntryResult.REVERSED if is_reversal else EntryResult.CORRECTED, key

    def _insert(self, **values: Any) -> int:
        now = self._transaction.now
        row = {"id": new_id(now), "entered_at": now, "author": self._author} | values
        (key,) = self._transaction.keys_of(_NEW, [row])
        return key

    def _revisions(self, name: str) -> Sequence[AnyRow]:
        return self._transaction.rows(_REVISIONS, source_is=self._draft.source, name_is=name)

    def _said(self) -> dict[str, Any]:
        draft = self._draft
        sums = {name: getattr(draft, name) for name in _SUMS}
        return {"state": draft.state and draft.state.value} | {
            name: _plain(value) if isinstance(value, Decimal) else value for name, value in sums.items()
        }

    def _check_currency(self, row: AnyRow) -> None:
        asked = self._draft.currency
        has_sums = self._draft.amount is not None or self._draft.commission is not None
        if has_sums and None not in (asked, row.currency) and asked != row.currency:
            raise OtherCurrencyError(f"what is known of this purchase is in {row.currency}, not in {asked}")


def _told_last(revisions: Sequence[AnyRow]) -> dict[str, Any]:
    """What its source said of the purchase last, without what was added to it."""
    told: dict[str, Any] = orjson.loads(next(row.told for row in reversed(revisions) if row.entry is None))
    return told


def _whole(revisions: Sequence[AnyRow], told: dict[str, Any], *, is_added: bool) -> dict[str, Any]:
    """What its source says, and all that was added to it. Where nothing is left, it was taken back."""
    base = _told_last(revisions) if is_added else told
    additions = [orjson.loads(row.told) for row in revisions if row.entry is not None]
    additions += [told] if is_added else []
    quantity, amount, commission = (_sum(name, [base, *additions]) for name in _SUMS)
    taken_back = bool(additions) and not any(value is not None and value > 0 for value in (amount, commission))
    return {
        "quantity": max(0, int(quantity or 0)),
        "amount": amount,
        "commission": commission,
        "state": PurchaseState.REVERSED.value if taken_back else base["state"],
    }


def _sum(name: str, told: Sequence[dict[str, Any]]) -> Decimal | None:
    said = [Decimal(one[name]) for one in told if one.get(name) is not None]
    return sum(said, Decimal(0)) if said else None


def _credited(credit: Credit) -> dict[str, Any]:
    return {
        "reason": credit.reason.value,
        "target": None if credit.target is None else str(credit.target),
        "alert": credit.alert,
        "delivery": credit.delivery,
        "contact": credit.contact,
        "clicked_at": credit.clicked_at,
    }


def _plain(amount: Decimal) -> str:
    """The same words for the same amount."""
    return format(amount.normalize(), "f")


def _packed(told: dict[str, Any]) -> str:
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()
