"""Lists that are kept by calls. Those of the configuration are not here."""

from dataclasses import replace
from uuid import UUID

import orjson
from sqlalchemy import Connection, bindparam, delete, insert, select

from tocsin.ledger.contract.people import ListRow
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.schema import lists

_ALL = select(lists).order_by(lists.c.channel, lists.c.name)
_NEW = insert(lists)
_FORGET = delete(lists).where(lists.c.channel == bindparam("on"), lists.c.name == bindparam("called"))


def keep(change: Change, kept: ListRow) -> bool:
    """In place of what was known of it; whether it is new."""
    known = forget(change, kept.channel, kept.name)
    body = {"tag": kept.tag, "contacts": [str(each) for each in kept.contacts], "max_recipients": kept.max_recipients}
    change.transaction.write(_NEW, channel=kept.channel, name=kept.name, body=orjson.dumps(body).decode())
    change.directory = True
    return not known


def forget(change: Change, channel: str, name: str) -> bool:
    known = change.transaction.write(_FORGET, on=channel, called=name) > 0
    change.directory = change.directory or known
    return known


def drop(change: Change, contact: UUID) -> None:
    """Out of every list that names it."""
    for kept in listed(change.transaction.connection):
        if contact in kept.contacts:
            keep(change, replace(kept, contacts=tuple(each for each in kept.contacts if each != contact)))


def listed(connection: Connection) -> tuple[ListRow, ...]:
    return tuple(map(_list_of, connection.execute(_ALL)))


def _list_of(row: AnyRow) -> ListRow:
    told = orjson.loads(row.body)
    return ListRow(
        channel=row.channel,
        name=row.name,
        tag=told["tag"],
        contacts=tuple(map(UUID, told["contacts"])),
        max_recipients=told["max_recipients"],
    )
