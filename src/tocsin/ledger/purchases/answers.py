"""What people say of an alert is kept, and followed: the last answer about a delivery counts."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select

from tocsin.core.alert import id_of_key
from tocsin.core.answer import Answer
from tocsin.core.attribution import Span, Told
from tocsin.core.clock import epoch_micros
from tocsin.core.delivery import Delivery
from tocsin.core.errors import NotFoundError, RateLimitedError
from tocsin.core.purchase import OF_PERSONS, PurchaseState
from tocsin.ledger.contract.purchases import AnswerDraft, AnswerRule, PurchaseDraft
from tocsin.ledger.engine.schema import Moment, alerts, deliveries
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people import contacts
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.held import THERE, held_by_key
from tocsin.ledger.people.schema import addresses, preferences
from tocsin.ledger.purchases import entries
from tocsin.ledger.purchases.schema import answers
from tocsin.ledger.purchases.trails import told_of
from tocsin.ledger.queue.withdrawal import acknowledge

AUTHOR = "person"
MOST_AN_HOUR = 60  # about one delivery: whoever has its link may answer, and each answer is kept
_HOUR = timedelta(hours=1)

_OF = (
    select(deliveries.c.key, deliveries.c.planned_at, deliveries.c.slot, alerts.c.detected_at, alerts.c.closed_at)
    .add_columns(alerts.c.sku, alerts.c.retailer)
    .join(alerts, alerts.c.key == deliveries.c.alert)
    .where(deliveries.c.key == bindparam("of"))
)
_LAST = select(answers.c.answer).where(answers.c.delivery == bindparam("of")).order_by(answers.c.key.desc()).limit(1)
_LATELY = select(func.count()).where(
    answers.c.delivery == bindparam("of"), answers.c.at > bindparam("since", type_=Moment)
)
_KEEP = insert(answers)
_SLOTS = select(addresses.c.key).where(addresses.c.contact == bindparam("whose"))
_PREFERRED = select(preferences.c.body).where(preferences.c.contact == bindparam("whose"))


def said(connection: Connection, delivery: int) -> Answer | None:
    """The last answer about a delivery."""
    word = connection.scalar(_LAST, {"of": delivery})
    return None if word is None else Answer(word)


def answer(change: Change, draft: AnswerDraft, rule: AnswerRule) -> tuple[Delivery, ...]:
    """The same again changes nothing. Raises NotFoundError, and RateLimitedError."""
    row, told = change.transaction.row(_OF, of=draft.delivery), told_of(change.transaction, draft.delivery)
    if row is None or told is None:
        raise NotFoundError("this link leads nowhere")
    if said(change.transaction.connection, draft.delivery) is draft.answer:
        return ()
    lately: int = change.transaction.connection.scalar(_LATELY, {"of": row.key, "since": change.now - _HOUR}) or 0
    if lately >= MOST_AN_HOUR:
        raise RateLimitedError("too many answers about this alert: answer again later", _HOUR.total_seconds())
    age = max(0, change.transaction.micros - epoch_micros(row.detected_at))
    change.transaction.write(
        _KEEP,
        delivery=row.key,
        at=change.now,
        answer=draft.answer.value,
        age=age,
        closed=row.closed_at is not None,
    )
    _enter(change, row, told, draft.answer, rule)
    if told.contact is None:
        return ()
    _mute(change, told.contact, draft)
    if draft.answer is not Answer.BOUGHT:
        return ()
    slots = [one.key for one in change.transaction.rows(_SLOTS, whose=told.contact)]
    return tuple(acknowledge(change.transaction, slots, draft.is_same))


def _enter(change: Change, row: AnyRow, told: Told, answer: Answer, rule: AnswerRule) -> None:
    """A purchase that the person tells of, or takes back."""
    is_bought = answer is Answer.BOUGHT
    purchase = PurchaseDraft(
        source=OF_PERSONS,
        external_id=str(id_of_key(row.planned_at, row.key)),
        bought=Span(change.now, change.now),
        state=PurchaseState.REPORTED if is_bought else PurchaseState.REVERSED,
        sku=row.sku,
        retailer=row.retailer,
    )
    if is_bought or entries.is_known(change.transaction, purchase):
        entries.enter(change.transaction, [purchase], lambda _bought, _trail: rule(told), AUTHOR, dry_run=False)


def _mute(change: Change, contact: int, draft: AnswerDraft) -> None:
    owner = held_by_key(change, contact)
    if owner.state != THERE:
        return
    row = change.transaction.row(_PREFERRED, whose=contact)
    kept: dict[str, Any] = {} if row is None else orjson.loads(row.body)
    before = kept.get("mute", [])
    mutes = list(draft.mutes(before))
    if mutes != before:
        contacts.prefer(change, owner.id, {**kept, "mute": mutes} if mutes else _without(kept))


def _without(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kept.items() if key != "mute"}
