"""The auditor finds what is planted: an audit that finds nothing proves something only if it could have."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from benchmarks.crash.audit import TARGETS, TOLD_FROM, WITH_PEOPLE, faults
from benchmarks.crash.books import AlertRow, Books, DeliveryRow

ALERT = UUID(int=1)
ANSWERS = {"key-1": {"decision": "accepted", "id": str(ALERT)}}
ROW = AlertRow(ALERT, "K000001", "accepted", 0, TOLD_FROM, WITH_PEOPLE)
TOLD = DeliveryRow(1, ALERT, "discord:general", "sent", possibly_repeated=False)
POSTED = DeliveryRow(2, ALERT, "webhook:partner", "sent", possibly_repeated=False)
MOVES = frozenset({("pending", "sending", None), ("sending", "sent", None)})
TEXTED = DeliveryRow(3, ALERT, "sms:crew", "delivered", possibly_repeated=False)
DELIVERIES = {1: TOLD, 2: POSTED, 3: TEXTED}
BOOKS = Books({ALERT: ROW}, DELIVERIES, MOVES, sound=True)
ARRIVED = {"discord": Counter({1: 1}), "webhook": Counter({2: 1}), "sms": Counter({3: 1})}


def found(
    books: Books = BOOKS,
    *,
    answers: Mapping[str, Any] = ANSWERS,
    sent: int = 1,
    arrived: Mapping[str, Counter[int]] = ARRIVED,
    standing: frozenset[int] = frozenset({1}),
    doubtful: frozenset[int] = frozenset(),
) -> str:
    problems = faults(answers, Counter({"K000001": sent}), books, arrived, standing=standing, doubtful=doubtful)
    return "\n".join(problems)


def having(**changes: Any) -> Books:
    return replace(BOOKS, deliveries={**DELIVERIES, 1: replace(TOLD, **changes)})


def having_text(**changes: Any) -> Books:
    return replace(BOOKS, deliveries={**DELIVERIES, 3: replace(TEXTED, **changes)})


def test_three_logs_that_agree_are_sound():
    assert found() == ""


def test_a_flag_with_a_cause_is_sound():
    twice = {**ARRIVED, "discord": Counter({1: 2})}
    assert found(having(possibly_repeated=True), arrived=twice, doubtful=frozenset({1})) == ""


@pytest.mark.parametrize(
    ("word", "planted"),
    [
        ("lost: key-1", {"books": replace(BOOKS, alerts={}, deliveries={}), "arrived": {}}),
        ("miscounted", {"sent": 2}),
        ("limbo", {"books": having(state="sending")}),
        ("not sent", {"books": having(state="expired")}),
        ("lost: delivery 1", {"arrived": {**ARRIVED, "discord": Counter()}}),
        ("wiped out: delivery 1", {"standing": frozenset({2})}),
        ("misplanned", {"books": replace(BOOKS, alerts={ALERT: replace(ROW, targets=())})}),
        ("misplanned", {"books": replace(BOOKS, alerts={ALERT: replace(ROW, targets=TARGETS)})}),
        ("lost: delivery 3", {"arrived": {**ARRIVED, "sms": Counter()}}),
        ("guessed: text 3", {"arrived": {**ARRIVED, "sms": Counter({3: 2})}}),
        ("guessed: text 3", {"books": having_text(possibly_repeated=True), "doubtful": frozenset({3})}),
        ("guessed: text 3", {"books": having_text(state="possibly_sent"), "doubtful": frozenset({3})}),
        ("repeated", {"arrived": {**ARRIVED, "discord": Counter({1: 2})}}),
        ("flagged", {"books": having(possibly_repeated=True)}),
        ("flagged", {"books": having(state="possibly_sent")}),
        ("phantom: nobody", {"answers": {}}),
        ("phantom: discord took delivery 9", {"arrived": {**ARRIVED, "discord": Counter({1: 1, 9: 1})}}),
        ("from sent to pending", {"books": replace(BOOKS, moves=frozenset({("sent", "pending", "deferred")}))}),
        ("damaged", {"books": replace(BOOKS, sound=False)}),
    ],
)
def test_what_is_planted_is_found(word: str, planted: dict[str, Any]):
    books = planted.pop("books", BOOKS)
    assert word in found(books, **planted)
