"""Tokens of callers are stored as digests only."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from tocsin.core.part import Part
from tocsin.ledger.contract import TokenRow
from tocsin.ledger.engine.schema import tokens
from tocsin.ledger.engine.transaction import Transaction

_ADD = insert(tokens)
_REVOKE = update(tokens).where(tokens.c.id == bindparam("of"), tokens.c.revoked_at.is_(None))
_RENEW = update(tokens).where(tokens.c.id == bindparam("of"), tokens.c.revoked_at.is_(None))
_KNOWN = select(tokens.c.id).where(tokens.c.id == bindparam("of"))
_TOUCH = update(tokens).where(tokens.c.id == bindparam("of"))
_ALL = select(tokens).order_by(tokens.c.created_at, tokens.c.id)


def add(transaction: Transaction, token: TokenRow) -> None:
    transaction.changed.add(Part.TOKENS)
    transaction.write(
        _ADD,
        id=token.id,
        name=token.name,
        digest=token.digest,
        scopes=" ".join(sorted(token.scopes)),
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        last_used_at=token.last_used_at,
    )


def keep(transaction: Transaction, token: TokenRow) -> None:
    if transaction.write(_RENEW, of=token.id, expires_at=token.expires_at):
        transaction.changed.add(Part.TOKENS)
    elif transaction.row(_KNOWN, of=token.id) is None:
        add(transaction, token)


def revoke(transaction: Transaction, identifier: str) -> bool:
    transaction.changed.add(Part.TOKENS)
    return transaction.write(_REVOKE, of=identifier, revoked_at=transaction.now) > 0


def touch(transaction: Transaction, used: Mapping[str, datetime]) -> None:
    transaction.write_each(_TOUCH, [{"of": identifier, "last_used_at": at} for identifier, at in used.items()])


def listed(connection: Connection) -> tuple[TokenRow, ...]:
    return tuple(
        TokenRow(
            id=row.id,
            name=row.name,
            digest=row.digest,
            scopes=frozenset(row.scopes.split()),
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
        )
        for row in connection.execute(_ALL)
    )
