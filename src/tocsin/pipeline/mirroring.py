"""Brings mirrors what is new for them: each at its own pace, so that one that fails keeps nobody else waiting."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from typing import Any

from tocsin.cluster.contract import Ownership
from tocsin.core.clock import Clock
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Emit, MirrorFailing, MirrorWorks, MirrorWrote, Trouble
from tocsin.core.mirror import Entry, MirrorStanding
from tocsin.core.outcome import Deferred, Outcome, Refused, Sent, Unknown
from tocsin.core.record import rfc3339
from tocsin.ledger.contract import Mirrors
from tocsin.mirrors.contract import Mirror
from tocsin.pipeline.rounds import Round, Rounds
from tocsin.rules.allotment import rest_between

LOOK = timedelta(seconds=1)
PLANNED_AT_ONCE = 1000  # events that are written down for a mirror in one commit
MOST_WAITING = 5000  # entries: what is beyond them waits in the stream
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=1)
FAILING_AFTER = 30.0  # seconds without success, before operators are told

_RECENT_S = 60.0


class Mirroring:
    """All mirrors of the configuration, with a task each."""

    def __init__(
        self, ledger: Mirrors, mirrors: Sequence[Mirror], ownership: Ownership, clock: Clock, emit: Emit
    ) -> None:
        self._followers = tuple(Follower(ledger, mirror, clock, emit) for mirror in mirrors)
        self._ownership = ownership
        self._emit = emit
        rounds = [Round(one.mirror.name, partial(self._turn, one), _lane_of(one)) for one in self._followers]
        self._rounds = Rounds(rounds, ownership, clock)

    async def start(self) -> None:
        """What is accepted from here on is told to every mirror, a new one included."""
        for follower in self._followers:
            if self._ownership.owns(_lane_of(follower)):
                await follower.plan()
        await self._rounds.start()

    async def stop(self) -> None:
        await self._rounds.stop()
        for follower in self._followers:
            await follower.mirror.close()

    def behind(self) -> Mapping[str, float]:
        """How many entries waited for each mirror when it was looked last."""
        return {one.mirror.name: one.standing.behind for one in self._followers}

    async def reports(self) -> Sequence["Report"]:
        """How far each mirror is now."""
        return [await follower.report() for follower in self._followers]

    async def _turn(self, follower: "Follower") -> float:
        rest = LOOK
        try:
            rest = await follower.turn()
        except LedgerError as problem:
            self._emit(Trouble("upkeep_failed", f"mirror {follower.mirror.name}: {problem.message}"))
        except Exception as bug:  # noqa: BLE001 - a mirror that is broken must not end, and takes no other along
            said = f"mirror {follower.mirror.name}: {bug!r}"
            self._emit(Trouble("upkeep_broken", said, "Report this: the others go on without it."))
            rest = LONGEST_WAIT
        return rest.total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How far a mirror is. `problem` is what it said last where it took nothing; `caught_up_in` is how long that takes
    at its present pace, None where nobody can tell.
    """

    name: str
    standing: MirrorStanding
    problem: str
    caught_up_in: timedelta | None
    calls_left: int | None

    def as_json(self) -> dict[str, Any]:
        ahead, written_at = self.caught_up_in, self.standing.written_at
        return {
            "name": self.name,
            "behind": self.standing.behind,
            "caught_up_in_s": None if ahead is None else round(ahead.total_seconds()),
            "written_at": written_at and rfc3339(written_at),
            "calls_left": self.calls_left,
            "problem": self.problem,
        }


def _lane_of(follower: "Follower") -> str:
    return f"job:mirror:{follower.mirror.name}"


