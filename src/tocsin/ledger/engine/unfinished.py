"""A mark in a database says that a copy into it has begun and not ended, and of which ledger."""

from sqlalchemy import Connection, inspect, text

_MARK = "unfinished_copy"


def begin(connection: Connection, epoch: str) -> None:
    """Set the mark."""
    connection.execute(text(f"CREATE TABLE {_MARK} (epoch TEXT NOT NULL)"))
    connection.execute(text(f"INSERT INTO {_MARK} VALUES (:epoch)"), {"epoch": epoch})  # noqa: S608 - a name of ours


def unfinished_of(connection: Connection) -> str | None:
    """The epoch of the ledger of which a copy has begun; None where nothing is unfinished."""
    if not inspect(connection).has_table(_MARK):
        return None
    epoch: str | None = connection.scalar(text(f"SELECT epoch FROM {_MARK}"))  # noqa: S608 - a name of ours
    return epoch


def finish(connection: Connection) -> None:
    """Take the mark away."""
    connection.execute(text(f"DROP TABLE {_MARK}"))
