"""The ledger's write verbs are calls of the writer, which shares its commits among whoever waits."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tocsin.core.alert import EpisodeKey
from tocsin.core.click import Click
from tocsin.core.condition import Condition, What
from tocsin.core.delivery import Target
from tocsin.core.errors import InvalidRequestError, LedgerGoneError
from tocsin.core.facts import Emit, Trouble
from tocsin.core.monitor import Monitor
from tocsin.core.signal import Signal
from tocsin.ledger.contract import (
    Appended,
    Claimed,
    ClaimRequest,
    Closed,
    Decide,
    Judge,
    Move,
    MoveResult,
    People,
    Received,
    Settlement,
    ShutLane,
    StandingMessage,
    Submission,
    TokenRow,
)
from tocsin.ledger.engine import stream
from tocsin.ledger.engine.db_errors import explained
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.engine.upgrade import copy
from tocsin.ledger.engine.wal import WriteAheadLog, folded_in
from tocsin.ledger.engine.writer import Rank, Work, Writer
from tocsin.ledger.files import LedgerFiles
from tocsin.ledger.history import clicks, retention
from tocsin.ledger.operations import conditions, disable, monitors, tokens
from tocsin.ledger.queue import (
    append,
    claim,
    close,
    expiry,
    fallback,
    idempotency,
    mentions,
    message_edits,
    settle,
    shut_lanes,
    signals,
)


def _each(verb: Callable[..., Any]) -> Work:
    """Make work of a verb whose calls share a commit and nothing else; an argument is the tuple that the verb takes."""

    def work(transaction: Transaction, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        return [verb(transaction, *argument) for argument in arguments]

    return work


_CLOSE = _each(close.close)
_NOTE_SHOWN = _each(message_edits.vouch)
_PROBE, _TRY = _each(stream.touch), _each(idempotency.write_one)
_DISABLE, _ENABLE = _each(disable.disable), _each(disable.enable)
_RECOVER, _FAIL_OVER, _EXPIRE = _each(expiry.recover), _each(fallback.fail_over), _each(expiry.expire)
_WITHHOLD = _each(fallback.withhold)
_SILENCE, _PRUNE = _each(close.silence), _each(retention.prune)
_ADD_TOKEN, _REVOKE_TOKEN = _each(tokens.add_token), _each(tokens.revoke_token)
_TOUCH_TOKENS = _each(tokens.touch_tokens)
_KEEP_MONITOR, _FORGET_MONITOR = _each(monitors.keep), _each(monitors.forget)
_KEEP_CONDITION, _FORGET_CONDITION = _each(conditions.keep), _each(conditions.forget)
_RECEIVE = _each(signals.receive)
_NOTE_MENTION = _each(mentions.note)
_KEEP_LANE, _FORGET_LANE = _each(shut_lanes.keep), _each(shut_lanes.forget)
_CLICK = _each(clicks.click)


class SqlLedger:
    """The `Ledger` of the contract, for SQLite and PostgreSQL alike. `path` and `files` are None for the latter."""

    def __init__(
        self,
        writer: Writer,
        *,
        epoch: str,
        link_secret: bytes,
        path: Path | None,
        files: LedgerFiles | None,
        wal: WriteAheadLog,
        people: People,
        emit: Emit,
    ) -> None:
        self.epoch = epoch
        self.link_secret = link_secret
        self.people = people
        self.gone = ""
        self.wal = wal
        self._writer = writer
        self._path = path
        self._files = files
        self._emit = emit
        self._append, self._close = self._where_it_lasts(append.append), self._where_it_lasts(_CLOSE)
        self._probe, self._try = self._where_it_lasts(_PROBE), self._where_it_lasts(_TRY)
        self._add_token = self._where_it_lasts(_ADD_TOKEN)

    async def append(self, submission: Submission, decide: Decide) -> Appended:
        if self.wal.full and not await self._writer.read(folded_in):
            raise self.wal.refuse()
        call, rows = (submission, decide), max(1, len(submission.items))
        begun = submission.begins > 0
        appended: Appended = await self._writer.do(Rank.APPEND, self._append, call, rows, begun=begun)
        return appended

    async def claim(self, request: ClaimRequest) -> Claimed:
        claimed: Claimed = await self._writer.do(Rank.CLAIM, claim.claim, request, request.limit * request.attempts)
        return claimed

    async def settle(self, settlement: Settlement) -> MoveResult:
        moved: MoveResult = await self._writer.do(
            Rank.SETTLE, signals.settle, settlement, max(1, len(settlement.moves))
        )
        return moved

    async def move(self, moves: Sequence[Move]) -> MoveResult:
        moved: MoveResult = await self._writer.do(Rank.SETTLE, settle.move, moves, max(1, len(moves)))
        return moved

    async def receive(self, heard: Sequence[Signal], judge: Judge) -> Received:
        received: Received = await self._writer.do(Rank.SETTLE, _RECEIVE, (heard, judge), max(1, len(heard)))
        return received

    async def note_mention(self, attempt: int, mentioned: str) -> None:
        await self._writer.do(Rank.CLAIM, _NOTE_MENTION, (attempt, mentioned))

    async def close(self, key: EpisodeKey) -> Closed:
        closed: Closed = await self._writer.do(Rank.SETTLE, self._close, (key,))
        return closed

    async def note_shown(self, message: StandingMessage) -> None:
        await self._writer.do(Rank.UPKEEP, _NOTE_SHOWN, (message,), len(message.members))

    async def probe(self) -> None:
        if self._writer.refusing is None:
            await self._writer.do(Rank.SETTLE, self._probe, ())
        else:
            await self._writer.do(Rank.APPEND, self._try, ())

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
            self._emit(Trouble("lock_gone", f"the lock file of {self._path} was taken away, and is put back"))

    async def fail_over(self, lanes: frozenset[str], shadow: frozenset[Target] = frozenset()) -> MoveResult:
        moved: MoveResult = await self._writer.do(Rank.SETTLE, _FAIL_OVER, (lanes, shadow))
        return moved

    async def withhold(self, lane: str) -> MoveResult:
        moved: MoveResult = await self._writer.do(Rank.SETTLE, _WITHHOLD, (lane,))
        return moved

    async def recover(self) -> MoveResult:
        moved: MoveResult = await self._writer.do(Rank.SETTLE, _RECOVER, ())
        return moved

    async def expire(self, limit: int = 1000) -> MoveResult:
        moved: MoveResult = await self._writer.do(Rank.UPKEEP, _EXPIRE, (limit,), limit)
        return moved

    async def silence(self, last_seen_before: datetime, limit: int = 100) -> Closed:
        closed: Closed = await self._writer.do(Rank.UPKEEP, _SILENCE, (last_seen_before, limit), limit)
        return closed

    async def prune(self, accepted_before: datetime, limit: int = 1000) -> int:
        forgotten: int = await self._writer.do(Rank.UPKEEP, _PRUNE, (accepted_before, limit), limit)
        return forgotten

    async def disable(self, target: Target, why: str, detail: str) -> MoveResult:
        moved: MoveResult = await self._writer.do(Rank.SETTLE, _DISABLE, (target, why, detail))
        return moved

    async def enable(self, target: Target) -> bool:
        enabled: bool = await self._writer.do(Rank.SETTLE, _ENABLE, (target,))
        return enabled

    async def add_token(self, token: TokenRow) -> None:
        await self._writer.do(Rank.UPKEEP, self._add_token, (token,))

    async def revoke_token(self, identifier: str) -> bool:
        revoked: bool = await self._writer.do(Rank.UPKEEP, _REVOKE_TOKEN, (identifier,))
        return revoked

    async def touch_tokens(self, used: Mapping[str, datetime]) -> None:
        await self._writer.do(Rank.UPKEEP, _TOUCH_TOKENS, (used,), max(1, len(used)))

    async def keep_monitor(self, monitor: Monitor) -> None:
        await self._writer.do(Rank.UPKEEP, _KEEP_MONITOR, (monitor,))

    async def forget_monitor(self, identifier: str) -> bool:
        forgotten: bool = await self._writer.do(Rank.UPKEEP, _FORGET_MONITOR, (identifier,))
        return forgotten

    async def keep_condition(self, condition: Condition) -> None:
        await self._writer.do(Rank.UPKEEP, _KEEP_CONDITION, (condition,))

    async def forget_condition(self, what: What, about: str) -> None:
        await self._writer.do(Rank.UPKEEP, _FORGET_CONDITION, (what, about))

    async def keep_lane(self, lane: ShutLane) -> None:
        await self._writer.do(Rank.UPKEEP, _KEEP_LANE, (lane,))

    async def forget_lane(self, name: str) -> None:
        await self._writer.do(Rank.UPKEEP, _FORGET_LANE, (name,))

    async def click(self, delivery: int, followed: Click) -> None:
        await self._writer.do(Rank.UPKEEP, _CLICK, (delivery, followed))

    def _where_it_lasts(self, work: Work) -> Work:
        """Make the same work, refused where what it writes would be gone with this process."""
        if self._files is None:
            return work
        files = self._files

        def lasting(transaction: Transaction, arguments: Sequence[Any]) -> Sequence[Any]:
            files.check()
            return work(transaction, arguments)

        return lasting

    async def backup(self, path: str) -> None:
        if self._path is None:
            raise InvalidRequestError("PostgreSQL has tools of its own for this: use pg_dump")
        await asyncio.to_thread(copy, self._path, Path(path))


def _look(files: LedgerFiles, connection: Connection) -> tuple[str, bool]:
    """Find out what is gone, and whether the lock was. What a lost log holds is in the ledger at least from now on."""
    problem = files.problem()
    if problem:
        folded_in(connection)
    return problem, files.put_back_lock()
