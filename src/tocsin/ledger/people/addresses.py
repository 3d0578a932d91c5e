"""Addresses are added, replaced and removed. One phone or mailbox is one contact's; devices and browsers move."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from tocsin.core.address import AddressKind, AddressState, AddressWhy, Consent
from tocsin.core.alert import new_id
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.errors import AddressTakenError, NotFoundError, SuppressedError
from tocsin.core.secret import Secret
from tocsin.ledger.contract.people import AddressDraft, AddressRow, ConsentDraft, ConsentRule
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people import suppressions
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.consents import OUTLIVE, WRITTEN_DOWN, enter
from tocsin.ledger.people.held import ERASED, WRITTEN, touch
from tocsin.ledger.people.rows import ADDRESSES, address_of
from tocsin.ledger.people.schema import addresses, verifications
from tocsin.ledger.people.vault import Vault

_NEW = insert(addresses).returning(addresses.c.key)
_BY_LOOKUP = ADDRESSES.where(addresses.c.lookup == bindparam("hashed"))
_BY_APP = ADDRESSES.where(addresses.c.app == bindparam("app_hash"))
_BY_SLOT = ADDRESSES.where(addresses.c.key == bindparam("slot"))
_BY_ID = ADDRESSES.where(addresses.c.id == bindparam("identifier"))
_OF_CONTACT = ADDRESSES.where(addresses.c.contact == bindparam("owner"))
_DEVICE = _OF_CONTACT.where(addresses.c.device == bindparam("app_id"))
_REPLACE = update(addresses).where(addresses.c.key == bindparam("slot"))
_REMOVE = delete(addresses).where(addresses.c.key == bindparam("slot"))
_FORGET = delete(verifications).where(verifications.c.address == bindparam("slot"))
_SEALED = select(addresses.c.value, addresses.c.lookup, addresses.c.kind).where(addresses.c.key == bindparam("slot"))


def add(
    change: Change, contact: AnyRow, draft: AddressDraft, author: str, rule: ConsentRule, *, by_person: bool
) -> tuple[AddressRow, bool]:
    """A phone, mailbox or browser of a contact that is held; whether it was added."""
    there = by_lookup(change, change.vault.lookup(draft.value))
    if there is not None and there.contact != contact.key:
        there = _take_over(change, there, contact, rule)
    added = there is None
    row = there or _insert(change, contact, draft, by_person=by_person)
    if there is not None:
        _refuse_suppressed(there, by_person=by_person)
        _see_again(change, there, draft)
    return _with_consent(change, row, draft.consent or _implied(row, author), rule), added


def put_device(
    change: Change, contact: AnyRow, draft: AddressDraft, author: str, rule: ConsentRule
) -> tuple[AddressRow, bool]:
    """In the slot that the device has; whether it is new. Who has stopped stays so, however often the app starts."""
    row = change.transaction.row(_DEVICE, owner=contact.key, app_id=draft.device)
    for same in _registrations(change, draft):
        if row is None or same.key != row.key:
            remove(change, same)
    added = row is None
    row = _insert(change, contact, draft, by_person=False) if row is None else _see_again(change, row, draft)
    return _with_consent(change, row, draft.consent or _implied(row, author), rule), added


def _registrations(change: Change, draft: AddressDraft) -> Sequence[AnyRow]:
    """Where this very app is registered already, by the same address or the other way: one notification is enough."""
    same = by_lookup(change, change.vault.lookup(draft.value))
    app = change.vault.app(draft.value)
    others = change.transaction.rows(_BY_APP, app_hash=app) if app is not None else []
    return list({row.key: row for row in ([same] if same is not None else []) + list(others)}.values())


def remove(change: Change, row: AnyRow) -> None:
    change.transaction.write(_REMOVE, slot=row.key)
    change.transaction.write(_FORGET, slot=row.key)
    touch(change, row.contact)
    change.directory = True
    change.left.add(row.key)


def keep_only(change: Change, contact: AnyRow, lookups: frozenset[bytes]) -> None:
    """Of its phones and mailboxes."""
    for row in of_contact(change, contact.key):
        if AddressKind(row.kind) in OUTLIVE and bytes(row.lookup) not in lookups:
            remove(change, row)


def by_lookup(change: Change, lookup: bytes) -> AnyRow | None:
    return change.transaction.row(_BY_LOOKUP, hashed=lookup)


def by_slot(change: Change, slot: int) -> AnyRow | None:
    return change.transaction.row(_BY_SLOT, slot=slot)


def by_id(change: Change, contact: AnyRow, identifier: UUID) -> AnyRow:
    """Raises NotFoundError for what this contact does not have."""
    row = change.transaction.row(_BY_ID, identifier=identifier)
    if row is None or row.contact != contact.key:
        raise NotFoundError("this contact has no such address")
    return row


def of_contact(change: Change, key: int) -> Sequence[AnyRow]:
    return change.transaction.rows(_OF_CONTACT, owner=key)


def found(connection: Connection, lookup: bytes) -> AddressRow | None:
    row = connection.execute(_BY_LOOKUP, {"hashed": lookup}).first()
    return None if row is None else address_of(row)


def reveal(connection: Connection, vault: Vault, slot: int) -> Secret | None:
    row = connection.execute(_SEALED, {"slot": slot}).first()
    return None if row is None else vault.open(bytes(row.value), bytes(row.lookup), AddressKind(row.kind))


def _take_over(change: Change, there: AnyRow, contact: AnyRow, rule: ConsentRule) -> AnyRow | None:
    """The address of another: None where it was removed there, since a browser is with whoever uses it now. What an
    operator had written down becomes this contact's, in its slot. Raises AddressTakenError.
    """
    if there.contact_state == WRITTEN:
        change.transaction.write(_REPLACE.values(contact=contact.key), slot=there.key)
        touch(change, there.contact, state=ERASED)
        touch(change, contact.key)
        change.directory = True
        row = by_slot(change, there.key)
        assert row is not None, "it was just written"
        if row.state != AddressState.SUPPRESSED.value:
            enter(change, row, WRITTEN_DOWN, rule)
        return by_slot(change, there.key)
    if AddressKind(there.kind) in OUTLIVE:
        raise AddressTakenError(f"{there.shown} belongs to another contact: a {there.kind} has one owner")
    remove(change, there)
    return None


def _insert(change: Change, contact: AnyRow, draft: AddressDraft, *, by_person: bool) -> AnyRow:
    """Raises SuppressedError."""
    value, lookup = draft.value, change.vault.lookup(draft.value)
    barred = suppressions.in_force(change, lookup) if value.kind in OUTLIVE else None
    if barred is not None and not by_person:
        raise _suppressed(value.shown, barred.why)
    (key,) = change.transaction.keys_of(
        _NEW,
        [
            {
                "id": new_id(change.now),
                "contact": contact.key,
                "kind": value.kind.value,
                "device": draft.device,
                "state": (AddressState.SUPPRESSED if barred else AddressState.UNVERIFIED).value,
                "why": barred and barred.why.value,
                "consent": (Consent.WITHDRAWN if barred else Consent.NONE).value,
                "created_at": change.now,
                **_seen(change, draft, lookup),
            }
        ],
    )
    touch(change, contact.key)
    change.directory = True
    row = by_slot(change, key)
    assert row is not None, "it was just written"
    return row


def _see_again(change: Change, row: AnyRow, draft: AddressDraft) -> AnyRow:
    """It has the value that it has now. Nobody has to look again where that is the one it had."""
    lookup = change.vault.lookup(draft.value)
    change.transaction.write(_REPLACE.values(**_seen(change, draft, lookup)), slot=row.key)
    if lookup != bytes(row.lookup):
        touch(change, row.contact)
        change.directory = True
    again = by_slot(change, row.key)
    assert again is not None, "its contact is held"
    return again


def _seen(change: Change, draft: AddressDraft, lookup: bytes) -> dict[str, Any]:
    value = draft.value
    change.sealed = True
    told: dict[str, Any] = {
        "value": change.vault.seal(value, lookup),
        "lookup": lookup,
        "shown": value.shown,
        "zone": value.zone,
    }
    if value.kind in OUTLIVE:
        return told
    return told | {
        "app": change.vault.app(value),
        "platform": draft.platform,
        "app_version": draft.app_version,
        "sounds": orjson.dumps(draft.sounds).decode() if draft.sounds else None,
        "last_seen_at": change.now,
    }


def _implied(row: AnyRow, author: str) -> ConsentDraft | None:
    """Whoever registers a device or browser has allowed it there, and shows that it lives. An app does so whenever it
    starts: that says nothing anew, and nothing against its owner's stop. Pressing a button in a browser does.
    """
    kind, state = AddressKind(row.kind), AddressState(row.state)
    stopped = state is AddressState.SUPPRESSED and kind is AddressKind.DEVICE
    if kind in OUTLIVE or state is AddressState.ACTIVE or stopped:
        return None
    return ConsentDraft(event=ConsentEvent.CONFIRMED, source=ConsentSource.API, author=author)


def _with_consent(change: Change, row: AnyRow, draft: ConsentDraft | None, rule: ConsentRule) -> AddressRow:
    return address_of(row) if draft is None else enter(change, row, draft, rule).address


def _refuse_suppressed(row: AnyRow, *, by_person: bool) -> None:
    kind = AddressKind(row.kind)
    if kind in OUTLIVE and row.state == AddressState.SUPPRESSED.value and not by_person:
        raise _suppressed(row.shown, AddressWhy(row.why))


def _suppressed(shown: str, why: AddressWhy) -> SuppressedError:
    return SuppressedError(
        f"{shown} does not want to be told ({why}): only its owner can change that, by START, a new code or a new link"
    )
