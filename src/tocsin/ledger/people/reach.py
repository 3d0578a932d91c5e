"""Whoever is claimed is looked up once more: a withdrawal that was committed before always wins."""

from collections.abc import Mapping, Sequence

import orjson
from sqlalchemy import Connection, and_, bindparam, case, exists, func, select, update

from tocsin.core.address import AddressKind, AddressState, Consent
from tocsin.core.click import ClickKind
from tocsin.core.delivery import NOT_REACHED
from tocsin.core.recipients import Owner, Question, Recipient
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import alerts, clicks, deliveries, in_any
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.people.held import THERE
from tocsin.ledger.people.schema import addresses, contacts, preferences, questions
from tocsin.ledger.people.vault import Vault
from tocsin.ledger.purchases.schema import answers

# Who may be told: the address is its owner's, and the newest entry about it says yes.
WILLING = (addresses.c.state == AddressState.ACTIVE.value, addresses.c.consent == Consent.GRANTED.value)

_COLUMNS = (
    *(addresses.c[name] for name in ("key", "id", "kind", "value", "lookup", "contact", "platform", "sounds")),
    *(contacts.c.locale, contacts.c.state, contacts.c.id.label("contact_id")),
    preferences.c.body.label("wishes"),
)
_other = addresses.alias("other")
_FIRST, _LAST = func.min(_other.c.zone), func.max(_other.c.zone)
# A mailbox or a device says nothing of where a person lives, whose number may; two may contradict.
_BY_NUMBER = (
    select(case((_FIRST == _LAST, _FIRST)))
    .where(_other.c.contact == contacts.c.key)
    .correlate(contacts)
    .scalar_subquery()
)
_ZONE = func.coalesce(contacts.c.zone, addresses.c.zone, _BY_NUMBER).label("zone")
# Whoever has confirmed a phone knows who writes. What was to tell those who have not, and did not come, is told again.
_TOLD_IN_VAIN = exists().where(deliveries.c.key == addresses.c.introduced_by, in_any(NOT_REACHED))
_IS_NEW = (
    (addresses.c.kind == AddressKind.PHONE.value)
    & addresses.c.verified_at.is_(None)
    & (addresses.c.introduced_by.is_(None) | _TOLD_IN_VAIN)
).label("is_new")
# Of what was answered since nobody is asked, nor of a click that turned out to be a scanner's.
_clicked = exists().where(clicks.c.delivery == questions.c.about, clicks.c.kind == ClickKind.PERSON.value)
_answered = exists().where(answers.c.delivery == questions.c.about)
_ASKED_OF = and_(
    questions.c.contact == addresses.c.contact,
    addresses.c.kind == AddressKind.MAILBOX.value,
    _clicked.correlate(questions),
    ~_answered.correlate(questions),
)
_told = deliveries.alias("told")
_QUESTION = (
    *(questions.c[name] for name in ("about", "clicked_at", "asked_at", "asked_by")),
    func.coalesce(alerts.c.product_name, alerts.c.sku).label("title"),
)
_ADDRESSES = (
    select(*_COLUMNS, _ZONE, addresses.c.introduced_by, _IS_NEW, *_QUESTION)
    .join(contacts, contacts.c.key == addresses.c.contact)
    .outerjoin(preferences, preferences.c.contact == addresses.c.contact)
    .outerjoin(questions, _ASKED_OF)
    .outerjoin(_told, _told.c.key == questions.c.about)
    .outerjoin(alerts, alerts.c.key == _told.c.alert)
    .where(among(addresses.c.key, "slots"))
)
_WILLING = _ADDRESSES.where(*WILLING)
_INTRODUCE = update(addresses).where(addresses.c.key == bindparam("whose")).values(introduced_by=bindparam("number"))


def reach(vault: Vault, transaction: Transaction, slots: Sequence[int]) -> Mapping[int, Recipient]:
    """Find, by slot, those who may be told at this moment, and where."""
    return _recipients(vault, transaction.rows(_WILLING, slots=list(slots)))


def introduce(transaction: Transaction, by_slot: Mapping[int, int]) -> None:
    """Keep which delivery tells those of these slots who writes."""
    transaction.write_each(_INTRODUCE, [{"whose": slot, "number": key} for slot, key in by_slot.items()])


def reachable(vault: Vault, connection: Connection, slots: Sequence[int]) -> Mapping[int, Recipient]:
    """Find the same as `reach` beside the queue, where nothing is claimed by it."""
    return _recipients(vault, connection.execute(_WILLING, {"slots": list(slots)}).all()) if slots else {}


def reached(vault: Vault, connection: Connection, slots: Sequence[int]) -> Mapping[int, Recipient]:
    """Find, by slot, where those are who may have been told: what they want now changes nothing of that."""
    return _recipients(vault, connection.execute(_ADDRESSES, {"slots": list(slots)}).all()) if slots else {}


def _recipients(vault: Vault, rows: Sequence[AnyRow]) -> Mapping[int, Recipient]:
    return {row.key: _recipient(vault, row) for row in rows}


def _recipient(vault: Vault, row: AnyRow) -> Recipient:
    kind = AddressKind(row.kind)
    return Recipient(
        slot=row.key,
        kind=kind,
        value=vault.open(bytes(row.value), bytes(row.lookup), kind),
        lookup=bytes(row.lookup),
        platform=row.platform,
        sounds=tuple(orjson.loads(row.sounds)) if row.sounds else (),
        locale=row.locale,
        zone=row.zone,
        contact=row.contact,
        owner=Owner(row.contact_id, row.id) if row.state == THERE else None,
        wishes=row.wishes,
        introduced_by=row.introduced_by,
        is_new=bool(row.is_new),
        question=None if row.title is None else _question(row),
    )


def _question(row: AnyRow) -> Question:
    return Question(
        about=row.about,
        title=row.title,
        clicked_at=row.clicked_at,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
    )
