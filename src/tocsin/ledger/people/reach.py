"""Whoever is claimed is looked up once more: a withdrawal that was committed before always wins."""

from collections.abc import Mapping, Sequence

import orjson
from sqlalchemy import Connection, bindparam, case, exists, func, select, update

from tocsin.core.address import AddressKind, AddressState, Consent
from tocsin.core.delivery import NOT_REACHED
from tocsin.core.recipients import Owner, Recipient
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import deliveries, in_any
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.people.held import THERE
from tocsin.ledger.people.schema import addresses, contacts, preferences
from tocsin.ledger.people.vault import Vault

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
_ADDRESSES = (
    select(*_COLUMNS, _ZONE, addresses.c.introduced_by, _IS_NEW)
    .join(contacts, contacts.c.key == addresses.c.contact)
    .outerjoin(preferences, preferences.c.contact == addresses.c.contact)
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
    )
