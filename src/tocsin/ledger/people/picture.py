"""A picture of all people is read at once, as sets of slots: as far as it decides who is told, and no further."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from tocsin.core.address import AddressKind, AddressState, Consent
from tocsin.core.recipients import Audience, audience_of
from tocsin.ledger.contract.people import Picture
from tocsin.ledger.engine.schema import stream
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people.schema import addresses, contact_tags, contacts, preferences

_VERSION = select(stream.c.directory_version)
_ADDRESSES = select(*(addresses.c[name] for name in ("key", "contact", "kind", "state", "consent"))).order_by(
    addresses.c.key
)
_TAGS = select(contact_tags.c.tag, addresses.c.key).join(addresses, addresses.c.contact == contact_tags.c.contact)
_PAUSED = (
    select(contacts.c.paused_until, addresses.c.key)
    .join(addresses, addresses.c.contact == contacts.c.key)
    .where(contacts.c.paused_until.is_not(None))
)
_WISHES = (
    select(preferences.c.body, func.coalesce(contacts.c.zone, addresses.c.zone), addresses.c.key)
    .join(contacts, contacts.c.key == preferences.c.contact)
    .join(addresses, addresses.c.contact == contacts.c.key)
)


def picture(connection: Connection) -> Picture:
    """Read it whole. The version comes first: what changes meanwhile makes it old, and never wrong."""
    version = connection.scalar(_VERSION) or 0
    kinds: defaultdict[str, list[int]] = defaultdict(list)
    suppressed, willing, owners = [], [], array("q", [0])
    for slot, contact, kind, state, consent in connection.execute(_ADDRESSES):
        kinds[kind].append(slot)
        if state == AddressState.SUPPRESSED.value:
            suppressed.append(slot)
        elif state == AddressState.ACTIVE.value and consent == Consent.GRANTED.value:
            willing.append(slot)
        if slot >= len(owners):
            owners.extend([0] * (slot + 1 - len(owners)))
        owners[slot] = contact
    wishes: defaultdict[tuple[str, str | None], list[int]] = defaultdict(list)
    for body, zone, slot in connection.execute(_WISHES):
        wishes[body, zone].append(slot)
    return Picture(
        version=version,
        kinds={AddressKind(kind): audience_of(slots) for kind, slots in kinds.items()},
        tags=_grouped(connection.execute(_TAGS)),
        suppressed=audience_of(suppressed),
        willing=audience_of(willing),
        paused=tuple(_grouped(connection.execute(_PAUSED)).items()),
        wishes={wish: audience_of(slots) for wish, slots in wishes.items()},
        contacts=owners,
    )


def _grouped(rows: Iterable[AnyRow]) -> Mapping[Any, Audience]:
    found: defaultdict[Any, list[int]] = defaultdict(list)
    for group, slot in rows:
        found[group].append(slot)
    return {group: audience_of(slots) for group, slots in found.items()}
