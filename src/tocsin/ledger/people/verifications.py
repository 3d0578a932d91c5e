"""Codes and links that were asked for: how often, until when, and what came of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, bindparam, insert, select, update

from tocsin.core.alert import new_id
from tocsin.core.errors import NotFoundError
from tocsin.ledger.contract.people import AddressRow, ConsentDraft, ConsentRule, VerificationRow
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people.addresses import by_slot
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.consents import enter
from tocsin.ledger.people.held import held_by_key
from tocsin.ledger.people.rows import address_of, verification_of
from tocsin.ledger.people.schema import addresses, verifications

REPLACED = "replaced"  # by one that was begun later

_ALL = select(verifications, addresses.c.id.label("address_id")).join(
    addresses, addresses.c.key == verifications.c.address
)
_BY_ID = _ALL.where(verifications.c.id == bindparam("identifier"))
_OF_ADDRESS = _ALL.where(
    addresses.c.id == bindparam("identifier"), verifications.c.started_at >= bindparam("begin")
).order_by(verifications.c.key.desc())
_SLOT = select(addresses.c.key).where(addresses.c.id == bindparam("identifier"))
_NEW = insert(verifications)
_SET = update(verifications).where(verifications.c.id == bindparam("identifier"))
_REPLACE = update(verifications).where(verifications.c.address == bindparam("slot"), verifications.c.ended_at.is_(None))


def begin(
    change: Change,
    address: UUID,
    way: str,
    *,
    reference: str | None,
    expires_at: datetime,
    consent: Mapping[str, Any],
) -> VerificationRow:
    slot = change.transaction.row(_SLOT, identifier=address)
    if slot is None:
        raise NotFoundError("there is no such address")
    change.transaction.write(_REPLACE, slot=slot.key, ended_at=change.now, result=REPLACED)
    identifier = new_id(change.now)
    change.transaction.write(
        _NEW,
        id=identifier,
        address=slot.key,
        way=way,
        reference=reference,
        started_at=change.now,
        sent_at=change.now,
        expires_at=expires_at,
        sends=1,
        checks=0,
        consent=orjson.dumps(dict(consent)).decode(),
    )
    return verification_of(_row(change, identifier))


def note(change: Change, identifier: UUID, *, sent: bool, checked: bool) -> VerificationRow:
    row = _row(change, identifier)
    again = {"sends": row.sends + 1, "sent_at": change.now} if sent else {}
    tried = {"checks": row.checks + 1} if checked else {}
    if again or tried:
        change.transaction.write(_SET.values(**again, **tried), identifier=identifier)
    return verification_of(_row(change, identifier))


def end(
    change: Change, identifier: UUID, result: str, draft: ConsentDraft | None, rule: ConsentRule | None
) -> AddressRow:
    """Raises NotFoundError where it has ended before: a right answer counts once."""
    row = _row(change, identifier)
    if row.ended_at is not None:
        raise NotFoundError("this verification is over: begin another")
    change.transaction.write(_SET.values(ended_at=change.now, result=result), identifier=identifier)
    address = by_slot(change, row.address)
    assert address is not None, "a verification goes with its address"
    if draft is None or rule is None:
        return address_of(address)
    held_by_key(change, address.contact)
    return enter(change, address, draft, rule).address


def of_address(connection: Connection, address: UUID, since: datetime) -> tuple[VerificationRow, ...]:
    """Newest first."""
    rows = connection.execute(_OF_ADDRESS, {"identifier": address, "begin": since})
    return tuple(map(verification_of, rows))


def _row(change: Change, identifier: UUID) -> AnyRow:
    row = change.transaction.row(_BY_ID, identifier=identifier)
    if row is None:
        raise NotFoundError("there is no such verification")
    return row
