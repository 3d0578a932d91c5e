"""The writer is the one thread that writes. Whoever waits shares the next commit: settlements first, then claims,
people, appends.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cache
from itertools import groupby
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeAlias, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tocsin.core.clock import Clock
from tocsin.core.errors import LedgerError, LedgerUnavailableError
from tocsin.core.facts import Committed, Emit, Trouble
from tocsin.core.part import Part
from tocsin.ledger.engine import versions
from tocsin.ledger.engine.db_errors import breaks_connection, concerns_all, explained
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.queue import clock_jump

P = ParamSpec("P")
A = TypeVar("A")
T = TypeVar("T")

Work: TypeAlias = Callable[[Transaction, Sequence[A]], Sequence[T | Exception]]
"""One kind of call: arguments of all that wait in, one result each out; an exception as a result is raised there."""

ROWS_AT_ONCE = 2000  # a commit takes calls of each rank until they come to about so many rows
PATIENCE_S = 2.0  # an append that would wait longer is refused: its sender is to come back


class Rank(IntEnum):
    """The rank of work says who is served first within a commit."""

    SETTLE = 0
    CLAIM = 1
    PEOPLE = 2
    APPEND = 3
    UPKEEP = 4


class Turn(NamedTuple):
    """When a call is served, and about how many rows it brings. What `lasts` comes from outside: it is refused where it
    would be gone with this process. What has `begun` is brought to its end, however long it has to wait.
    """

    rank: Rank
    rows: int = 1
    lasts: bool = False
    begun: bool = False


@dataclass(slots=True, eq=False)
class _Call:
    turn: Turn
    work: Work[Any, Any]
    argument: Any
    since: float
    answer: asyncio.Future[Any]


class Writer:
    """The writer's `connect` opens the writing connection: it is called in the writing thread, and again where one
    broke.

    `check` raises LedgerGoneError where what is written would not last. With `alone` no other machine writes to the
    ledger, so that a jump of this one's clock is followed.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        clock: Clock,
        emit: Emit,
        *,
        check: Callable[[], None] = lambda: None,
        alone: bool = True,
    ) -> None:
        self._connect = connect
        self._check = check
        self._clock = clock
        self._emit = emit
        self._alone = alone
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._waiting: tuple[deque[_Call], ...] = tuple(deque() for _ in Rank)
        self._guard = threading.Lock()
        self._draining = False
        self._closed = False
        self._connection: Connection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._began: datetime | None = None
        self.on_change: Callable[[frozenset[Part]], None] = lambda _: None
        self.refusing: LedgerError | None = None  # why the last append was not kept; None where it was

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._loop.run_in_executor(self._thread, self._connected)

    async def stop(self) -> None:
        """Do everything that waits, then end; what comes later is refused."""
        self._closed = True
        if self._loop is not None:
            await self._loop.run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    async def read(self, look: Callable[[Connection], T]) -> T:
        """Run on the writing connection, between two commits."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: look(self._connected()))

    async def each(
        self, turn: Turn, verb: Callable[Concatenate[Transaction, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        """Do a verb that shares a commit with others, and nothing else. Result and errors are those of `do`."""
        return await self.do(turn, _each(verb), (arguments, named))

    async def do(self, turn: Turn, work: Work[A, T], argument: A) -> T:
        """Do the work, and return its result after the commit that carries it. Raises LedgerUnavailableError with
        nothing changed.
        """
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        call = _Call(turn, work, argument, self._clock.monotonic(), answer)
        with self._guard:
            self._admit(call)
            idle = not self._draining
            self._draining = True
        if idle:
            self._thread.submit(self._drain)
        return await answer

    def _admit(self, call: _Call) -> None:
        if self._closed:
            raise LedgerUnavailableError("the ledger is closing: send it again when the service is back")
        queue = self._waiting[call.turn.rank]
        late = bool(queue) and call.since - queue[0].since > PATIENCE_S
        if call.turn.rank is Rank.APPEND and late and not call.turn.begun:
            self.refusing = LedgerUnavailableError("the disk does not keep up: send it again a little later")
            raise self.refusing
        queue.append(call)

    def _drain(self) -> None:
        while batch := self._take():
            began = self._clock.monotonic()
            results = self._commit(batch)
            fact = Committed(self._clock.monotonic() - began, len(batch))
            assert self._loop is not None, "calls come after the start"
            self._loop.call_soon_threadsafe(self._deliver, results, fact)

    def _take(self) -> list[_Call]:
        batch: list[_Call] = []
        with self._guard:
            for queue in self._waiting:
                room = ROWS_AT_ONCE
                while queue and room > 0:
                    room -= queue[0].turn.rows
                    batch.append(queue.popleft())
            self._draining = bool(batch)
        return batch

    def _commit(self, batch: Sequence[_Call]) -> list[tuple[_Call, Any]]:
        """All in one transaction; where that fails, each in its own, so that only the guilty one is told."""
        try:
            return self._transact(batch)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it belongs to whoever waits for the answer
            self._forget_broken(problem)
            if len(batch) == 1 or concerns_all(problem):
                return [(call, _explained(problem)) for call in batch]
        return [result for call in batch for result in self._commit([call])]

    def _transact(self, batch: Sequence[_Call]) -> list[tuple[_Call, Any]]:
        connection = self._connected()
        results: list[tuple[_Call, Any]] = []
        now = self._clock.now()
        began = now - timedelta(seconds=self._clock.monotonic())
        with connection.begin():
            transaction = Transaction(connection, now)
            self._follow_clock(transaction, began)
            for work, calls in _by_work(batch):
                if any(call.turn.lasts for call in calls):
                    self._check()
                results += zip(calls, work(transaction, [call.argument for call in calls]), strict=True)
            versions.save(transaction)
        self._began = began
        if transaction.changed and self._loop is not None:
            self._loop.call_soon_threadsafe(self.on_change, frozenset(transaction.changed))
        return results

    def _follow_clock(self, transaction: Transaction, began: datetime) -> None:
        """`began` is when the monotonic clock began, by the wall clock. It stays the same until that one is moved."""
        moved = began - (self._began or began)
        if abs(moved) >= clock_jump.LEAST and self._alone and self._loop is not None:
            clock_jump.follow(transaction, moved)
            told = f"the wall clock moved by {moved.total_seconds():.0f} s"
            self._loop.call_soon_threadsafe(
                self._emit, Trouble("clock_jumped", told, "See that one service alone sets this machine's clock.")
            )

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _forget_broken(self, problem: Exception) -> None:
        if isinstance(problem, DBAPIError) and breaks_connection(problem):
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _deliver(self, results: Iterable[tuple[_Call, Any]], fact: Committed) -> None:
        for call, result in results:
            if call.turn.rank is Rank.APPEND:
                self.refusing = result if isinstance(result, LedgerError) else None
            if call.answer.cancelled():
                continue
            if isinstance(result, BaseException):
                call.answer.set_exception(result)
            else:
                call.answer.set_result(result)
        self._emit(fact)


@cache
def _each(verb: Callable[..., T]) -> Work[tuple[Sequence[Any], Mapping[str, Any]], T]:
    """The same work for the same verb: calls of one kind stand together in a commit."""

    def work(transaction: Transaction, calls: Sequence[tuple[Sequence[Any], Mapping[str, Any]]]) -> Sequence[T]:
        return [verb(transaction, *arguments, **named) for arguments, named in calls]

    return work


def _by_work(batch: Sequence[_Call]) -> Iterable[tuple[Work[Any, Any], list[_Call]]]:
    """Neighbours of one kind together: they share their statements."""
    for work, calls in groupby(batch, key=lambda call: call.work):
        yield work, list(calls)


def _explained(problem: Exception) -> Exception:
    return explained(problem) if isinstance(problem, DBAPIError) else problem
