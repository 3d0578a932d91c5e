"""The writer is the one thread that writes. Whoever waits shares the next commit: settlements first, then claims,
people, appends.

A connection that breaks costs nobody an answer where there is another one to be had: what was not committed is done
again, and what may have been is asked after first.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cache
from itertools import groupby
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeAlias, TypeVar

from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError

from tocsin.core.clock import Clock
from tocsin.core.errors import LedgerError, LedgerUnavailableError
from tocsin.core.facts import Committed, Emit, Trouble
from tocsin.core.part import Part
from tocsin.ledger.engine import versions
from tocsin.ledger.engine.db_errors import breaks_connection, concerns_all, explained, is_collision
from tocsin.ledger.engine.last_commit import LastCommit
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.queue import clock_jump

P = ParamSpec("P")
A = TypeVar("A")
T = TypeVar("T")

Work: TypeAlias = Callable[[Transaction, Sequence[A]], Sequence[T | Exception]]
"""One kind of call: arguments of all that wait in, one result each out; an exception as a result is raised there."""

ROWS_AT_ONCE = 2000  # a commit takes calls of each rank until they come to about so many rows
PATIENCE_S = 2.0  # an append that would wait longer is refused: its sender is to come back

# A commit whose answer was lost is asked after as long as an append would wait for one, then from time to time.
_ASKED_EACH_S = 0.1
_ASKED_LATER_S = 1.0


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


Results: TypeAlias = list[tuple[_Call, Any]]


class _Unanswered(Exception):  # noqa: N818 - it may have gone well
    """The answer to a commit was lost: these are the results if it was kept."""

    def __init__(self, number: int, results: Results) -> None:
        super().__init__("the connection broke in the middle of a commit")
        self.number = number
        self.results = results

    def refused(self) -> Results:
        """What they are told where it was not kept."""
        words = "the connection to the database broke, and nothing was kept: send it again"
        return [(call, LedgerUnavailableError(words)) for call, _ in self.results]


class Writer:
    """The writer's `connect` opens the writing connection: it is called in the writing thread, and again where one
    broke.

    `check` raises LedgerGoneError where what is written would not last. With `alone` no other machine writes to the
    ledger, so that a jump of this one's clock is followed. `last` is given where a commit can lose its answer.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        clock: Clock,
        emit: Emit,
        *,
        check: Callable[[], None] = lambda: None,
        alone: bool = True,
        last: LastCommit | None = None,
    ) -> None:
        self._connect = connect
        self._check = check
        self._clock = clock
        self._emit = emit
        self._alone = alone
        self._last = last
        self._unanswered: _Unanswered | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._waiting: tuple[deque[_Call], ...] = tuple(deque() for _ in Rank)
        self._guard = threading.Lock()
        self._draining = False
        self._closed = False
        self._closing = threading.Event()
        self._connection: Connection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._began: datetime | None = None
        self.on_change: Callable[[frozenset[Part]], None] = lambda _: None
        self.refusing: LedgerError | None = None  # why the last append was not kept; None where it was

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._loop.run_in_executor(self._thread, self._begin)

    async def stop(self) -> None:
        """Do everything that waits, then end; what comes later is refused."""
        self._closed = True
        self._closing.set()
        if self._loop is not None:
            await self._loop.run_in_executor(self._thread, self._end)
        self._thread.shutdown()

    async def read(self, look: Callable[[Connection], T]) -> T:
        """Run on the writing connection, between two commits."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._look, look)

    async def each(
        self, turn: Turn, verb: Callable[Concatenate[Transaction, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        """Do a verb that shares a commit with others, and nothing else. Result and errors are those of `do`."""
        return await self.do(turn, _each(verb), (arguments, named))

    async def do(self, turn: Turn, work: Work[A, T], argument: A) -> T:
        """Do the work, and return its result after the commit that carries it. Raises LedgerUnavailableError with
        nothing changed.

        Where the answer to a commit was lost and cannot be asked after for seconds, what has come from outside raises
        it without anybody's knowing whether it was kept, and says so; the rest waits until that is known.
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

    def _commit(self, batch: Sequence[_Call], *, again: bool = True) -> Results:
        """All in one transaction; where that fails, each in its own, so that only the guilty one is told. `again`: once
        more, where nothing but the connection was at fault, or another node in the way.
        """
        try:
            return self._transact(batch)
        except _Unanswered as lost:
            return self._find_out(lost, again=again)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it belongs to whoever waits for the answer
            broke = self._forget_broken(problem) and self._last is not None
            if again and (broke or is_collision(problem)):
                return self._commit(batch, again=False)
            if len(batch) == 1 or concerns_all(problem):
                return [(call, _explained(problem)) for call in batch]
        return [result for call in batch for result in self._commit([call])]

    def _find_out(self, lost: _Unanswered, *, again: bool) -> Results:
        """Ask at once whether it was kept, and for a little while where nobody can say: databases are restarted."""
        self._disconnect()
        told = self._asked(lost)
        tries = int(PATIENCE_S / _ASKED_EACH_S)
        while isinstance(told, Exception) and tries > 0 and not self._closing.wait(_ASKED_EACH_S):
            told = self._asked(lost)
            tries -= 1
        match told:
            case True:
                return lost.results
            case False if again:
                return self._commit([call for call, _ in lost.results], again=False)
            case False:
                return lost.refused()
        return self._set_aside(lost, told)

    def _asked(self, lost: _Unanswered) -> bool | Exception:
        """Whether it was kept, or why nobody knows yet."""
        assert self._last is not None, "else no answer is lost"
        try:
            return self._last.is_kept(self._opened(), lost.number)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is asked again
            self._disconnect()
            return _explained(problem)

    def _set_aside(self, lost: _Unanswered, problem: Exception) -> Results:
        """Nobody from outside waits longer. The service itself does: else it would not know what it has claimed."""
        self._unanswered = _Unanswered(lost.number, [one for one in lost.results if not one[0].turn.lasts])
        self._say(Trouble("commit_unanswered", f"it is not known whether the last commit was kept ({problem})"))
        self._ask_later()
        return [(call, _maybe_kept()) for call, _ in lost.results if call.turn.lasts]

    def _ask_later(self) -> None:
        assert self._loop is not None, "calls come after the start"
        self._loop.call_soon_threadsafe(self._loop.call_later, _ASKED_LATER_S, self._ask_now)

    def _ask_now(self) -> None:
        if not self._closed:
            self._thread.submit(self._ask_once_more)

    def _ask_once_more(self) -> None:
        try:
            self._connected()
        except Exception:  # noqa: BLE001 - whatever it is, it is asked again
            self._disconnect()
            self._ask_later()

    def _answer_the_lost(self, lost: _Unanswered) -> None:
        """Raises what keeps it from being known."""
        assert self._last is not None, "else no answer is lost"
        assert self._loop is not None, "calls come after the start"
        kept = self._last.is_kept(self._opened(), lost.number)
        self._unanswered = None
        self._loop.call_soon_threadsafe(self._hand_out, lost.results if kept else lost.refused())

    def _transact(self, batch: Sequence[_Call]) -> Results:
        connection = self._connected()
        results: Results = []
        now = self._clock.now()
        began = now - timedelta(seconds=self._clock.monotonic())
        with connection.begin() as begun:
            transaction = Transaction(connection, now)
            self._follow_clock(transaction, began)
            for work, calls in _by_work(batch):
                if any(call.turn.lasts for call in calls):
                    self._check()
                results += zip(calls, work(transaction, [call.argument for call in calls]), strict=True)
            versions.save(transaction)
            if self._last is not None:
                self._commit_numbered(begun, self._last, results)
        self._began = began
        if transaction.changed and self._loop is not None:
            self._loop.call_soon_threadsafe(self.on_change, frozenset(transaction.changed))
        return results

    def _commit_numbered(self, begun: RootTransaction, last: LastCommit, results: Results) -> None:
        number = last.next()
        try:
            last.commit(begun)
        except DBAPIError as problem:
            if not problem.connection_invalidated:
                raise  # it was refused, and the database says why
            raise _Unanswered(number, results) from problem

    def _follow_clock(self, transaction: Transaction, began: datetime) -> None:
        """`began` is when the monotonic clock began, by the wall clock. It stays the same until that one is moved."""
        moved = began - (self._began or began)
        if abs(moved) >= clock_jump.LEAST and self._alone and self._loop is not None:
            clock_jump.follow(transaction, moved)
            told = f"the wall clock moved by {moved.total_seconds():.0f} s"
            self._say(Trouble("clock_jumped", told, "See that one service alone sets this machine's clock."))

    def _say(self, trouble: Trouble) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._emit, trouble)

    def _begin(self) -> None:
        connection = self._connected()
        if self._last is not None:
            self._last.enter(connection)

    def _end(self) -> None:
        if self._unanswered is not None:
            self._give_up(self._unanswered)
        if self._last is not None and self._connection is not None:
            with suppress(DBAPIError):  # whoever opens the ledger in a week takes it away
                self._last.leave(self._connection)
        self._disconnect()

    def _give_up(self, lost: _Unanswered) -> None:
        """Whoever waits hears at least that it is not known. What was claimed is found in doubt at the next start."""
        try:
            self._answer_the_lost(lost)
        except (DBAPIError, LedgerError):
            assert self._loop is not None, "calls come after the start"
            self._loop.call_soon_threadsafe(self._hand_out, [(call, _maybe_kept()) for call, _ in lost.results])

    def _connected(self) -> Connection:
        """The connection, once it is known of everything before whether it was kept."""
        connection = self._opened()
        if self._unanswered is not None:
            self._answer_the_lost(self._unanswered)
        return connection

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _look(self, look: Callable[[Connection], T]) -> T:
        try:
            return look(self._connected())
        except DBAPIError as problem:
            self._forget_broken(problem)
            raise

    def _forget_broken(self, problem: Exception) -> bool:
        broken = isinstance(problem, DBAPIError) and breaks_connection(problem)
        if broken:
            self._disconnect()
        return broken

    def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _deliver(self, results: Results, fact: Committed) -> None:
        self._hand_out(results)
        self._emit(fact)

    def _hand_out(self, results: Results) -> None:
        for call, result in results:
            if call.turn.rank is Rank.APPEND:
                self.refusing = result if isinstance(result, LedgerError) else None
            if call.answer.cancelled():
                continue
            if isinstance(result, BaseException):
                call.answer.set_exception(result)
            else:
                call.answer.set_result(result)


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


def _maybe_kept() -> LedgerUnavailableError:
    return LedgerUnavailableError(
        "the connection to the database broke in the middle of a commit, and nobody knows yet whether this was kept:"
        " send it again, with the same idempotency key if it had one"
    )
