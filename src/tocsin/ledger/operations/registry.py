"""The registry lists what is kept in memory elsewhere: who may call, and which targets rest."""

from sqlalchemy import Connection, select

from tocsin.ledger.contract import TargetRow, TokenRow
from tocsin.ledger.engine.rows import target_of
from tocsin.ledger.engine.schema import targets, tokens


def disabled(connection: Connection) -> tuple[TargetRow, ...]:
    rows = connection.execute(select(targets).order_by(targets.c.disabled_at))
    return tuple(
        TargetRow(target=target_of(row.target), disabled_at=row.disabled_at, why=row.why, detail=row.detail)
        for row in rows
    )


def tokens_listed(connection: Connection) -> tuple[TokenRow, ...]:
    rows = connection.execute(select(tokens).order_by(tokens.c.created_at, tokens.c.id))
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
        for row in rows
    )
