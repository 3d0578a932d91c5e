"""A trail is what the ledger knows of what was told, for a purchase to be credited to."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from tocsin.core.attribution import LONGEST_WINDOW, Told, Trail, Way
from tocsin.core.click import Click, ClickKind
from tocsin.core.delivery import TAKEN, DeliveryState
from tocsin.ledger.contract.purchases import PurchaseDraft
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import target_of
from tocsin.ledger.engine.schema import Moment, alerts, attempts, clicks, deliveries, episodes, in_any
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.people.held import IS_THERE
from tocsin.ledger.people.schema import addresses, contacts

_MOST = 100  # deliveries that are looked at for one purchase: of those with a click the last ones, of the others too

_TOLD = (
    select(
        *(deliveries.c[name] for name in ("key", "alert", "target", "state", "slot")),
        attempts.c.finished_at,
        addresses.c.contact,
    )
    .outerjoin(attempts, attempts.c.key == deliveries.c.attempt)
    .outerjoin(addresses, addresses.c.key == deliveries.c.slot)
)
_BY_KEY = _TOLD.where(deliveries.c.key == bindparam("of"), deliveries.c.slot.is_not(None))
_CLICKS = select(clicks).where(among(clicks.c.delivery, "keys")).order_by(clicks.c.at, clicks.c.key)
_ALERT = select(alerts.c.key).where(alerts.c.id == bindparam("identifier"))
_CONTACT = select(contacts.c.key).where(contacts.c.id == bindparam("identifier"), IS_THERE)
_CONTACT_OUTSIDE = select(contacts.c.key).where(contacts.c.external_id == bindparam("outside"), IS_THERE)
_OF_PERSON = _TOLD.where(deliveries.c.alert == bindparam("of_alert"), addresses.c.contact == bindparam("of_contact"))

_PRODUCT = select(episodes.c.key).where(
    episodes.c.sku == bindparam("sku_is"), episodes.c.retailer == bindparam("retailer_is")
)
_ON_CHANNEL = (
    _TOLD.join(alerts, alerts.c.key == deliveries.c.alert)
    .where(alerts.c.episode.in_(_PRODUCT), in_any(TAKEN))
    .where(alerts.c.accepted_at >= bindparam("since", type_=Moment))
    .where(alerts.c.accepted_at <= bindparam("until", type_=Moment))
    .limit(_MOST)
)
_NEWEST = _ON_CHANNEL.order_by(deliveries.c.key.desc())
_CLICKED = _ON_CHANNEL.join(clicks, clicks.c.delivery == deliveries.c.key).where(
    clicks.c.kind == ClickKind.PERSON.value
)
_LAST_CLICKED = _CLICKED.order_by(clicks.c.at.desc())


def trail_of(transaction: Transaction, draft: PurchaseDraft) -> Trail:
    """Follow the first key that the draft has."""
    keys = draft.keys
    if keys.click is not None:
        return Trail(Way.CLICK, _told(transaction, transaction.rows(_BY_KEY, of=keys.click)))
    if keys.alert is not None and keys.contact is not None:
        return _of_person(transaction, keys.alert, keys.contact)
    if keys.channel is not None and draft.sku is not None and draft.retailer is not None:
        return Trail(Way.TRACKING, _told(transaction, _on_channel(transaction, draft, keys.channel)))
    return Trail(Way.NONE)


def told_of(transaction: Transaction, delivery: int) -> Told | None:
    """The delivery with that key, as purchases are credited to it; None where it is not kept, or still waits in a
    set.
    """
    return next(iter(_told(transaction, transaction.rows(_BY_KEY, of=delivery))), None)


def _of_person(transaction: Transaction, alert: UUID, contact: UUID | str) -> Trail:
    found = transaction.row(_ALERT, identifier=alert)
    if isinstance(contact, UUID):
        person = transaction.row(_CONTACT, identifier=contact)
    else:
        person = transaction.row(_CONTACT_OUTSIDE, outside=contact)
    if found is None or person is None:
        return Trail(Way.PERSON, known=False)
    rows = transaction.rows(_OF_PERSON, of_alert=found.key, of_contact=person.key)
    return Trail(Way.PERSON, _told(transaction, rows))


def _on_channel(transaction: Transaction, draft: PurchaseDraft, channel: str) -> Sequence[AnyRow]:
    """Those whose link was followed last, and those that were told last."""
    about = {
        "sku_is": draft.sku,
        "retailer_is": draft.retailer,
        "since": draft.bought.first - LONGEST_WINDOW,
        "until": draft.bought.last,
    }
    rows: dict[int, AnyRow] = {}
    for question in (_LAST_CLICKED, _NEWEST):
        rows |= {row.key: row for row in transaction.rows(_of(question, channel), **about)}
    return list(rows.values())


def _of(question: Select[*tuple[object, ...]], channel: str) -> Select[*tuple[object, ...]]:
    return question.where(deliveries.c.target.startswith(f"{channel}:", autoescape=True))


def _told(transaction: Transaction, rows: Sequence[AnyRow]) -> tuple[Told, ...]:
    made: defaultdict[int, list[Click]] = defaultdict(list)
    if rows:
        for row in transaction.rows(_CLICKS, keys=[row.key for row in rows]):
            made[row.delivery].append(Click(row.at, ClickKind(row.kind), row.why))
    return tuple(
        Told(
            delivery=row.key,
            alert=row.alert,
            target=target_of(row.target),
            contact=row.contact,
            at=row.finished_at if DeliveryState(row.state) in TAKEN else None,
            confirmed=row.state == DeliveryState.DELIVERED.value,
            clicks=tuple(made[row.key]),
        )
        for row in rows
    )