class Follower:
    """One mirror, and how it does."""

    def __init__(self, ledger: Mirrors, mirror: Mirror, clock: Clock, emit: Emit) -> None:
        self.mirror = mirror
        self.standing = MirrorStanding()
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self._problem = ""
        self._failures = 0
        self._failed_since: float | None = None
        self._told = False
        self._alone = False  # its last entries were refused together: now one by one
        self._taken: deque[tuple[float, int]] = deque()

    async def turn(self) -> timedelta:
        """Write down what is new and bring the oldest of it; how long to rest then."""
        mirror = self.mirror
        self.standing = await self._ledger.standing(mirror.name)
        if self.standing.waiting < MOST_WAITING:
            await self.plan()
        entries = await self._ledger.due(mirror.name, 1 if self._alone else mirror.at_once, by_alert=mirror.by_alert)
        if not entries:
            return LOOK
        outcome = await self._brought(entries)
        return await self._rest_after(outcome, entries)

    async def plan(self) -> None:
        """Write down what is new."""
        await self._ledger.plan(self.mirror.name, PLANNED_AT_ONCE, afterwards=self.mirror.by_alert)

    async def report(self) -> Report:
        standing = await self._ledger.standing(self.mirror.name)
        allowed, now = self.mirror.calls_per_month, self._clock.now()
        return Report(
            name=self.mirror.name,
            standing=standing,
            problem=self._problem,
            caught_up_in=self._catches_up_in(standing, now),
            calls_left=None if allowed is None else max(0, allowed - standing.calls_of(now)),
        )

    async def _brought(self, entries: Sequence[Entry]) -> Outcome:
        """A request is counted before it leaves: one too many is better than one too few."""
        if self.mirror.calls_per_month is not None:
            await self._ledger.called(self.mirror.name)
        outcome = await self.mirror.write(entries)
        self._emit(MirrorWrote(self.mirror.name, type(outcome).__name__.lower(), len(entries)))
        return outcome

    async def _rest_after(self, outcome: Outcome, entries: Sequence[Entry]) -> timedelta:
        match outcome:
            case Sent():
                await self._take(entries)
                self._works()
                self._alone = False
                return self._usual_rest()
            case Refused(detail=detail) if len(entries) > 1:
                self._problem, self._alone = detail, True
                return self._usual_rest()
            case Refused(detail=detail):
                await self._set_aside(entries, detail)
                return self._usual_rest()
            case Deferred(why, after, detail):
                return self._failed(detail or why.value, after)
            case Unknown(detail=detail):
                return self._failed(detail, None)

    def _usual_rest(self) -> timedelta:
        mirror, now = self.mirror, self._clock.now()
        made = self.standing.calls_of(now) + 1
        return rest_between(made, mirror.calls_per_month, now, mirror.rest)

    async def _take(self, entries: Sequence[Entry]) -> None:
        await self._ledger.taken(self.mirror.name, entries, by_alert=self.mirror.by_alert)
        self._taken.append((self._clock.monotonic(), len(entries)))
        self._forget_old()

    async def _set_aside(self, entries: Sequence[Entry], why: str) -> None:
        """One that it never takes must not keep all others waiting."""
        await self._take(entries)
        self._alone = False
        told = f"{self.mirror.name}: alert {entries[0].account.record.alert.id}: {why}"
        self._emit(Trouble("mirror_entry_refused", told, "It is left out there; the ledger has it."))

    def _failed(self, detail: str, after: timedelta | None) -> timedelta:
        now = self._clock.monotonic()
        self._failed_since = now if self._failed_since is None else self._failed_since
        self._problem, self._failures = detail, self._failures + 1
        if now - self._failed_since >= FAILING_AFTER:
            self._told = True
            self._emit(MirrorFailing(self.mirror.name, detail))
        backed_off: timedelta = FIRST_WAIT * 2 ** min(self._failures - 1, 10)
        return max(after or timedelta(), min(backed_off, LONGEST_WAIT))

    def _works(self) -> None:
        if self._told:
            self._emit(MirrorWorks(self.mirror.name))
        self._problem, self._failures, self._failed_since, self._told = "", 0, None, False

    def _catches_up_in(self, standing: MirrorStanding, now: datetime) -> timedelta | None:
        """By what it took in the last minute; where calls are rationed, by that."""
        if not standing.behind:
            return timedelta()
        if self.mirror.calls_per_month is not None:
            rest = rest_between(standing.calls_of(now), self.mirror.calls_per_month, now, self.mirror.rest)
            return rest * ceil(standing.behind / self.mirror.at_once)
        self._forget_old()
        taken = sum(many for _, many in self._taken)
        return standing.behind * timedelta(seconds=_RECENT_S / taken) if taken else None

    def _forget_old(self) -> None:
        while self._taken and self._clock.monotonic() - self._taken[0][0] > _RECENT_S:
            self._taken.popleft()
