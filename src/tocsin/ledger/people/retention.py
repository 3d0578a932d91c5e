"""Codes that were asked for and rows that were imported are forgotten, the oldest first. Consents never are."""

from datetime import datetime

from sqlalchemy import BindParameter, bindparam, delete, select, tuple_

from tocsin.ledger.engine.schema import Moment
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.schema import imports, verifications

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


def prune(change: Change, before: datetime, limit: int) -> int:
    return sum(change.transaction.write(forget, before=before, most=limit) for forget in (_VERIFICATIONS, _IMPORTS))
