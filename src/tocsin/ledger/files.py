"""The files of a SQLite ledger: its owner's alone, and the same ones for as long as it is open."""

from contextlib import suppress
from pathlib import Path

from tocsin.core.errors import LedgerGoneError
from tocsin.core.private_file import PRIVATE
from tocsin.ledger.engine.lock import OwnerLock

Identity = tuple[int, int]  # device and inode

_LOGS = ("-wal", "-shm")
_COPIES = ".before-*"


class LedgerFiles:
    """The files of a ledger are watched: what is written into one that was taken away is gone once the process ends,
    and nobody sees it until then.

    Called in the writing thread only, where it is known which files SQLite has open.
    """

    def __init__(self, ledger: Path, lock: OwnerLock) -> None:
        self.ledger = ledger
        self._lock = lock
        self._open: dict[Path, Identity] = {}
        self._restrict()

    def opening(self) -> None:
        """Make ready for SQLite to open them. It makes its logs anew where the last that had them open has closed them,
        but must not make the ledger anew. Raises LedgerGoneError.
        """
        self._open = {path: opened for path, opened in self._open.items() if path == self.ledger}
        self.check()

    def opened(self) -> None:
        """Remember which ones SQLite has opened."""
        found = {path: _identity(path) for path in (self.ledger, *map(self._beside, _LOGS))}
        self._open = {path: identity for path, identity in found.items() if identity is not None}

    def check(self) -> None:
        """Raise LedgerGoneError where one of them is not there any more."""
        if problem := self.problem():
            raise LedgerGoneError(problem)

    def problem(self) -> str:
        """Name the one that is not there any more; empty where all are."""
        for path, opened in self._open.items():
            now = _identity(path)
            if now is None:
                return f"{path} was taken away while it was open"
            if now != opened:
                return f"{path} was replaced by another file while it was open"
        return ""

    def put_back_lock(self) -> bool:
        """Put the lock file back where it was taken away; whether it was."""
        return self._lock.put_back()

    def _beside(self, suffix: str) -> Path:
        return self.ledger.with_name(self.ledger.name + suffix)

    def _restrict(self) -> None:
        """Keep the files for their owner's eyes: SQLite gives a log the rights of its ledger, and those that a crash
        has left have what they had.
        """
        for path in (*map(self._beside, _LOGS), *self.ledger.parent.glob(self.ledger.name + _COPIES)):
            with suppress(FileNotFoundError, PermissionError):
                path.chmod(PRIVATE)


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
