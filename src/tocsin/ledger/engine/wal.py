"""A write-ahead log stands beside a SQLite ledger. A reader that stays for long keeps it from being folded in: it
grows.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from tocsin.core.errors import LedgerUnavailableError
from tocsin.core.facts import Committed, Emit, Fact, Trouble

MIB = 1024 * 1024

_MEND = "Close the program that reads the ledger (an open sqlite3 shell, a backup that hangs): it is folded in then."


@dataclass(frozen=True, slots=True)
class WalLimits:
    """The limits of the log, in bytes: when it is folded in, what is left of its file then, when operators are told,
    and when nothing more is taken.

    At its most it would otherwise fill the disk, and take a long time to be folded in.
    """

    folded_at: int = 16 * MIB
    cut_to: int = 32 * MIB
    alarm_at: int = 64 * MIB
    most: int = 4096 * MIB


class WriteAheadLog:
    """The log as it is looked after. `ledger` is None where the database is not SQLite: then there is nothing to look
    after.
    """

    def __init__(self, ledger: Path | None, limits: WalLimits, emit: Emit) -> None:
        self._file = ledger.with_name(ledger.name + "-wal") if ledger else None
        self._limits = limits
        self._emit = emit
        self._told_at = 0

    @property
    def size(self) -> int:
        """The bytes of its file."""
        try:
            return self._file.stat().st_size if self._file else 0
        except FileNotFoundError:
            return 0

    def hear(self, fact: Fact) -> None:
        """Pass every fact on; after a commit, look whether the log has grown."""
        self._emit(fact)
        if isinstance(fact, Committed):
            self._look()

    @property
    def full(self) -> bool:
        return self.size > self._limits.most

    def refuse(self) -> LedgerUnavailableError:
        return LedgerUnavailableError(f"a reader holds back the log of the ledger ({self._file}). {_MEND}")

    def _look(self) -> None:
        """Told once, and again each time it has doubled."""
        size = self.size
        if size < self._limits.alarm_at:
            self._told_at = 0
        elif size >= max(self._limits.alarm_at, 2 * self._told_at):
            self._told_at = size
            self._emit(
                Trouble("wal_grown", f"the log of the ledger has {size // MIB} MiB: a reader holds it back", _MEND)
            )


def folded_in(connection: Connection, *, waiting: bool = False) -> bool:
    """Fold in what no reader holds back; `waiting`: for as long as another's lock is waited for, until none does. True
    where that is all of it: the next commit begins the log anew.
    """
    how = "FULL" if waiting else "PASSIVE"
    with closing(connection.connection.cursor()) as cursor:  # SQLAlchemy's own would begin a transaction
        _, frames, folded = cursor.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
        return bool(frames == folded)
