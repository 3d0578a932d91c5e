"""Contacts are looked for: by words of their name, by an address, by tag, state and kind."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, or_, select

from tocsin.core.address import AddressState
from tocsin.core.errors import Detail, InvalidRequestError
from tocsin.core.search import searched_words
from tocsin.ledger.contract import Page
from tocsin.ledger.contract.people import AddressRow, ContactQuery, ContactRow, ContactState
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.history.names import escaped
from tocsin.ledger.history.page import below, bounded, page_of
from tocsin.ledger.people.held import IS_THERE, nobody
from tocsin.ledger.people.rows import ADDRESSES, address_of, contacts_of
from tocsin.ledger.people.schema import addresses, contact_tags, contacts

_LIST = "contacts"
_BY_ID = select(contacts).where(contacts.c.id == bindparam("identifier"), IS_THERE)
_BY_EXTERNAL_ID = select(contacts).where(contacts.c.external_id == bindparam("outside"), IS_THERE)
_BY_KEYS = select(contacts).where(among(contacts.c.key, "keys"))
_BY_SLOTS = ADDRESSES.where(among(addresses.c.key, "slots"))
_TAGS = (
    select(contact_tags.c.tag, func.count().label("holders")).group_by(contact_tags.c.tag).order_by(contact_tags.c.tag)
)

STATES = tuple(dict.fromkeys((*ContactState, *AddressState)))


def contacts_page(connection: Connection, query: ContactQuery, lookup: bytes | None, now: datetime) -> Page[ContactRow]:
    """Newest first. Raises InvalidRequestError."""
    question = select(contacts).where(IS_THERE, *_conditions(query, lookup, now)).order_by(contacts.c.key.desc())
    if (key := below(query.page, _LIST)) is not None:
        question = question.where(contacts.c.key < key)
    rows: Sequence[AnyRow] = list(connection.execute(question.limit(bounded(query.limit) + 1)))
    whole = dict(zip([row.key for row in rows], contacts_of(connection, rows, now), strict=True))
    return page_of(rows, query.limit, _LIST, lambda row: whole[row.key])


def contact(connection: Connection, identifier: UUID, now: datetime) -> ContactRow:
    row = connection.execute(_BY_ID, {"identifier": identifier}).first()
    if row is None:
        raise nobody()
    return contacts_of(connection, [row], now)[0]


def by_external_id(connection: Connection, external_id: str, now: datetime) -> ContactRow | None:
    row = connection.execute(_BY_EXTERNAL_ID, {"outside": external_id}).first()
    return None if row is None else contacts_of(connection, [row], now)[0]


def by_slots(
    connection: Connection, slots: Sequence[int], now: datetime
) -> Mapping[int, tuple[AddressRow, ContactRow]]:
    rows = list(connection.execute(_BY_SLOTS, {"slots": list(slots)}))
    owners = list(connection.execute(_BY_KEYS, {"keys": list({row.contact for row in rows})}))
    whole = dict(zip([row.key for row in owners], contacts_of(connection, owners, now), strict=True))
    return {row.key: (address_of(row), whole[row.contact]) for row in rows}


def tags(connection: Connection) -> Mapping[str, int]:
    return {row.tag: row.holders for row in connection.execute(_TAGS)}


def _conditions(query: ContactQuery, lookup: bytes | None, now: datetime) -> list[ColumnElement[bool]]:
    narrowing = [_named(query.text, lookup), _tagged(query.tag), _in_state(query, now)]
    return [condition for condition in narrowing if condition is not None]


def _named(text: str, lookup: bytes | None) -> ColumnElement[bool] | None:
    words = searched_words(text)
    if not words:
        return None
    named = and_(*(contacts.c.searched.like(f"%{escaped(word)}%", escape="\\") for word in words))
    return named if lookup is None else or_(named, _has(addresses.c.lookup == lookup))


def _tagged(tag: str | None) -> ColumnElement[bool] | None:
    if tag is None:
        return None
    return exists().where(contact_tags.c.contact == contacts.c.key, contact_tags.c.tag == tag)


def _in_state(query: ContactQuery, now: datetime) -> ColumnElement[bool] | None:
    """What is asked about addresses holds for one address of the contact."""
    of_kind = [addresses.c.kind == query.kind.value] if query.kind else []
    match query.state:
        case None:
            return _has(*of_kind) if of_kind else None
        case ContactState.PAUSED:
            paused = contacts.c.paused_until > now
            return paused & _has(*of_kind) if of_kind else paused
        case ContactState.ACTIVE if not of_kind:
            return contacts.c.paused_until.is_(None) | (contacts.c.paused_until <= now)
        case state if state in STATES:
            return _has(addresses.c.state == state, *of_kind)
    raise InvalidRequestError(
        "`state` is one of " + ", ".join(STATES), [Detail("state", "is one of " + ", ".join(STATES))]
    )


def _has(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(addresses.c.contact == contacts.c.key, *conditions)
