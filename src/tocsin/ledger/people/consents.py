"""Consent is entered, never changed. The newest entry of an address decides how it stands."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, insert, select, update

from tocsin.core.address import AddressKind, AddressState, Consent
from tocsin.core.alert import new_id
from tocsin.core.consent import ConsentEvent, ConsentSource, Standing
from tocsin.ledger.contract import Page
from tocsin.ledger.contract.people import AddressRow, ChainCheck, ConsentDraft, ConsentRow, ConsentRule, Entered
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.history.page import below, bounded, page_of
from tocsin.ledger.people import chain, suppressions, wordings
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.held import ERASED, held_by_key, nobody, touch
from tocsin.ledger.people.rows import CONSENTS, address_of, consent_of
from tocsin.ledger.people.schema import addresses, consents, contacts
from tocsin.ledger.people.vault import Vault

_LIST = "consents"
OUTLIVE = frozenset({AddressKind.PHONE, AddressKind.MAILBOX})  # whose suppression outlives them

# Whoever an operator writes into the configuration has consented by standing there.
WRITTEN_DOWN = ConsentDraft(event=ConsentEvent.CONFIRMED, source=ConsentSource.OPERATOR, author="configuration")

_NEW = insert(consents)
_NEWEST = select(func.max(consents.c.at)).where(
    consents.c.contact == bindparam("owner"), consents.c.address == bindparam("of")
)
_STAND = update(addresses).where(addresses.c.key == bindparam("slot"))
_OF_CONTACT = CONSENTS.where(contacts.c.id == bindparam("identifier"))
_BY_ID = select(contacts).where(contacts.c.id == bindparam("identifier"))


def enter(change: Change, address: AnyRow, draft: ConsentDraft, rule: ConsentRule) -> Entered:
    """`address` is a row of `ADDRESS`, whose contact is held."""
    at = min(draft.at or change.now, change.now)
    before = address_of(address).standing
    newest = change.transaction.row(_NEWEST, owner=address.contact, of=address.id)
    overtaken = newest is not None and newest[0] is not None and newest[0] > at
    standing = before if overtaken else rule(before, draft.event, draft.why)
    entry = _write(change, address, draft, at)
    return Entered(entry, _stand(change, address, standing, draft), moved=before != standing)


def of_contact(connection: Connection, identifier: UUID) -> tuple[ConsentRow, ...]:
    """Oldest first. Raises NotFoundError for a contact that never was."""
    _contact(connection, identifier)
    return _entries(connection, identifier)


def since(connection: Connection, begin: datetime | None, limit: int, page: str | None) -> Page[ConsentRow]:
    """In the order in which they were entered."""
    question = CONSENTS.limit(bounded(limit) + 1)
    if begin is not None:
        question = question.where(consents.c.entered_at >= begin)
    if (last := below(page, _LIST)) is not None:
        question = question.where(consents.c.key > last)
    return page_of(list(connection.execute(question)), limit, _LIST, consent_of)


def checked(connection: Connection, vault: Vault, identifier: UUID) -> ChainCheck:
    contact = _contact(connection, identifier)
    entries = _entries(connection, identifier)
    if vault.empty:
        return ChainCheck(len(entries), broken=bool(entries))
    return chain.check(vault, entries, contact.consent_head, erased=contact.state == ERASED)


def _entries(connection: Connection, identifier: UUID) -> tuple[ConsentRow, ...]:
    return tuple(map(consent_of, connection.execute(_OF_CONTACT, {"identifier": identifier})))


def _contact(connection: Connection, identifier: UUID) -> AnyRow:
    row = connection.execute(_BY_ID, {"identifier": identifier}).first()
    if row is None:
        raise nobody()
    return row


def _write(change: Change, address: AnyRow, draft: ConsentDraft, at: datetime) -> ConsentRow:
    contact = held_by_key(change, address.contact)
    evidence, provider = chain.packed(draft.evidence), chain.packed(draft.provider)
    wording = None if draft.wording is None else wordings.meant(change, draft.wording)
    entry = ConsentRow(
        id=new_id(change.now),
        contact=contact.id,
        at=at,
        address=address.id,
        lookup=bytes(address.lookup),
        channel=AddressKind(address.kind).channel,
        event=draft.event,
        source=draft.source,
        wording=None if wording is None else wording.sha256,
        wording_version=None if wording is None else wording.version,
        ip=draft.ip,
        user_agent=draft.user_agent,
        evidence=draft.evidence,
        private=chain.private_of(change.vault, draft.ip, draft.user_agent, evidence),
        provider=draft.provider,
        author=draft.author,
        previous=contact.consent_head,
        hash="",
    )
    entry = replace(entry, hash=chain.hash_of(entry))
    stored = {name: getattr(entry, name) for name in _AS_THEY_ARE} | {"event": entry.event.value}
    stored |= {"source": entry.source.value, "evidence": evidence, "provider": provider}
    change.transaction.write(_NEW, contact=contact.key, entered_at=change.now, **stored)
    touch(change, contact.key, consent_head=entry.hash)
    return entry


_AS_THEY_ARE = (
    *("id", "at", "address", "lookup", "channel", "wording", "ip", "user_agent"),
    *("private", "author", "previous", "hash"),
)


def _stand(change: Change, address: AnyRow, after: Standing, draft: ConsentDraft) -> AddressRow:
    kind, lookup, before = AddressKind(address.kind), bytes(address.lookup), address_of(address)
    verified_at = change.now if draft.event is ConsentEvent.CONFIRMED else before.verified_at
    row = replace(before, state=after.state, why=after.why, consent=after.consent, verified_at=verified_at)
    if row == before:
        return row
    why = after.why and after.why.value
    change.transaction.write(
        _STAND, slot=row.slot, state=row.state.value, why=why, consent=row.consent.value, verified_at=verified_at
    )
    if before.standing == after:
        return row
    change.directory = True
    if _may_be_told(before.standing) and not _may_be_told(after):
        change.left.add(row.slot)
    if kind not in OUTLIVE:
        return row
    if after.state is AddressState.SUPPRESSED and after.why is not None:
        suppressions.suppress(
            change, kind, lookup, shown=row.shown, why=after.why, reason=draft.event.value, author=draft.author
        )
    elif before.state is AddressState.SUPPRESSED and (known := suppressions.in_force(change, lookup)):
        suppressions.lift(change, known.id, reason=draft.event.value, author=draft.author)
    return row


def _may_be_told(standing: Standing) -> bool:
    return standing.state is AddressState.ACTIVE and standing.consent is Consent.GRANTED
