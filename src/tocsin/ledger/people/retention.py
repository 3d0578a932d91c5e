"""Codes that were asked for, rows that were imported and sign-ups that nobody finished are forgotten, the oldest first.
Consents never are.
"""

from datetime import datetime

from sqlalchemy import BindParameter, bindparam, delete, exists, or_, select, tuple_

from tocsin.core.address import AddressState
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import Moment
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.held import THERE
from tocsin.ledger.people.schema import addresses, consents, contact_tags, contacts, imports, verifications

_BEFORE = bindparam("before", type_=Moment)
_MOST: BindParameter[int] = bindparam("most")
_VERIFICATIONS = delete(verifications).where(
    verifications.c.key.in_(
        select(verifications.c.key)
        .where(verifications.c.sent_at < _BEFORE, verifications.c.expires_at < _BEFORE)
        .order_by(verifications.c.key)
        .limit(_MOST)
    )
)
_ROW = (imports.c.file, imports.c.row)
_IMPORTS = delete(imports).where(tuple_(*_ROW).in_(select(*_ROW).where(imports.c.at < _BEFORE).limit(_MOST)))


_OPEN = exists().where(
    addresses.c.contact == contacts.c.key,
    or_(
        addresses.c.state != AddressState.UNVERIFIED.value,
        exists().where(verifications.c.address == addresses.c.key, verifications.c.expires_at >= _BEFORE),
    ),
)
_AGREED = exists().where(consents.c.contact == contacts.c.key)
_TAGGED = exists().where(contact_tags.c.contact == contacts.c.key)
# As the page makes them: with an address, and nothing else.
_UNFINISHED = (
    select(contacts.c.key)
    .where(contacts.c.state == THERE, contacts.c.created_at < _BEFORE, contacts.c.updated_at < _BEFORE)
    .where(contacts.c.name == "", contacts.c.external_id.is_(None), contacts.c.token.is_(None))
    .where(exists().where(addresses.c.contact == contacts.c.key), ~_OPEN, ~_AGREED, ~_TAGGED)
    .order_by(contacts.c.key)
    .limit(_MOST)
)
_THEIR_ADDRESSES = delete(addresses).where(among(addresses.c.contact, "keys"))
_THEM = delete(contacts).where(among(contacts.c.key, "keys"))


def prune(change: Change, before: datetime, limit: int) -> int:
    done = sum(change.transaction.write(forget, before=before, most=limit) for forget in (_VERIFICATIONS, _IMPORTS))
    return done + prune_sign_ups(change, before, limit)


def prune_sign_ups(change: Change, before: datetime, limit: int) -> int:
    """Forget whoever was written down on the page and never came back with the code: nobody knows whose number it is,
    and nothing was ever agreed to.
    """
    left = [row.key for row in change.transaction.rows(_UNFINISHED, before=before, most=limit)]
    if left:
        change.transaction.write(_THEIR_ADDRESSES, keys=left)
        change.transaction.write(_THEM, keys=left)
        change.directory = True
    return len(left)
