"""Database errors are told in words that say how to mend them."""

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError

from tocsin.core.errors import LedgerCorruptError, LedgerError, LedgerUnavailableError

# SQLite's primary result codes (sqlite.org/rescode.html), the low byte of the extended ones.
_BY_CODE: dict[int, tuple[type[LedgerError], str]] = {
    sqlite3.SQLITE_BUSY: (
        LedgerUnavailableError,
        "another program holds the database: close the tool that has it open for writing",
    ),
    sqlite3.SQLITE_LOCKED: (LedgerUnavailableError, "the database is locked from inside: try again"),
    sqlite3.SQLITE_FULL: (LedgerUnavailableError, "the disk is full: make room, and it goes on by itself"),
    sqlite3.SQLITE_IOERR: (
        LedgerUnavailableError,
        "the disk failed to read or write: make room, look at the file size limit and the system log",
    ),
    sqlite3.SQLITE_READONLY: (LedgerUnavailableError, "the database cannot be written: mend the rights of its file"),
    sqlite3.SQLITE_CANTOPEN: (
        LedgerUnavailableError,
        "the database cannot be opened: mend its path, or the rights of its folder",
    ),
    sqlite3.SQLITE_CORRUPT: (
        LedgerCorruptError,
        "the database is damaged: stop, and put back the newest backup (`tocsin db backup` made it)",
    ),
    sqlite3.SQLITE_NOTADB: (
        LedgerCorruptError,
        "this file is not a ledger: name another path, or put back the newest backup",
    ),
}

# PostgreSQL's states (its documentation, "PostgreSQL Error Codes"), and what helps.
_BY_STATE = {
    "25006": "the database is a standby, or read-only: name the one that takes writes",
    "42501": "the database forbids it: the user in storage.url must own its tables and may create them",
    "53100": "the disk of the database is full: make room, and it goes on by itself",
    "53200": "the database is out of memory: give it more",
}
_READ_ONLY = "25006"
_TURNED_AWAY = "FATAL:"  # whoever connects is told no state


def explained(problem: DBAPIError) -> LedgerError:
    """Make one of our errors of what the database said."""
    original = problem.orig
    code = getattr(original, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _BY_CODE:
        kind, words = _BY_CODE[code & 0xFF]
        return kind(f"{words} ({original})")
    state = getattr(original, "sqlstate", None)
    if state in _BY_STATE:
        return LedgerUnavailableError(f"{_BY_STATE[state]} ({original})")
    if state is None and _TURNED_AWAY in str(original):
        return LedgerUnavailableError(
            "the database turns us away: mend user, password or database in storage.url, raise max_connections,"
            f" or wait until it has started ({original})"
        )
    if problem.connection_invalidated or (code is None and state is None):
        return LedgerUnavailableError(f"the database does not answer: see that it runs ({original})")
    return LedgerUnavailableError(f"the database refused ({original})")


def breaks_connection(problem: DBAPIError) -> bool:
    """Whether the connection is of no use any more: what a failed disk has in its cache cannot be trusted, so the file
    is opened and read again. A database that became a standby is one that another took over from.
    """
    code = getattr(problem.orig, "sqlite_errorcode", None)
    if code is None:
        return problem.connection_invalidated or getattr(problem.orig, "sqlstate", None) == _READ_ONLY
    return code & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN)


def concerns_all(problem: Exception) -> bool:
    """Whether the database is in trouble, not one call: trying each alone would only make everybody wait."""
    if not isinstance(problem, DBAPIError):
        return False
    alone = not isinstance(problem, OperationalError) or is_collision(problem)
    return problem.connection_invalidated or not alone


def is_collision(problem: Exception) -> bool:
    """Whether two nodes were in each other's way, and nothing else is wrong: the next try succeeds."""
    return isinstance(problem, DBAPIError) and getattr(problem.orig, "sqlstate", None) in _COLLISIONS


# PostgreSQL: serialization failure, deadlock.
_COLLISIONS = ("40001", "40P01")
