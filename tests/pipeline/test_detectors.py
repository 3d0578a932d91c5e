from datetime import UTC, datetime
from uuid import UUID

from tests.rules.made import alert

from tocsin.core.clock import ManualClock
from tocsin.core.decision import Decision, Reason, Receipt
from tocsin.core.facts import ClockRight, ClockWrong, Decided, Fact, Misdated
from tocsin.pipeline.watch.detectors import Detectors
from tocsin.pipeline.watch.suspects import MOST
from tocsin.rules.detector import LEAST_OFF, TRUE_AGAIN

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STALE = Receipt(decision=Decision.FILTERED, reason=Reason.STALE, id=UUID(int=1))
NEW = Receipt(decision=Decision.ACCEPTED, reason=Reason.NEW, id=UUID(int=1))


class Desk:
    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.told: list[Fact] = []
        self.detectors = Detectors(self.clock, self.told.append)

    def stale(self, retailer: str = "bestbuy", times: int = 1, late_s: float = 900) -> None:
        self._hear(times, Decided(alert(retailer=retailer), STALE, late_s))

    def timely(self, retailer: str = "bestbuy", times: int = 1) -> None:
        self._hear(times, Decided(alert(retailer=retailer), NEW, 0.1))

    def ahead(self, retailer: str = "bestbuy", times: int = 1) -> None:
        self._hear(times, Misdated(retailer, 3600))

    def _hear(self, times: int, fact: Fact) -> None:
        for _ in range(times):
            self.clock.advance(1)
            self.detectors.hear(fact)


def test_a_clock_that_is_behind_is_told_once_and_so_is_its_mending():
    desk = Desk()
    desk.stale(times=30)
    assert desk.told == [ClockWrong(retailer="bestbuy", ahead_s=-900)]
    desk.timely(times=TRUE_AGAIN + 30)
    assert desk.told[1:] == [ClockRight("bestbuy")]


def test_a_clock_that_is_ahead_is_told_too():
    desk = Desk()
    desk.ahead(times=LEAST_OFF)
    assert desk.told == [ClockWrong(retailer="bestbuy", ahead_s=3600)]


def test_now_and_then_a_stale_one_is_nothing_to_tell():
    desk = Desk()
    for _ in range(30):
        desk.stale()
        desk.timely(times=3)
    assert desk.told == []


def test_each_retailer_has_clocks_of_its_own():
    desk = Desk()
    for _ in range(LEAST_OFF):
        desk.stale("bestbuy")
        desk.timely("newegg", times=5)
    assert desk.told == [ClockWrong(retailer="bestbuy", ahead_s=-900)]


def test_what_is_in_order_is_not_remembered():
    desk = Desk()
    for number in range(2000):
        desk.timely(f"shop {number}")
    desk.stale("once")
    desk.timely("once", times=100)
    assert len(desk.detectors._retailers) == 0


def test_made_up_retailers_neither_fill_the_memory_nor_hide_a_wrong_clock():
    desk = Desk()
    desk.stale("bestbuy", times=LEAST_OFF)
    for number in range(2 * MOST):
        desk.stale(f"shop {number}")
    assert len(desk.detectors._retailers) == MOST
    desk.timely("bestbuy", times=TRUE_AGAIN)
    assert desk.told == [ClockWrong(retailer="bestbuy", ahead_s=-900), ClockRight("bestbuy")]


def test_a_jump_of_our_own_clock_says_nothing_of_theirs():
    desk = Desk()
    desk.stale(times=LEAST_OFF - 1)
    desk.clock.jump(-3600)
    desk.timely(times=LEAST_OFF)
    assert desk.told == []
