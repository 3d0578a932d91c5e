"""Is what is on disk what was written? Read from outside, whether a service runs or not."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tocsin.core.errors import LedgerCorruptError


def verify(path: Path) -> None:
    """Reads the whole of a SQLite ledger. Raises LedgerCorruptError with what was found and what to do."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as problem:
        found = [str(problem)]
    if found != ["ok"]:
        raise LedgerCorruptError(f"{path} is damaged ({'; '.join(found)}): stop the service and put back a backup")
