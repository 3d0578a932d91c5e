"""A picture of all people is read at once, as sets of slots: as far as it decides who is told, and no further."""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, bindparam, case, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from tocsin.core.address import AddressKind, AddressState
from tocsin.core.recipients import Audience, audience_of
from tocsin.ledger.contract.people import ListRow, Picture
from tocsin.ledger.engine.schema import stream
from tocsin.ledger.people.lists import listed
from tocsin.ledger.people.reach import WILLING
from tocsin.ledger.people.schema import addresses, contact_tags, contacts, preferences


class _Gathered(FunctionElement[str]):
    """All values of a column in one JSON text: made by the database, it costs a tenth of as many rows."""

    name = "gathered"
    inherit_cache = True


@compiles(_Gathered, "sqlite")
def _on_sqlite(element: _Gathered, compiler: SQLCompiler, **how: Any) -> str:
    (column,) = (compiler.process(clause, **how) for clause in element.clauses)
    return f"json_group_array({column})"


@compiles(_Gathered, "postgresql")
def _on_postgresql(element: _Gathered, compiler: SQLCompiler, **how: Any) -> str:
    (column,) = (compiler.process(clause, **how) for clause in element.clauses)
    return f"json_agg({column})::text"


_SLOTS = _Gathered(addresses.c.key).label("slots")
_VERSION = select(stream.c.directory_version)
_ALL = select(_SLOTS, _Gathered(addresses.c.contact).label("owners"))
_KINDS = {kind: select(_SLOTS).where(addresses.c.kind == kind.value) for kind in AddressKind}
_SUPPRESSED = select(_SLOTS).where(addresses.c.state == AddressState.SUPPRESSED.value)
_WILLING = select(_SLOTS).where(*WILLING)
_TAGS = (
    select(contact_tags.c.tag, _SLOTS)
    .join(addresses, addresses.c.contact == contact_tags.c.contact)
    .group_by(contact_tags.c.tag)
)
_PAUSED = (
    select(contacts.c.paused_until, _SLOTS)
    .join(addresses, addresses.c.contact == contacts.c.key)
    .where(contacts.c.paused_until.is_not(None))
    .group_by(contacts.c.paused_until)
)
_FIRST, _LAST = func.min(addresses.c.zone), func.max(addresses.c.zone)
_BY_NUMBER = (  # a mailbox or a device says nothing of where a person lives, whose number may; two may contradict
    select(addresses.c.contact, case((_FIRST == _LAST, _FIRST)).label("zone"))
    .where(addresses.c.zone.is_not(None))
    .group_by(addresses.c.contact)
    .subquery()
)
_ZONE = func.coalesce(contacts.c.zone, addresses.c.zone, _BY_NUMBER.c.zone)
_WISHES = (
    select(preferences.c.body, _ZONE, _SLOTS)
    .join(contacts, contacts.c.key == preferences.c.contact)
    .join(addresses, addresses.c.contact == contacts.c.key)
    .outerjoin(_BY_NUMBER, _BY_NUMBER.c.contact == contacts.c.key)
    .group_by(preferences.c.body, _ZONE)
)
_ZONES = (
    select(_ZONE, _SLOTS)
    .select_from(addresses)
    .join(contacts, contacts.c.key == addresses.c.contact)
    .outerjoin(_BY_NUMBER, _BY_NUMBER.c.contact == contacts.c.key)
    .where(_ZONE.is_not(None))
    .group_by(_ZONE)
)
_NAMED = (
    select(contacts.c.id, addresses.c.key)
    .join(addresses, addresses.c.contact == contacts.c.key)
    .where(contacts.c.id.in_(bindparam("named", expanding=True)))
)
_AT_ONCE = 10_000  # contacts: a statement takes no more than some ten thousand parameters


def picture(connection: Connection) -> Picture:
    """Read it whole. The version comes first: what changes meanwhile makes it old, and never wrong."""
    return Picture(
        version=version(connection),
        kinds={kind: _audience(connection.scalar(of_kind)) for kind, of_kind in _KINDS.items()},
        tags={tag: _audience(slots) for tag, slots in connection.execute(_TAGS)},
        suppressed=_audience(connection.scalar(_SUPPRESSED)),
        willing=_audience(connection.scalar(_WILLING)),
        paused=tuple((until, _audience(slots)) for until, slots in connection.execute(_PAUSED)),
        wishes={(body, zone): _audience(slots) for body, zone, slots in connection.execute(_WISHES)},
        lists=_lists(connection),
        zones={zone: _audience(slots) for zone, slots in connection.execute(_ZONES)},
        contacts=_owners(*connection.execute(_ALL).one()),
    )


def version(connection: Connection) -> int:
    return connection.scalar(_VERSION) or 0


def _lists(connection: Connection) -> tuple[tuple[ListRow, Audience], ...]:
    kept = listed(connection)
    named = list({contact for each in kept for contact in each.contacts})
    slots: defaultdict[UUID, list[int]] = defaultdict(list)
    for begin in range(0, len(named), _AT_ONCE):
        for contact, slot in connection.execute(_NAMED, {"named": named[begin : begin + _AT_ONCE]}):
            slots[contact].append(slot)
    return tuple((each, audience_of(slot for contact in each.contacts for slot in slots[contact])) for each in kept)


def _owners(slots: str | None, owners: str | None) -> Sequence[int]:
    """At each slot: whose it is."""
    known = _numbers(slots)
    found = array("q", bytes(8 * (max(known, default=0) + 1)))
    for slot, owner in zip(known, _numbers(owners), strict=True):
        found[slot] = owner
    return found


def _audience(slots: str | None) -> Audience:
    return audience_of(_numbers(slots))


def _numbers(text: str | None) -> list[int]:
    """PostgreSQL gathers nothing into nothing."""
    return orjson.loads(text) if text else []
