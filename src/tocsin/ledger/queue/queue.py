"""The verbs of the queue. Each write is one call of the writer, which shares its commits among whoever waits."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from tocsin.core.alert import Band, EpisodeKey
from tocsin.core.delivery import Target
from tocsin.core.signal import Signal
from tocsin.ledger.contract import (
    Appended,
    AttemptRow,
    Claim,
    Claimed,
    ClaimRequest,
    Closed,
    Decide,
    Judge,
    LaneRow,
    Move,
    MoveResult,
    Received,
    Settlement,
    ShutLane,
    SpentRow,
    StandingMessage,
    Submission,
)
from tocsin.ledger.engine.reader import Reader
from tocsin.ledger.engine.wal import WriteAheadLog, folded_in
from tocsin.ledger.engine.writer import Rank, Turn, Writer
from tocsin.ledger.people.reach import reach, reachable, reached
from tocsin.ledger.people.vault import Vault
from tocsin.ledger.queue import (
    append,
    claim,
    close,
    depth,
    expiry,
    fallback,
    message_edits,
    settle,
    shut_lanes,
    signals,
    spent,
)

_SETTLE, _UPKEEP = Turn(Rank.SETTLE), Turn(Rank.UPKEEP)


class SqlQueue:
    """`Queue` of the contract, for SQLite and PostgreSQL alike."""

    def __init__(self, writer: Writer, reader: Reader, wal: WriteAheadLog, vault: Vault) -> None:
        self._writer = writer
        self._reader = reader
        self._wal = wal
        self._claim = partial(claim.claim, partial(reach, vault))
        self._unknown = partial(depth.unknown, partial(reached, vault))
        self._edits = partial(message_edits.due, partial(reachable, vault))

    async def append(
        self, submission: Submission, decide: Decide, directory: int | None = None, targets: int | None = None
    ) -> Appended:
        if self._wal.full and not await self._writer.read(folded_in):
            raise self._wal.refuse()
        rows, begun = max(1, len(submission.items)), submission.begins > 0
        return await self._writer.do(
            Turn(Rank.APPEND, rows, lasts=True, begun=begun), append.append, (submission, decide, directory, targets)
        )

    async def claim(self, request: ClaimRequest) -> Claimed:
        return await self._writer.do(Turn(Rank.CLAIM, request.limit * request.attempts), self._claim, request)

    async def settle(self, settlement: Settlement) -> MoveResult:
        return await self._writer.do(_settling(settlement.moves), signals.settle, settlement)

    async def move(self, moves: Sequence[Move]) -> MoveResult:
        return await self._writer.do(_settling(moves), settle.move, moves)

    async def receive(self, heard: Sequence[Signal], judge: Judge) -> Received:
        return await self._writer.each(_settling(heard), signals.receive, heard, judge)

    async def note_mention(self, attempt: int, mentioned: str) -> None:
        await self._writer.each(Turn(Rank.CLAIM), claim.note_mention, attempt, mentioned)

    async def close(self, key: EpisodeKey) -> Closed:
        return await self._writer.each(Turn(Rank.SETTLE, lasts=True), close.close, key)

    async def silence(self, last_seen_before: datetime, limit: int = 100) -> Closed:
        return await self._writer.each(Turn(Rank.UPKEEP, limit), close.silence, last_seen_before, limit)

    async def expire(self, limit: int = 1000) -> MoveResult:
        return await self._writer.each(Turn(Rank.UPKEEP, limit), expiry.expire, limit)

    async def fail_over(self, lanes: frozenset[str], shadow: frozenset[Target] = frozenset()) -> MoveResult:
        return await self._writer.each(_SETTLE, fallback.fail_over, lanes, shadow)

    async def withhold(self, lane: str) -> MoveResult:
        return await self._writer.each(_SETTLE, fallback.withhold, lane)

    async def curtail(self, lane: str, spared: Band | None) -> MoveResult:
        return await self._writer.each(_SETTLE, fallback.curtail, lane, spared)

    async def recover(self, node: str | None = None) -> MoveResult:
        return await self._writer.each(_SETTLE, expiry.recover, node)

    async def note_shown(self, message: StandingMessage) -> None:
        await self._writer.each(Turn(Rank.UPKEEP, len(message.members)), message_edits.vouch, message)

    async def keep_lane(self, lane: ShutLane) -> None:
        await self._writer.each(_UPKEEP, shut_lanes.keep, lane)

    async def forget_lane(self, name: str) -> None:
        await self._writer.each(_UPKEEP, shut_lanes.forget, name)

    async def lanes(self) -> tuple[LaneRow, ...]:
        return await self._reader.read(depth.lanes)

    async def shut_lanes(self) -> tuple[ShutLane, ...]:
        return await self._reader.read(shut_lanes.listed)

    async def unknown(self, lanes: frozenset[str], limit: int = 100) -> tuple[Claim, ...]:
        return await self._reader.read(self._unknown, lanes, limit)

    async def edits(self, targets: frozenset[Target], limit: int = 50) -> tuple[StandingMessage, ...]:
        return await self._reader.read(self._edits, targets, limit)

    async def recent_attempts(self, since: datetime) -> tuple[AttemptRow, ...]:
        return await self._reader.read(depth.recent_attempts, since)

    async def spent(self, since: datetime, lanes: frozenset[str]) -> tuple[SpentRow, ...]:
        return await self._reader.read(spent.since, since, lanes)


def _settling(moves: Sequence[object]) -> Turn:
    return Turn(Rank.SETTLE, max(1, len(moves)))
