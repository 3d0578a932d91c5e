"""A ledger grows out of its SQLite file: everything in it is copied to PostgreSQL, proved equal, and only then opened
there.

Rows go over table by table in the order of their keys, a few thousand in each transaction. What is broken off is taken
up again where it stopped; until the end is reached nothing opens the unfinished ledger.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    RowMapping,
    Table,
    delete,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from tocsin.core.errors import InvalidRequestError, LedgerCorruptError
from tocsin.ledger.engine.connections import parse_url, reading_engine, sqlite_path, writing_engine
from tocsin.ledger.engine.db_errors import explained
from tocsin.ledger.engine.integrity import verify
from tocsin.ledger.engine.lock import OwnerLock, own_database
from tocsin.ledger.engine.schema import metadata, stream
from tocsin.ledger.engine.unfinished import begin, finish, unfinished_of
from tocsin.ledger.engine.upgrade import upgrade

AT_ONCE = 5000  # rows in one transaction

Progress = Callable[[str, int, int], None]
"""Told of each step: the table, how many of its rows are there, and how many there will be."""

# Digests of rows are added up, so that it does not matter in which order a database gives them.
_MODULUS = 1 << 128
_STREAMED = {"yield_per": 5000}


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied, and proved: so many rows of each table."""

    rows: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def transfer(source: str, target: str, progress: Progress = lambda *_: None) -> Copied:
    """Copy the ledger in a SQLite file to an empty PostgreSQL database, or go on where that was broken off.

    Raises InvalidRequestError where one of them is not such a place, LedgerOwnedError while a service runs on either,
    LedgerCorruptError where the copy is not what was copied, LedgerUnavailableError where a database fails.
    """
    path, place = _file(source), parse_url(target)
    if sqlite_path(place) is not None:
        raise InvalidRequestError("a ledger is copied to PostgreSQL: postgresql://user@host/database")
    with ExitStack() as stack:
        lock = OwnerLock(path)
        stack.callback(lock.release)
        verify(path)
        try:
            old = _opened(stack, reading_engine, source)
            new = _opened(stack, writing_engine, target)
            own_database(new)
            return _copy(old, new, progress)
        except DBAPIError as problem:
            raise explained(problem) from problem


def _file(source: str) -> Path:
    path = sqlite_path(parse_url(source))
    if path is None or not path.exists():
        raise InvalidRequestError("there is no SQLite ledger there: name its file")
    return path


def _opened(stack: ExitStack, make: Callable[[Any], Any], url: str) -> Connection:
    engine = make(parse_url(url))
    stack.callback(engine.dispose)
    connection: Connection = stack.enter_context(engine.connect())
    return connection


def _copy(old: Connection, new: Connection, progress: Progress) -> Copied:
    with old.begin():
        epoch = old.scalar(select(stream.c.epoch))
        _prepare(new, _current(old), epoch)
        rows = {table.name: _copy_table(old, new, table, progress) for table in _tables()}
        _prove(old, new)
    with new.begin():
        _advance_keys(new)
        finish(new)
    return Copied(rows)


def _tables() -> Sequence[Table]:
    return [table for table in metadata.sorted_tables if table is not stream] + [stream]


def _current(old: Connection) -> str:
    revision: str | None = old.scalar(text("SELECT version_num FROM alembic_version"))
    return revision or ""


def _prepare(new: Connection, revision: str, epoch: str | None) -> None:
    """Bring an empty database to the schema of the file, and mark it; or find it marked as a part of this very copy."""
    upgrade(new, None)
    with new.begin():
        if _current(new) != revision:
            raise InvalidRequestError("the file has an older schema: run `tocsin db upgrade` first")
        begun = unfinished_of(new)
        if begun is None:
            if any(new.scalar(select(func.count()).select_from(table)) for table in _tables()):
                raise InvalidRequestError("there is a ledger in that database already: give an empty one")
            begin(new, str(epoch))
        elif begun != epoch:
            raise InvalidRequestError("the copy that was begun there is of another ledger: give an empty database")


def _copy_table(old: Connection, new: Connection, table: Table, progress: Progress) -> int:
    """Copy what is missing; how many rows there are then."""
    total: int = old.scalar(select(func.count()).select_from(table)) or 0
    wanted = select(table).order_by(*table.primary_key)
    first = next(iter(table.primary_key))
    with new.begin():
        last = _last(new, table, first)
        if last is not None:
            wanted = wanted.where(first >= last)
        done: int = new.scalar(select(func.count()).select_from(table)) or 0
    progress(table.name, done, total)
    rows = old.execute(wanted, execution_options=_STREAMED).mappings()
    for part in _parts(rows):
        with new.begin():
            new.execute(insert(table), part)
        done += len(part)
        progress(table.name, done, total)
    return done


def _last(new: Connection, table: Table, first: Column[Any]) -> Any:
    """The key from which on rows are copied (again); None: all of them. Texts have another order in each database."""
    if not isinstance(first.type, Integer):
        new.execute(delete(table))
        return None
    last = new.scalar(select(func.max(first)))
    if last is not None:
        new.execute(delete(table).where(first == last))
    return last


def _parts(rows: Iterable[RowMapping]) -> Iterator[list[dict[str, Any]]]:
    each = iter(rows)
    while part := [dict(row) for row in islice(each, AT_ONCE)]:
        yield part


def _prove(old: Connection, new: Connection) -> None:
    """Every table has the same rows in both."""
    with new.begin():
        for table in _tables():
            if _digest(old, table) != _digest(new, table):
                raise LedgerCorruptError(
                    f"{table.name} is not the same in the copy: empty that database, and copy once more"
                )


def _digest(connection: Connection, table: Table) -> tuple[int, int]:
    """How many rows, and the sum of their digests."""
    count = total = 0
    for row in connection.execute(select(table), execution_options=_STREAMED):
        told = repr([bytes(value) if isinstance(value, memoryview) else value for value in row]).encode()
        total += int.from_bytes(hashlib.blake2b(told, digest_size=16).digest(), "big")
        count += 1
    return count, total % _MODULUS


def _advance_keys(new: Connection) -> None:
    """PostgreSQL draws keys from sequences, which know nothing of rows that came with theirs."""
    for table in _tables():
        for column in table.columns:
            of = {"table": table.name, "column": column.name}
            sequence = new.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), of)
            if sequence is not None:
                following = (new.scalar(select(func.max(column))) or 0) + 1
                new.execute(text("SELECT setval(:name, :next, false)"), {"name": sequence, "next": following})
