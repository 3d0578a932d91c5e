"""Counts the last minute: how many alerts were accepted, and how long deliveries took, or have waited so far."""

import asyncio
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tocsin.core.alert import Band
from tocsin.core.clock import Clock
from tocsin.core.decision import Decision
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Decided, DeliveryMoved, Fact
from tocsin.ledger.contract import MOST_WAITING, History, WaitingRow
from tocsin.pipeline.sending.latency import LatencyMeter
from tocsin.rules.percentile import percentile, rounded

MINUTE = timedelta(minutes=1)
_GRAIN_S = 0.25  # what happened in one quarter of a second leaves the minute together
_FRESH_S = 1.0  # the ledger is not asked more often than this who waits
_ACCEPTED = 0.0  # alerts are counted, and have no span


class LastMinute:
    """Counted as it happens and by the monotonic clock, so that a jump of the wall clock moves nothing. Only who waits
    is read from the ledger, when somebody wants to know: a minute of many alerts costs no query. Where nodes share it
    (`shared`), what the others did is read with that.
    """

    def __init__(self, history: History, clock: Clock, *, shared: bool = False) -> None:
        self._history = history
        self._shared = shared
        self._clock = clock
        self._meter = LatencyMeter(clock)
        self._accepted = _Sliding()
        self._took = _Sliding()
        self._waiting: Sequence[WaitingRow] = ()
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def start(self) -> None:
        """Count what earlier processes did in this minute."""
        await self._count()

    async def _count(self) -> None:
        past = await self._history.happened_since(self._clock.now() - MINUTE)
        self._accepted, self._took = _Sliding(), _Sliding()
        for second, count in past.accepted:
            self._accepted.add(_ACCEPTED, self._monotonic(second), count)
        for second, took, count in past.sent:
            self._took.add(rounded(took.total_seconds()), self._monotonic(second), count)

    def hear(self, fact: Fact) -> None:
        match fact:
            case _ if self._shared:
                pass
            case Decided(receipt=receipt) if receipt.decision is Decision.ACCEPTED:
                self._accepted.add(_ACCEPTED, self._clock.monotonic())
            case DeliveryMoved(to=DeliveryState.SENT, latency_s=float(took)):
                self._took.add(rounded(took), self._clock.monotonic())

    async def look(self) -> None:
        """See who waits. A ledger that cannot be read leaves those waiting who were known to: their time goes on."""
        async with self._asking:
            if self._clock.monotonic() - self._asked_at < _FRESH_S:
                return
            try:
                self._waiting = await self._history.waiting()
                if self._shared:
                    await self._count()
            except LedgerError:
                return
            self._asked_at = self._clock.monotonic()

    def queue(self) -> Mapping[str, int] | None:
        """How many have not left, by band; None where there are more than were counted."""
        queued: Counter[str] = Counter({band.value: 0 for band in Band})
        for row in self._waiting:
            queued[row.band.value] += row.count * row.queued
        return None if queued.total() >= MOST_WAITING else queued

    def as_json(self) -> dict[str, Any]:
        """For operators. `p50_s` and `p99_s` are of the deliveries sent in the last minute and of those that wait now:
        who waits counts for as long as it has waited.
        """
        now = self._clock.monotonic()
        took = self._took.counts(now)
        waiting = self._waited(now)
        together = took + waiting
        return {
            "accepted": self._accepted.counts(now).total(),
            "sent": took.total(),
            "waiting": waiting.total(),
            "p50_s": percentile(together, 0.5),
            "p99_s": percentile(together, 0.99),
        }

    def _waited(self, now: float) -> Counter[float]:
        waited: Counter[float] = Counter()
        for row in (row for row in self._waiting if row.awaited):
            waited[rounded(row.late.total_seconds() + self._meter.span(row.accepted_at, now))] += row.count
        return waited

    def _monotonic(self, moment: datetime) -> float:
        """A moment of the past; one that lies ahead, since the clock was set back meanwhile, was just now."""
        return self._clock.monotonic() - max(timedelta(0), self._clock.now() - moment).total_seconds()


class _Sliding:
    """Spans counted over the last minute. What is added is not older than what was added before."""

    def __init__(self) -> None:
        self._quarters: deque[tuple[float, Counter[float]]] = deque()
        self._counts: Counter[float] = Counter()

    def add(self, span: float, now: float, count: int = 1) -> None:
        if not self._quarters or now - self._quarters[-1][0] >= _GRAIN_S:
            self._forget(now)
            self._quarters.append((now, Counter()))
        self._quarters[-1][1][span] += count
        self._counts[span] += count

    def counts(self, now: float) -> Counter[float]:
        self._forget(now)
        return self._counts

    def _forget(self, now: float) -> None:
        while self._quarters and now - self._quarters[0][0] >= MINUTE.total_seconds():
            for span, count in self._quarters.popleft()[1].items():
                self._counts[span] -= count
                if not self._counts[span]:
                    del self._counts[span]
