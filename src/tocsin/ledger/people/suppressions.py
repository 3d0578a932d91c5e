"""Who is not to be told: keyed hashes, which outlive an erased contact."""

from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from tocsin.core.address import AddressKind, AddressWhy
from tocsin.core.alert import new_id
from tocsin.core.errors import NotFoundError
from tocsin.ledger.contract import Page
from tocsin.ledger.contract.people import SuppressionRow
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.history.page import below, bounded, page_of
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.rows import suppression_of
from tocsin.ledger.people.schema import IN_FORCE, suppressions

_LIST = "suppressions"
_OF_LOOKUP = select(suppressions).where(suppressions.c.lookup == bindparam("hashed"), IN_FORCE)
_OF_ID = select(suppressions).where(suppressions.c.id == bindparam("identifier"))
_NEW = insert(suppressions)
_LIFT = update(suppressions).where(suppressions.c.id == bindparam("identifier"), IN_FORCE)
_BLIND = update(suppressions).where(suppressions.c.lookup == bindparam("hashed")).values(shown="")


def in_force(change: Change, lookup: bytes) -> SuppressionRow | None:
    row = change.transaction.row(_OF_LOOKUP, hashed=lookup)
    return None if row is None else suppression_of(row)


def suppress(
    change: Change, kind: AddressKind, lookup: bytes, *, shown: str, why: AddressWhy, reason: str, author: str
) -> SuppressionRow:
    """One that is in force stays as it is."""
    known = in_force(change, lookup)
    if known is not None:
        return known
    row = SuppressionRow(
        id=new_id(change.now), kind=kind, shown=shown, why=why, reason=reason, author=author, at=change.now
    )
    change.transaction.write(
        _NEW,
        id=row.id,
        kind=kind.value,
        lookup=lookup,
        shown=shown,
        why=why.value,
        reason=reason,
        author=author,
        at=row.at,
    )
    return row


def lift(change: Change, identifier: UUID, *, reason: str, author: str) -> tuple[SuppressionRow, bytes]:
    """And the hash of whom it was about. Raises NotFoundError where none is in force."""
    how = {"lifted_at": change.now, "lifted_by": author, "lifted_reason": reason}
    if not change.transaction.write(_LIFT, identifier=identifier, **how):
        raise NotFoundError("there is no such suppression in force")
    row = change.transaction.row(_OF_ID, identifier=identifier)
    assert row is not None, "it was just written"
    return suppression_of(row), bytes(row.lookup)


def blind(change: Change, lookup: bytes) -> None:
    """Its owner was erased: nothing of the value may be seen any more."""
    change.transaction.write(_BLIND, hashed=lookup)


def listed(connection: Connection, kind: AddressKind | None, limit: int, page: str | None) -> Page[SuppressionRow]:
    """Newest first."""
    question = select(suppressions).order_by(suppressions.c.key.desc()).limit(bounded(limit) + 1)
    if kind is not None:
        question = question.where(suppressions.c.kind == kind.value)
    if (key := below(page, _LIST)) is not None:
        question = question.where(suppressions.c.key < key)
    rows: list[AnyRow] = list(connection.execute(question))
    return page_of(rows, limit, _LIST, suppression_of)
