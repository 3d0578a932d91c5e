from datetime import UTC, datetime
from uuid import UUID

import pytest
from tests.rules.made import alert

from tocsin.core.clock import ManualClock
from tocsin.core.decision import Decision, Reason, Receipt
from tocsin.core.facts import AlertInvalid, AlertsRefused, AlertsTaken, Decided, Fact, Turned
from tocsin.pipeline.watch.refusals import AGAIN_S, Refusals
from tocsin.pipeline.watch.suspects import MOST
from tocsin.rules.refusal import LATEST, LEAST_REFUSED

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NEW = Receipt(decision=Decision.ACCEPTED, reason=Reason.NEW, id=UUID(int=1))
FILTERED = Receipt(decision=Decision.FILTERED, reason=Reason.STALE, id=UUID(int=1))


class Desk:
    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.told: list[Fact] = []
        self.refusals = Refusals(self.clock, self.told.append)

    def invalid(self, owner: str = "engine", times: int = 1) -> None:
        self.hear(times, AlertInvalid(owner=owner, fault="price", message="price: must be at least 0"))

    def taken(self, owner: str = "engine", times: int = 1, receipt: Receipt = NEW) -> None:
        self.hear(times, Decided(alert(), receipt, owner=owner))

    def hear(self, times: int, fact: Fact) -> None:
        for _ in range(times):
            self.clock.advance(0.1)
            self.refusals.hear(fact)


def test_a_token_whose_alerts_are_refused_is_told_once_and_so_is_their_being_taken_again():
    desk = Desk()
    desk.invalid(times=30)
    assert desk.told == [AlertsRefused(owner="engine", detail="price: must be at least 0")]
    desk.taken(times=LATEST)
    desk.taken(times=30)
    assert desk.told[1:] == [AlertsTaken("engine")]


def test_as_long_as_it_lasts_the_newest_fault_is_told_now_and_then():
    desk = Desk()
    desk.invalid(times=LEAST_REFUSED)
    desk.clock.advance(AGAIN_S)
    desk.hear(10, AlertInvalid(owner="engine", fault="not_json", message="this line is not JSON"))
    assert desk.told[1:] == [AlertsRefused(owner="engine", detail="not_json: this line is not JSON")]


@pytest.mark.parametrize("code", ["not_json", "too_large", "forbidden", "unauthorized", "idempotency_conflict"])
def test_a_request_that_is_turned_away_counts_as_an_alert_of_its_token(code: str):
    desk = Desk()
    desk.hear(LEAST_REFUSED, Turned(code, "because", "engine", "10.0.0.1"))
    assert desk.told == [AlertsRefused(owner="engine", detail=f"{code} from 10.0.0.1: because")]


@pytest.mark.parametrize(
    "fact",
    [
        Turned("ledger_unavailable", "locked", "engine"),
        Turned("not_found", "there is no alert", "engine"),
        Turned("unauthorized", "no token", ingest=False),
    ],
)
def test_no_sender_is_blamed_for_us_nor_for_what_brought_no_alert(fact: Turned):
    desk = Desk()
    desk.hear(100, fact)
    assert desk.told == []


def test_all_whom_nobody_knows_are_one_sender_and_take_one_place():
    desk = Desk()
    for number in range(10 * MOST):
        desk.hear(1, Turned("unauthorized", "not known", address=f"10.0.{number // 250}.{number % 250}"))
    first, *more = desk.told
    assert first == AlertsRefused(owner="", detail="unauthorized from 10.0.0.4: not known")
    assert len(more) <= 10 * MOST * 0.1 / AGAIN_S
    assert len(desk.refusals._senders) == 1


def test_now_and_then_a_refused_one_is_nothing_to_tell():
    desk = Desk()
    for _ in range(30):
        desk.invalid()
        desk.taken(times=2)
    assert desk.told == []


def test_what_is_filtered_or_a_repeat_was_taken():
    desk = Desk()
    desk.invalid(times=LEAST_REFUSED)
    desk.taken(times=LATEST, receipt=FILTERED)
    assert desk.told[1:] == [AlertsTaken("engine")]


def test_of_who_is_never_refused_nothing_is_remembered():
    desk = Desk()
    for number in range(2 * MOST):
        desk.taken(f"token {number}")
    desk.invalid("once")
    desk.taken("once", times=100)
    assert len(desk.refusals._senders) == 0
