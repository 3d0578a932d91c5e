"""Versions tell nodes which part of what they keep in memory another one has changed. Each is raised in the transaction
that changes its part, last of all: whoever holds the stream's row waits for nothing any more.
"""

from collections.abc import Mapping

from sqlalchemy import Column, Connection, select, update

from tocsin.core.part import Part
from tocsin.ledger.engine.schema import stream
from tocsin.ledger.engine.transaction import Transaction

# The directory's is raised by who changes people: appends of the same commit are decided by the new one.
_RAISED: dict[Part, Column[int]] = {
    part: stream.c[f"{part}_version"] for part in Part if part not in (Part.STREAM, Part.DIRECTORY)
}
_COLUMNS: Mapping[Part, Column[int]] = {
    Part.STREAM: stream.c.position,
    Part.DIRECTORY: stream.c.directory_version,
    **_RAISED,
}
_ALL = select(*(column.label(part) for part, column in _COLUMNS.items()))


def save(transaction: Transaction) -> None:
    """Raise the versions of what the transaction has changed."""
    changed = {_RAISED[part].name: _RAISED[part] + 1 for part in transaction.changed if part in _RAISED}
    if changed:
        transaction.write(update(stream).values(changed))


def versions(connection: Connection) -> Mapping[Part, int]:
    return dict(zip(_COLUMNS, connection.execute(_ALL).one(), strict=True))
