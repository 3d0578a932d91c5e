"""What is told of purchases is entered: the same again changes nothing, anything else is a revision of its own."""

from collections.abc import Callable, Collection, Sequence
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
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import Moment, alerts
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.history.names import escaped
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
    .where(purchases.c.source == bindparam("source_is"), among(purchases.c.external_id, "names"))
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

    def entered(*some: PurchaseDraft) -> tuple[Entered, ...]:
        with transaction.undoing():
            return _entered(transaction, some, attribute, author)

    with transaction.undoing() as tried:
        try:
            results = entered(*drafts)
        except IntegrityError:
            results = tuple(_one(draft, entered) for draft in drafts)
        if dry_run:
            tried.rollback()
    return results


def is_known(transaction: Transaction, draft: PurchaseDraft) -> bool:
    return bool(_Known(transaction, [draft]).revisions(draft.source, draft.external_id))


def _one(draft: PurchaseDraft, entered: Callable[[PurchaseDraft], tuple[Entered, ...]]) -> Entered:
    """Where another service has just entered the same, what it wrote is seen the second time."""
    try:
        return entered(draft)[0]
    except IntegrityError:
        return entered(draft)[0]


def _entered(
    transaction: Transaction, drafts: Sequence[PurchaseDraft], attribute: Attribute, author: str
) -> tuple[Entered, ...]:
    """Whatever is refused is refused before anything of it is written."""
    known = _Known(transaction, drafts)
    ends = [_once(_Entry(transaction, known, draft, author), attribute) for draft in drafts]
    rows = standing(transaction.connection, [end[1] for end in ends if isinstance(end, tuple)])
    return tuple(
        Entered(end[0], rows[end[1]]) if isinstance(end, tuple) else Entered(None, error=end.as_json()["error"])
        for end in ends
    )


def _once(entry: "_Entry", attribute: Attribute) -> tuple[EntryResult, int] | TocsinError:
    """What became of it, with the key of the revision that counts; or why it is refused."""
    try:
        return entry.enter(attribute)
    except TocsinError as refusal:
        return refusal


class _Known:
    """What is known of some purchases is read at once, and again where it was written meanwhile."""

    def __init__(self, transaction: Transaction, drafts: Sequence[PurchaseDraft]) -> None:
        self._transaction = transaction
        self._kept: dict[tuple[str, str], list[AnyRow]] = {}
        for source in {draft.source for draft in drafts}:
            self._read(source, {draft.external_id for draft in drafts if draft.source == source})

    def revisions(self, source: str, name: str) -> Sequence[AnyRow]:
        """The first of them first; none where it is not known."""
        if (source, name) not in self._kept:
            self._read(source, {name})
        return self._kept[source, name]

    def forget(self, source: str, name: str) -> None:
        self._kept.pop((source, name), None)

    def _read(self, source: str, names: Collection[str]) -> None:
        self._kept |= {(source, name): [] for name in names}
        for row in self._transaction.rows(_REVISIONS, source_is=source, names=sorted(names)):
            self._kept[source, row.external_id].append(row)


class _Entry:
    def __init__(self, transaction: Transaction, known: _Known, draft: PurchaseDraft, author: str) -> None:
        self._transaction, self._known, self._draft, self._author = transaction, known, draft, author

    def enter(self, attribute: Attribute) -> tuple[EntryResult, int]:
        return self._told(attribute) if self._draft.entry is None else self._added()

    def _told(self, attribute: Attribute) -> tuple[EntryResult, int]:
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

    def _added(self) -> tuple[EntryResult, int]:
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
        self._known.forget(values["source"], values["external_id"])
        return key

    def _revisions(self, name: str) -> Sequence[AnyRow]:
        return self._known.revisions(self._draft.source, name)

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
