"""A contact is held while it is changed, and its version tells that it was."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from tocsin.core.errors import NotFoundError
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.schema import contacts

THERE, WRITTEN, ERASED = "active", "written", "erased"

IS_THERE = contacts.c.state == THERE

_BY_ID = select(contacts).where(contacts.c.id == bindparam("identifier"), IS_THERE).with_for_update()
_BY_KEY = select(contacts).where(contacts.c.key == bindparam("number")).with_for_update()
_TOUCH = (
    update(contacts)
    .where(contacts.c.key == bindparam("number"))
    .values(version=contacts.c.version + 1, updated_at=bindparam("now", type_=contacts.c.updated_at.type))
)


def held(change: Change, identifier: UUID) -> AnyRow:
    """Raises NotFoundError, for one that was erased too."""
    row = change.transaction.row(_BY_ID, identifier=identifier)
    if row is None:
        raise nobody()
    return row


def held_by_key(change: Change, key: int) -> AnyRow:
    row = change.transaction.row(_BY_KEY, number=key)
    assert row is not None, "contacts keep their row"
    return row


def touch(change: Change, key: int, **values: Any) -> None:
    """`values` are columns that get another value with it."""
    change.transaction.write(_TOUCH.values(**values) if values else _TOUCH, number=key, now=change.now)


def nobody() -> NotFoundError:
    return NotFoundError("there is no such contact")
