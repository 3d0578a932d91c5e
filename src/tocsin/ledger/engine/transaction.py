"""A transaction of the writing connection happens at one instant."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, Executable, NestedTransaction, Row, Table

from tocsin.core.clock import epoch_micros
from tocsin.core.part import Part

AnyRow: TypeAlias = Row[*tuple[Any, ...]]


class Transaction:
    """A transaction has one `now` for everything in it; `micros` is that instant as it is stored. `changed` are the
    parts that nodes keep in memory and have to read again.
    """

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.now = now
        self.micros = epoch_micros(now)
        self.connection = connection
        self.changed: set[Part] = set()

    def stored(self, moment: datetime) -> int:
        return self.micros if moment is self.now else epoch_micros(moment)

    def rows(self, statement: Executable, **parameters: Any) -> Sequence[AnyRow]:
        """Read the rows of a statement, through the writing connection."""
        return self.connection.execute(statement, parameters).all()

    def row(self, statement: Executable, **parameters: Any) -> AnyRow | None:
        """Read the first row of a statement; None where there is none."""
        return self.connection.execute(statement, parameters).first()

    def write(self, statement: Executable, **parameters: Any) -> int:
        """Write, and count the rows that it touched."""
        return self.connection.execute(statement, parameters).rowcount

    def write_each(self, statement: Executable, parameters: Sequence[dict[str, Any]]) -> None:
        if parameters:
            self.connection.execute(statement, parameters)

    def keys_of(self, statement: Executable, parameters: Sequence[dict[str, Any]]) -> Sequence[int]:
        """Insert these rows and tell the key that the database gave each, in their order."""
        return self.connection.execute(statement, parameters).scalars().all() if parameters else ()

    def undoing(self) -> NestedTransaction:
        """Undo by an error what is written inside `with transaction.undoing():`, and nothing else."""
        return self.connection.begin_nested()

    def insert(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert whole rows in the order of the columns, as they are stored: ints, strings, None.

        It passes SQLAlchemy's conversion by, which costs more for each row than writing it: appends live on this.
        """
        if rows:
            self.connection.exec_driver_sql(_insert(table, self.connection.dialect), list(rows))

    def insert_new(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert those of these rows whose key is not there yet."""
        if rows:
            statement = _insert(table, self.connection.dialect) + " ON CONFLICT DO NOTHING"
            self.connection.exec_driver_sql(statement, list(rows))


@lru_cache(maxsize=64)
def _insert(table: Table, dialect: Dialect) -> str:
    mark = "?" if dialect.paramstyle == "qmark" else "%s"
    names = ", ".join(dialect.identifier_preparer.format_column(column) for column in table.columns)
    marks = ", ".join([mark] * len(table.columns))
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 - names of our own schema
