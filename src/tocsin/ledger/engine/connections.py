"""Connections to the database of a ledger: one that writes, a few that only read."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

from tocsin.core.errors import LedgerUnavailableError
from tocsin.ledger.engine.wal import WalLimits

READERS = 4
BUSY_S = 0.5  # how long another program's lock is waited for: intake is to answer within a second

# A session of PostgreSQL that began a transaction and says nothing for so long is ended: whoever was stopped or cut off
# in the middle would keep everybody's locks.
IDLE_S = 3

# What PostgreSQL's clock says at this instant, not at the begin of the transaction: microseconds since 1970, in SQL.
DATABASE_NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

_PAGE = 4096  # bytes

# A server that cannot be reached is given up as soon, be the cable cut or its machine gone. Whatever the address says
# itself counts (postgresql.org, "Parameter Key Words").
_REACHED: Mapping[str, str] = MappingProxyType(
    {
        "application_name": "tocsin",
        "connect_timeout": "3",  # seconds, as all but the last
        "keepalives_idle": "3",
        "keepalives_interval": "1",
        "keepalives_count": "3",
        "tcp_user_timeout": "5000",
    }
)

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
        # Of several servers that the address names, the one that takes writes: the others fail over to it.
        return _postgresql(url, {"target_session_attrs": "read-write"}, poolclass=NullPool)
    pragmas = (*_WRITING, *_folding(limits or WalLimits()))
    engine = create_engine("sqlite://", creator=lambda: _open(f"{_uri(path)}?mode=rwc", pragmas), poolclass=NullPool)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def pulse_engine(url: URL) -> Engine:
    """Make the engine whose connection extends a lease, on PostgreSQL: what does not answer is given up soon."""
    patience = {"connect_timeout": 2, "tcp_user_timeout": 3000}
    engine = _postgresql(url, {"target_session_attrs": "read-write"}, poolclass=NullPool, connect_args=patience)
    event.listen(engine, "connect", _wait_little)
    return engine


def reading_engine(url: URL) -> Engine:
    """Make the engine whose connections cannot write."""
    path = sqlite_path(url)
    if path is None:
        engine = _postgresql(url, pool_size=READERS, max_overflow=0, pool_pre_ping=True)
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


def _postgresql(url: URL, preferred: Mapping[str, str] = MappingProxyType({}), **how: Any) -> Engine:
    missing = {name: value for name, value in {**_REACHED, **preferred}.items() if name not in url.query}
    try:
        engine = create_engine(url.update_query_dict(missing), **how)
    except ImportError as problem:
        raise LedgerUnavailableError(
            "PostgreSQL needs a driver that is not installed: pip install 'tocsin[postgres]'"
        ) from problem
    event.listen(engine, "connect", _end_where_idle)
    return engine


def _wait_little(connection: Any, _: object) -> None:
    """A lock of a session that was stopped is let go of after `IDLE_S`."""
    connection.execute(f"SET lock_timeout = '{IDLE_S + 1}s'")
    connection.commit()


def _end_where_idle(connection: Any, _: object) -> None:
    """The options of an address would do the same, but poolers that keep sessions (PgBouncer) refuse them."""
    connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_S}s'")
    connection.commit()


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
