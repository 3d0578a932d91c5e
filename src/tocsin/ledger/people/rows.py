"""Rows of people become values."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select

from tocsin.core.address import AddressKind, AddressState, AddressWhy, Consent
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.ledger.contract.people import (
    AddressRow,
    ConsentRow,
    ContactRow,
    ContactState,
    SuppressionRow,
    VerificationRow,
    WordingRow,
)
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people.schema import addresses, consents, contact_tags, contacts, preferences, wordings

ADDRESS = (
    *(addresses.c[name] for name in ("key", "id", "kind", "shown", "state", "why", "consent", "zone", "device")),
    *(addresses.c[name] for name in ("platform", "app_version", "sounds", "last_seen_at", "verified_at", "created_at")),
    contacts.c.id.label("contact_id"),
    contacts.c.state.label("contact_state"),
    addresses.c.contact,
    addresses.c.lookup,
    addresses.c.value,
)
ADDRESSES = select(*ADDRESS).join(contacts, contacts.c.key == addresses.c.contact).order_by(addresses.c.key)
CONSENT = (*consents.columns, contacts.c.id.label("contact_id"), wordings.c.version.label("wording_version"))
CONSENTS = (
    select(*CONSENT)
    .join(contacts, contacts.c.key == consents.c.contact)
    .outerjoin(wordings, wordings.c.sha256 == consents.c.wording)
    .order_by(consents.c.key)
)

_OF_CONTACTS = ADDRESSES.where(among(addresses.c.contact, "keys"))
_TAGS = select(contact_tags).where(among(contact_tags.c.contact, "keys")).order_by(contact_tags.c.tag)
_PREFERENCES = select(preferences).where(among(preferences.c.contact, "keys"))


def contacts_of(connection: Connection, rows: Sequence[AnyRow], now: datetime) -> tuple[ContactRow, ...]:
    """From rows of `contacts`, with what belongs to each."""
    keys = {"keys": [row.key for row in rows]}
    reached: dict[int, list[AddressRow]] = {row.key: [] for row in rows}
    for row in connection.execute(_OF_CONTACTS, keys):
        reached[row.contact].append(address_of(row))
    tagged: dict[int, list[str]] = {row.key: [] for row in rows}
    for row in connection.execute(_TAGS, keys):
        tagged[row.contact].append(row.tag)
    preferred = {row.contact: orjson.loads(row.body) for row in connection.execute(_PREFERENCES, keys)}
    return tuple(_contact_of(row, tagged[row.key], reached[row.key], preferred.get(row.key, {}), now) for row in rows)


def _contact_of(
    row: AnyRow, tags: Sequence[str], reached: Sequence[AddressRow], preferred: Mapping[str, Any], now: datetime
) -> ContactRow:
    paused = row.paused_until is not None and row.paused_until > now
    return ContactRow(
        id=row.id,
        external_id=row.external_id,
        name=row.name,
        tags=tuple(tags),
        zone=row.zone,
        locale=row.locale,
        state=ContactState.PAUSED if paused else ContactState.ACTIVE,
        paused_until=row.paused_until,
        addresses=tuple(reached),
        preferences=preferred,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def address_of(row: AnyRow) -> AddressRow:
    """From the columns of `ADDRESS`."""
    return AddressRow(
        slot=row.key,
        id=row.id,
        contact=row.contact_id,
        kind=AddressKind(row.kind),
        shown=row.shown,
        state=AddressState(row.state),
        why=AddressWhy(row.why) if row.why else None,
        consent=Consent(row.consent),
        zone=row.zone,
        device=row.device,
        platform=row.platform,
        app_version=row.app_version,
        sounds=tuple(orjson.loads(row.sounds)) if row.sounds else (),
        last_seen_at=row.last_seen_at,
        verified_at=row.verified_at,
        created_at=row.created_at,
    )


def consent_of(row: AnyRow) -> ConsentRow:
    """From the columns of `CONSENT`."""
    return ConsentRow(
        id=row.id,
        contact=row.contact_id,
        at=row.at,
        address=row.address,
        lookup=bytes(row.lookup),
        channel=row.channel,
        event=ConsentEvent(row.event),
        source=ConsentSource(row.source),
        wording=row.wording,
        wording_version=row.wording_version,
        ip=row.ip,
        user_agent=row.user_agent,
        evidence=orjson.loads(row.evidence) if row.evidence else None,
        private=row.private,
        provider=orjson.loads(row.provider) if row.provider else None,
        author=row.author,
        previous=row.previous,
        hash=row.hash,
    )


def suppression_of(row: AnyRow) -> SuppressionRow:
    return SuppressionRow(
        id=row.id,
        kind=AddressKind(row.kind),
        shown=row.shown,
        why=AddressWhy(row.why),
        reason=row.reason,
        author=row.author,
        at=row.at,
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by,
        lifted_reason=row.lifted_reason,
    )


def verification_of(row: AnyRow) -> VerificationRow:
    """From a row of `verifications` with the id of its address as `address_id`."""
    return VerificationRow(
        id=row.id,
        address=row.address_id,
        way=row.way,
        reference=row.reference,
        started_at=row.started_at,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        sends=row.sends,
        checks=row.checks,
        ended_at=row.ended_at,
        result=row.result,
        consent=orjson.loads(row.consent),
    )


def wording_of(row: AnyRow) -> WordingRow:
    return WordingRow(sha256=row.sha256, version=row.version, text=row.text, at=row.at)
