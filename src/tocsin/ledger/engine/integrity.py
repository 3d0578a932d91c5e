"""An integrity check tells whether what is on disk is what was written: quickly at every start, whole by `tocsin
doctor`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Literal

from tocsin.core.errors import LedgerCorruptError, LedgerUnavailableError

QUICK_UP_TO = 256 * 1024 * 1024  # bytes: a second or two of a start; a larger ledger is for `tocsin doctor`


def verify(path: Path) -> None:
    """Read the whole of a SQLite ledger, whether a service runs or not.

    Raises LedgerCorruptError with what was found and what to do, LedgerUnavailableError where it cannot be read.
    """
    _check(path, "integrity_check")


def verify_quickly(path: Path) -> None:
    """Look whether every page is where it belongs and can be read; indexes are not compared.

    Nothing is done with a ledger that is not there yet, or too large for a start. Raises LedgerCorruptError or
    LedgerUnavailableError.
    """
    if path.exists() and 0 < path.stat().st_size <= QUICK_UP_TO:
        _check(path, "quick_check")


def _check(path: Path, pragma: Literal["integrity_check", "quick_check"]) -> None:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            found = [row[0] for row in connection.execute(f"PRAGMA {pragma}(3)")]
    except sqlite3.OperationalError as problem:
        raise LedgerUnavailableError(f"{path} cannot be read ({problem}): mend its rights, or its disk") from problem
    except sqlite3.DatabaseError as problem:
        found = [str(problem)]
    if found != ["ok"]:
        told = "; ".join(line.replace("\n", " ") for line in found)
        raise LedgerCorruptError(f"{path} is damaged ({told}): stop the service and {_mend(path)}")


def _mend(path: Path) -> str:
    copies = sorted(path.parent.glob(f"{path.name}.before-*"), key=lambda copy: copy.stat().st_mtime)
    beside = f", or {copies[-1]}" if copies else ""
    return (
        f"put back the newest backup (what `tocsin db backup` wrote{beside}). Where there is none, move the file away:"
        " an empty ledger is made at the next start"
    )
