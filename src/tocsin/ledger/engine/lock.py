"""An owner's lock keeps a ledger for one process: the operating system, or PostgreSQL, lets go of it when that dies,
however it dies.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from tocsin.core.errors import LedgerOwnedError, LedgerUnavailableError
from tocsin.core.private_file import PRIVATE

_OWNER = int.from_bytes(b"tocsin", "big")  # PostgreSQL names its advisory locks by numbers
_MAKING = _OWNER + 1
_LEAVING_MS = 1000  # that the end of an owner's session may take to be noticed
_LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL, "Error Codes": the time-out for locks has passed


def own_database(connection: Connection, *, shared: bool = False) -> None:
    """Own a ledger on PostgreSQL: the lock lasts as long as the session. Who owned it a moment ago may have gone
    without the server's knowing yet: it is waited for a little. Raises LedgerOwnedError.
    """
    lock = "pg_advisory_lock_shared" if shared else "pg_advisory_lock"
    try:
        with connection.begin():
            connection.execute(text(f"SET LOCAL lock_timeout = {_LEAVING_MS}"))
            connection.execute(text(f"SELECT {lock}({_OWNER})"))
            return
    except OperationalError as problem:
        if getattr(problem.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
    with connection.begin():
        owner = connection.scalar(text("SELECT max(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"))
    raise LedgerOwnedError(f"another service owns this ledger (PostgreSQL session {owner}): stop it first")


@contextmanager
def making(connection: Connection) -> Iterator[None]:
    """One process at a time brings a ledger on PostgreSQL up to date: others that start meanwhile wait for it."""
    with connection.begin():
        connection.execute(text(f"SELECT pg_advisory_lock({_MAKING})"))
    try:
        yield
    finally:
        with connection.begin():
            connection.execute(text(f"SELECT pg_advisory_unlock({_MAKING})"))


class OwnerLock:
    """The lock is a file beside the ledger that says whose it is. The ledger itself is locked as well: whoever takes
    that file away lets no second owner in.

    Raises LedgerOwnedError, naming the process that has it where that is known.
    """

    def __init__(self, ledger: Path) -> None:
        self._path = ledger.with_name(ledger.name + ".lock")
        self._beside = _opened(self._path)
        if not _locked(self._beside):
            owner = os.pread(self._beside, 32, 0).decode().strip() or "unknown"
            os.close(self._beside)
            raise LedgerOwnedError(f"process {owner} owns this ledger ({ledger}): stop it, or talk to it over HTTP")
        self._sign()
        self._ledger = _opened(ledger)
        if not _locked(self._ledger):
            # That one is not closed: where the owner is in this very process, SQLite would lose its own locks by it.
            os.close(self._beside)
            raise LedgerOwnedError(
                f"a process owns this ledger ({ledger}) although its lock file is gone:"
                f" find it (fuser {ledger}), and stop it"
            )

    @property
    def file(self) -> int:
        """The descriptor of the ledger."""
        return self._ledger

    def put_back(self) -> bool:
        """Put the file beside the ledger back where it was taken away; whether it was."""
        if _is_at(self._path, self._beside):
            return False
        beside = _opened(self._path)
        if not _locked(beside):  # somebody is trying to come in, in vain
            os.close(beside)
            return True
        os.close(self._beside)
        self._beside = beside
        self._sign()
        return True

    def release(self) -> None:
        """Let go of the ledger, once nothing of this process has it open: SQLite's own locks go with it."""
        os.close(self._ledger)
        os.close(self._beside)

    def _sign(self) -> None:
        os.ftruncate(self._beside, 0)
        os.pwrite(self._beside, str(os.getpid()).encode(), 0)


def _opened(path: Path) -> int:
    """For its owner's eyes only, also where it was there before with other rights."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        os.fchmod(descriptor, PRIVATE)
    except OSError as problem:
        raise LedgerUnavailableError(
            f"the ledger cannot be written ({path}: {problem.strerror}): make the folder, or mend its rights"
        ) from problem
    return descriptor


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False
