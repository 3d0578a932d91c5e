"""What people were asked or told: each text once, by its hash."""

import hashlib

from sqlalchemy import Connection, bindparam, insert, select, update

from tocsin.ledger.contract.people import WordingRow
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.rows import wording_of
from tocsin.ledger.people.schema import wordings

_OF_HASH = select(wordings).where(wordings.c.sha256 == bindparam("digest"))
_OF_VERSION = select(wordings).where(wordings.c.version == bindparam("name")).order_by(wordings.c.at.desc()).limit(1)
_NEW = insert(wordings)
_NAME = update(wordings).where(wordings.c.sha256 == bindparam("digest"))


def keep(change: Change, version: str, text: str) -> WordingRow:
    """From now on the version stands for this text."""
    digest = _kept(change, text)
    change.transaction.write(_NAME, digest=digest, version=version)
    change.wordings.clear()
    row = change.transaction.row(_OF_HASH, digest=digest)
    assert row is not None, "it was just written"
    return wording_of(row)


def meant(change: Change, told: str) -> WordingRow:
    """The text whose version this is, or this text, which is kept then. Within one change it is looked for once."""
    if told not in change.wordings:
        row = change.transaction.row(_OF_VERSION, name=told)
        row = row or change.transaction.row(_OF_HASH, digest=_kept(change, told))
        assert row is not None, "it is kept"
        change.wordings[told] = wording_of(row)
    return change.wordings[told]


def wording(connection: Connection, digest: str) -> WordingRow | None:
    row = connection.execute(_OF_HASH, {"digest": digest}).first()
    return None if row is None else wording_of(row)


def _kept(change: Change, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    if change.transaction.row(_OF_HASH, digest=digest) is None:
        change.transaction.write(_NEW, sha256=digest, text=text, at=change.now)
    return digest
