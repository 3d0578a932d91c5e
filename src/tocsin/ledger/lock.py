"""One process owns a SQLite ledger: the operating system lets go of the lock when the process dies, however it dies."""

import fcntl
import os
from pathlib import Path

from tocsin.core.errors import LedgerOwnedError, LedgerUnavailableError


class OwnerLock:
    """Raises LedgerOwnedError, naming the process that has it."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise LedgerUnavailableError(
                f"cannot write beside the ledger ({path}: {problem.strerror}): make the folder, or mend its rights"
            ) from problem
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            owner = os.pread(self._file, 32, 0).decode().strip() or "unknown"
            os.close(self._file)
            raise LedgerOwnedError(
                f"process {owner} owns this ledger ({path.with_suffix('')}): stop it, or talk to it over HTTP"
            ) from problem
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        os.close(self._file)
