"""The ledger, by what it is used as, and how it is itself."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tocsin.core.errors import InvalidRequestError, LedgerGoneError
from tocsin.core.facts import Emit, Trouble
from tocsin.core.part import Part
from tocsin.ledger.analytics.analytics import SqlAnalytics
from tocsin.ledger.cluster.cluster import SqlCluster
from tocsin.ledger.engine import stream
from tocsin.ledger.engine.db_errors import explained
from tocsin.ledger.engine.reader import Reader
from tocsin.ledger.engine.upgrade import copy
from tocsin.ledger.engine.wal import WriteAheadLog, folded_in
from tocsin.ledger.engine.writer import Rank, Turn, Writer
from tocsin.ledger.files import LedgerFiles
from tocsin.ledger.history.history import SqlHistory
from tocsin.ledger.mirrors.mirrors import SqlMirrors
from tocsin.ledger.operations.operations import SqlOperations
from tocsin.ledger.people.people import SqlPeople
from tocsin.ledger.purchases.purchases import SqlPurchases
from tocsin.ledger.queue import idempotency
from tocsin.ledger.queue.queue import SqlQueue


class Name(NamedTuple):
    """Tells this ledger from every other, and by which key its people are kept; drawn once, when it is made."""

    epoch: str
    link_secret: bytes
    people_mark: bytes | None


class SqlLedger:
    """`Ledger` of the contract, for SQLite and PostgreSQL alike. `files` is None for the latter."""

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        *,
        name: Name,
        files: LedgerFiles | None,
        wal: WriteAheadLog,
        people: SqlPeople,
        cluster: SqlCluster | None,
        emit: Emit,
    ) -> None:
        self.epoch = name.epoch
        self.link_secret = name.link_secret
        self.gone = ""
        self.wal = wal
        self.queue = SqlQueue(writer, reader, wal, people.vault)
        self.history = SqlHistory(writer, reader)
        self.operations = SqlOperations(writer, reader)
        self.people = people
        self.purchases = SqlPurchases(writer, reader, people.vault)
        self.analytics = SqlAnalytics(writer, reader)
        self.mirrors = SqlMirrors(writer, reader)
        self.cluster = cluster
        self._writer = writer
        self._files = files
        self._emit = emit

    def on_change(self, listener: Callable[[frozenset[Part]], None]) -> None:
        self._writer.on_change = listener

    async def probe(self) -> None:
        if self._writer.refusing is None:
            await self._writer.each(Turn(Rank.SETTLE, lasts=True), stream.touch)
        else:
            await self._writer.each(Turn(Rank.APPEND, lasts=True), idempotency.write_one)

    async def watch(self) -> None:
        if self._files is None:
            return
        try:
            gone, lock_gone = await self._writer.read(partial(_look, self._files))
        except LedgerGoneError as problem:
            gone, lock_gone = problem.message, False
        except DBAPIError as problem:
            raise explained(problem) from problem
        news, self.gone = gone if not self.gone else "", gone
        if news:
            self._emit(Trouble("ledger_gone", news, "Nothing is taken until it is back, or the service starts anew."))
        if lock_gone:
            self._emit(Trouble("lock_gone", f"the lock file of {self._files.ledger} was taken away, and is put back"))

    async def backup(self, path: str) -> None:
        if self._files is None:
            raise InvalidRequestError("PostgreSQL has tools of its own for this: use pg_dump")
        await asyncio.to_thread(copy, self._files.ledger, Path(path))


def _look(files: LedgerFiles, connection: Connection) -> tuple[str, bool]:
    """Find out what is gone, and whether the lock was. What a lost log holds is in the ledger at least from now on."""
    problem = files.problem()
    if problem:
        folded_in(connection, waiting=True)
    return problem, files.put_back_lock()
