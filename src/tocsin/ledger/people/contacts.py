"""Contacts are made, replaced, changed and erased."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import bindparam, delete, insert, select, update

from tocsin.core.address import AddressKind, AddressWhy, Consent
from tocsin.core.alert import new_id
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.errors import ChangedMeanwhileError, ExternalIdTakenError
from tocsin.core.search import folded
from tocsin.ledger.contract.people import ConsentDraft, ConsentRule, ContactChange, ContactDraft, ContactRow, Erased
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people import addresses, lists, questions, suppressions
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.consents import OUTLIVE, enter
from tocsin.ledger.people.held import ERASED, IS_THERE, THERE, held, held_by_key, touch
from tocsin.ledger.people.rows import contacts_of
from tocsin.ledger.people.schema import consents, contact_tags, contacts, preferences
from tocsin.ledger.purchases.schema import purchases

_NEW = insert(contacts).returning(contacts.c.key)
_BY_EXTERNAL_ID = select(contacts).where(contacts.c.external_id == bindparam("outside"), IS_THERE).with_for_update()
_BY_TOKEN = select(contacts).where(contacts.c.token == bindparam("whose"), IS_THERE).with_for_update()
_TAGS = select(contact_tags.c.tag).where(contact_tags.c.contact == bindparam("number"))
_TAG = insert(contact_tags)
_UNTAG = delete(contact_tags).where(contact_tags.c.contact == bindparam("number"))
_FORGET_PREFERENCES = delete(preferences).where(preferences.c.contact == bindparam("number"))
_PREFER = insert(preferences)
_OF_NOBODY = update(purchases).where(purchases.c.contact == bindparam("number")).values(contact=None)
_BLIND = (
    update(consents).where(consents.c.contact == bindparam("number")).values(ip=None, user_agent=None, evidence=None)
)

# Of a contact, these are known to whoever decides who is told.
_TELLING = frozenset({"zone", "locale", "tags", "paused_until"})


def create(change: Change, draft: ContactDraft, author: str, rule: ConsentRule, *, by_person: bool) -> ContactRow:
    row = make(change, draft)
    for address in draft.addresses or ():
        addresses.add(change, row, address, author, rule, by_person=by_person)
    return told(change, row.key)


def put(
    change: Change, external_id: str, draft: ContactDraft, author: str, rule: ConsentRule
) -> tuple[ContactRow, bool]:
    there = by_external_id(change, external_id)
    row = there or make(change, draft, external_id=external_id)
    if there is not None:
        write(change, there, name=draft.name, zone=draft.zone, locale=draft.locale, tags=draft.tags)
    if draft.addresses is not None:
        wanted = {change.vault.lookup(address.value): address for address in draft.addresses}
        addresses.keep_only(change, row, frozenset(wanted))
        has = {bytes(address.lookup) for address in addresses.of_contact(change, row.key)}
        for lookup, address in wanted.items():
            if lookup not in has or address.consent is not None:
                addresses.add(change, row, address, author, rule, by_person=lookup in has)
    return told(change, row.key), there is None


def alter(change: Change, identifier: UUID, changes: ContactChange, version: int | None) -> ContactRow:
    row = held(change, identifier)
    if version is not None and row.version != version:
        raise ChangedMeanwhileError(f"it is at version {row.version} by now, not at {version}: read it again")
    write(change, row, **changes)
    return told(change, row.key)


def of_token(change: Change, token: str, name: str) -> ContactRow:
    row = change.transaction.row(_BY_TOKEN, whose=token)
    if row is None:
        row = make(change, ContactDraft(name=name), token=token)
    return told(change, row.key)


def prefer(change: Change, identifier: UUID, body: Any) -> ContactRow:
    row = held(change, identifier)
    change.transaction.write(_FORGET_PREFERENCES, number=row.key)
    if body:
        change.transaction.write(
            _PREFER, contact=row.key, body=orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode()
        )
    touch(change, row.key)
    change.directory = True
    return told(change, row.key)


def erase(change: Change, identifier: UUID, author: str, rule: ConsentRule, source: ConsentSource) -> Erased:
    """What is kept of the person is out, and cannot be undone: not by an import either."""
    row = held(change, identifier)
    leave = ConsentDraft(event=ConsentEvent.WITHDRAWN, source=source, author=author, why=AddressWhy.ERASED)
    for address in addresses.of_contact(change, row.key):
        if address.consent == Consent.GRANTED.value:
            enter(change, address, leave, rule)
        if AddressKind(address.kind) in OUTLIVE:
            _keep_out(change, address, author)
        addresses.remove(change, address)
    change.transaction.write(_BLIND, number=row.key)
    change.transaction.write(_OF_NOBODY, number=row.key)
    change.transaction.write(_FORGET_PREFERENCES, number=row.key)
    questions.forget(change.transaction, row.key)
    change.transaction.write(_UNTAG, number=row.key)
    lists.drop(change, identifier)
    nothing = dict.fromkeys(("external_id", "zone", "locale", "paused_until", "token"))
    touch(change, row.key, name="", searched="", state=ERASED, **nothing)
    change.directory = True
    return Erased(change.now)


def make(
    change: Change,
    draft: ContactDraft,
    *,
    external_id: str | None = None,
    token: str | None = None,
    state: str = THERE,
) -> AnyRow:
    """Without its addresses."""
    external_id = external_id or draft.external_id
    _refuse_taken(change, external_id)
    values = {
        "id": new_id(change.now),
        "external_id": external_id,
        "name": draft.name,
        "searched": _searched(draft.name, external_id),
        "zone": draft.zone,
        "locale": draft.locale,
        "state": state,
        "token": token,
        "version": 1,
        "created_at": change.now,
        "updated_at": change.now,
    }
    (key,) = change.transaction.keys_of(_NEW, [values])
    _tag(change, key, sorted(draft.tags))
    change.directory = change.directory or bool(draft.tags)
    return held_by_key(change, key)


def write(change: Change, row: AnyRow, **changes: Any) -> bool:
    """What is another than it was; whether anything is."""
    was = {name: tags_of(change, row.key) if name == "tags" else getattr(row, name) for name in changes}
    values = {name: value for name, value in changes.items() if value != was[name]}
    if not values:
        return False
    if values.get("external_id"):
        _refuse_taken(change, values["external_id"])
    change.directory = change.directory or not _TELLING.isdisjoint(values)
    if "tags" in values:
        change.transaction.write(_UNTAG, number=row.key)
        _tag(change, row.key, sorted(values.pop("tags")))
    if {"name", "external_id"} & values.keys():
        values["searched"] = _searched(values.get("name", row.name), values.get("external_id", row.external_id))
    touch(change, row.key, **values)
    return True


def by_external_id(change: Change, external_id: str) -> AnyRow | None:
    return change.transaction.row(_BY_EXTERNAL_ID, outside=external_id)


def tags_of(change: Change, key: int) -> frozenset[str]:
    return frozenset(row.tag for row in change.transaction.rows(_TAGS, number=key))


def told(change: Change, key: int) -> ContactRow:
    """As it stands now."""
    (row,) = contacts_of(change.transaction.connection, [held_by_key(change, key)], change.now)
    return row


def _tag(change: Change, key: int, tags: Sequence[str]) -> None:
    change.transaction.write_each(_TAG, [{"contact": key, "tag": tag} for tag in tags])


def _refuse_taken(change: Change, external_id: str | None) -> None:
    if external_id is not None and by_external_id(change, external_id) is not None:
        raise ExternalIdTakenError("another contact has this external_id: change that one")


def _keep_out(change: Change, address: AnyRow, author: str) -> None:
    lookup = bytes(address.lookup)
    suppressions.suppress(
        change,
        AddressKind(address.kind),
        lookup,
        shown="",
        why=AddressWhy.ERASED,
        reason="its contact was erased",
        author=author,
    )
    suppressions.blind(change, lookup)


def _searched(name: str, external_id: str | None) -> str:
    return "\n".join(folded(text) for text in (name, external_id) if text)
