"""The figures of the last minute: counted while it passes, and read from the ledger where a process begins."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.rules.made import alert, delivery

from tocsin.core.alert import Band
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Decision, Reason, Receipt
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import LedgerUnavailableError
from tocsin.core.facts import Decided, DeliveryMoved
from tocsin.ledger.contract import MOST_WAITING, Past, WaitingRow
from tocsin.pipeline.watch.last_minute import LastMinute

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Book:
    """A history that knows who waits, and what happened before."""

    def __init__(self) -> None:
        self.rows: Sequence[WaitingRow] = ()
        self.past = Past()
        self.asked = 0
        self.readable = True

    async def waiting(self) -> Sequence[WaitingRow]:
        self.asked += 1
        if not self.readable:
            raise LedgerUnavailableError("the disk is full")
        return self.rows

    async def happened_since(self, since: datetime) -> Past:
        assert since == NOON - timedelta(minutes=1)
        return self.past


class Desk:
    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.book = Book()
        history: Any = self.book
        self.minute = LastMinute(history, self.clock)

    def accepted(self, times: int, decision: Decision = Decision.ACCEPTED) -> None:
        for _ in range(times):
            self.minute.hear(Decided(alert(), Receipt(decision=decision, reason=Reason.NEW)))

    def sent(self, times: int, latency_s: float | None) -> None:
        moved = DeliveryMoved(delivery=delivery(), to=DeliveryState.SENT, why=None, latency_s=latency_s)
        for _ in range(times):
            self.minute.hear(moved)

    def waits(self, count: int, *, late: float = 0, awaited: bool = True) -> None:
        row = WaitingRow(
            accepted_at=self.clock.now(),
            late=timedelta(seconds=late),
            band=Band.MEDIUM,
            queued=True,
            awaited=awaited,
            count=count,
        )
        self.book.rows = [*self.book.rows, row, replace(row, count=1, band=Band.LOW, queued=False, awaited=False)]

    async def told(self) -> dict[str, Any]:
        await self.minute.look()
        return self.minute.as_json()


async def test_nothing_is_known_where_nothing_happened():
    assert await Desk().told() == {"accepted": 0, "sent": 0, "waiting": 0, "p50_s": None, "p99_s": None}


async def test_only_accepted_alerts_count_and_only_for_a_minute():
    desk = Desk()
    desk.accepted(3)
    desk.accepted(2, Decision.DUPLICATE)
    desk.clock.advance(30)
    desk.accepted(4)
    assert (await desk.told())["accepted"] == 7
    desk.clock.advance(30)
    assert (await desk.told())["accepted"] == 4
    desk.clock.advance(30)
    assert (await desk.told())["accepted"] == 0


async def test_the_percentiles_are_those_of_the_last_minute():
    desk = Desk()
    desk.sent(100, 9.0)
    desk.clock.advance(60)
    desk.sent(98, 0.2)
    desk.sent(2, 1.5)
    told = await desk.told()
    assert (told["sent"], told["p50_s"], told["p99_s"]) == (100, 0.2, 1.5)


async def test_what_nobody_waited_for_is_not_counted():
    desk = Desk()
    desk.sent(5, None)
    assert (await desk.told())["sent"] == 0


async def test_who_waits_counts_for_as_long_as_it_has_waited():
    desk = Desk()
    desk.sent(10, 0.2)
    desk.waits(90, late=2)
    assert (await desk.told())["p50_s"] == 2.0
    desk.clock.advance(20)
    told = await desk.told()
    assert (told["waiting"], told["p50_s"], told["p99_s"]) == (90, 22.0, 22.0)
    desk.clock.advance(600)
    assert (await desk.told())["p50_s"] == 622.0


async def test_the_queue_is_who_has_not_left_awaited_or_not():
    desk = Desk()
    await desk.told()
    assert desk.minute.queue() == {"high": 0, "medium": 0, "low": 0}
    desk.waits(3)
    desk.waits(4, awaited=False)
    desk.clock.advance(1)
    assert (await desk.told())["waiting"] == 3
    assert desk.minute.queue() == {"high": 0, "medium": 7, "low": 0}


async def test_a_queue_that_was_not_counted_to_its_end_is_not_told():
    desk = Desk()
    desk.waits(MOST_WAITING)
    await desk.told()
    assert desk.minute.queue() is None


async def test_a_jump_of_the_wall_clock_moves_nothing():
    desk = Desk()
    desk.accepted(5)
    desk.waits(1)
    await desk.told()
    desk.clock.advance(10)
    for jump in (-7200, 3600):
        desk.clock.jump(jump)
        told = await desk.told()
        assert (told["accepted"], told["p99_s"]) == (5, 10.0)


async def test_the_ledger_is_asked_once_a_second_however_many_ask():
    desk = Desk()
    for _ in range(5):
        await desk.told()
    desk.clock.advance(1)
    await desk.told()
    assert desk.book.asked == 2


async def test_a_ledger_that_cannot_be_read_leaves_those_waiting_whom_it_knew():
    desk = Desk()
    desk.waits(3)
    await desk.told()
    desk.book.readable = False
    desk.clock.advance(5)
    told = await desk.told()
    assert (told["waiting"], told["p50_s"]) == (3, 5.0)


async def test_a_new_process_goes_on_from_what_the_ledger_knows():
    desk = Desk()
    ago = [NOON - timedelta(seconds=seconds) for seconds in (50, 10)]
    desk.book.past = Past(
        accepted=tuple((moment, 4) for moment in ago),
        sent=tuple((moment, timedelta(seconds=0.25), 2) for moment in ago),
    )
    await desk.minute.start()
    told = await desk.told()
    assert (told["accepted"], told["sent"], told["p50_s"]) == (8, 4, 0.25)
    desk.clock.advance(20)
    assert (await desk.told())["accepted"] == 4


async def test_what_the_ledger_knows_from_the_future_was_just_now():
    """The wall clock was set back while nobody ran."""
    desk = Desk()
    desk.book.past = Past(accepted=((NOON + timedelta(hours=1), 3),))
    await desk.minute.start()
    desk.clock.advance(59)
    assert (await desk.told())["accepted"] == 3
    desk.clock.advance(1)
    assert (await desk.told())["accepted"] == 0
