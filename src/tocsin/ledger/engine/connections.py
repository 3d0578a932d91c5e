"""Connections to the database of a ledger: one that writes, a few that only read."""

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

from tocsin.core.errors import LedgerUnavailableError
from tocsin.ledger.engine.wal import WalLimits

READERS = 4
BUSY_S = 0.5  # how long another program's lock is waited for: intake is to answer within a second

_PAGE = 4096  # bytes

# Every commit is on disk before it is told of.
_WRITING = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA cache_size=-16384",
    "PRAGMA temp_store=MEMORY",
)
# SQLite before 3.51.3 can lose commits where two connections write or checkpoint at once: these can do neither.
# LIKE is told to mind case, as PostgreSQL does.
_READING = (
    "PRAGMA query_only=1",
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA cache_size=-4096",
    "PRAGMA case_sensitive_like=1",
)


def parse_url(text: str) -> URL:
    """Read the address of a ledger: `sqlite:///path` or `postgresql://…`. Raises LedgerUnavailableError for anything
    else.
    """
    try:
        url = make_url(text)
    except ArgumentError as problem:
        raise LedgerUnavailableError("the ledger's url is not one: write sqlite:///tocsin.db") from problem
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            return url
        case "postgresql":
            return url.set(drivername="postgresql+psycopg")
    raise LedgerUnavailableError("a ledger lives in a SQLite file (sqlite:///path) or in PostgreSQL (postgresql://…)")


def sqlite_path(url: URL) -> Path | None:
    """Find the file of a SQLite ledger; None for PostgreSQL."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def writing_engine(url: URL, limits: WalLimits | None = None) -> Engine:
    """Make the engine whose one connection writes."""
    path = sqlite_path(url)
    if path is None:
        return create_engine(url, poolclass=NullPool)
    pragmas = (*_WRITING, *_folding(limits or WalLimits()))
    engine = create_engine("sqlite://", creator=lambda: _open(f"{_uri(path)}?mode=rwc", pragmas), poolclass=NullPool)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def pulse_engine(url: URL) -> Engine:
    """Make the engine whose connection extends a lease, on PostgreSQL: what does not answer is given up soon."""
    options = "-c statement_timeout=2000 -c lock_timeout=2000 -c synchronous_commit=on"
    patience = {"connect_timeout": 2, "tcp_user_timeout": 3000, "options": options}
    return create_engine(url, poolclass=NullPool, connect_args=patience)


def reading_engine(url: URL) -> Engine:
    """Make the engine whose connections cannot write."""
    path = sqlite_path(url)
    if path is None:
        engine = create_engine(url, pool_size=READERS, max_overflow=0, pool_pre_ping=True)
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    engine = create_engine(
        "sqlite://",
        creator=lambda: _open(f"{_uri(path)}?mode=ro", _READING),
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _folding(limits: WalLimits) -> tuple[str, ...]:
    pages = limits.folded_at // _PAGE
    return f"PRAGMA wal_autocheckpoint={pages}", f"PRAGMA journal_size_limit={limits.cut_to}"


def _uri(path: Path) -> str:
    return f"file:{quote(str(path.absolute()))}"


def _open(uri: str, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    """The driver is told to leave transactions alone: it would begin them late, and not for every statement."""
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        for pragma in pragmas:
            connection.execute(pragma).close()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _begin_immediate(connection: Connection) -> Any:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> Any:
    connection.exec_driver_sql("BEGIN")
