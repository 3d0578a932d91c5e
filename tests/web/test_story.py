"""The timeline of one alert, from what the ledger has of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.rules.made import GENERAL, NOW, SECOND, alert, delivery

from tocsin.core.decision import Decision, Reason
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.record import AlertRecord
from tocsin.ledger.contract import AlertStory, AttemptRow, DeliveryStory, MoveRow
from tocsin.web.story import story_as_json

S = DeliveryState


def millis(number: float) -> timedelta:
    return timedelta(milliseconds=number)


def told(*deliveries: DeliveryStory, detected_at: timedelta = timedelta(0), **record: Any) -> dict[str, Any]:
    """An alert accepted at NOW, detected that much before or after it."""
    given = {"decision": Decision.ACCEPTED, "reason": Reason.NEW, "last_seen_at": NOW} | record
    known = AlertRecord(alert=alert(timestamp=NOW + detected_at), accepted_at=NOW, **given)
    return story_as_json(AlertStory(known, 1, deliveries))


def attempt(began: float, took: float, outcome: str = "sent", status: int | None = 200) -> AttemptRow:
    return AttemptRow(
        id=UUID(int=1),
        target=GENERAL,
        lane="discord:general",
        started_at=NOW + millis(began),
        finished_at=NOW + millis(began + took),
        outcome=outcome,
        status=status,
        answer="",
        mentioned="",
        members=1,
    )


def steps(story: dict[str, Any]) -> list[tuple[str, float, float | None]]:
    return [(step["what"], step["ms"], step["took_ms"]) for step in story["timeline"]]


def test_every_step_and_the_whole_are_told_in_milliseconds():
    sent = delivery(state=S.SENT, moved_at=NOW + millis(95))
    story = told(DeliveryStory(sent, (attempt(15, 80),)), detected_at=-millis(5))
    assert steps(story) == [
        ("detected", 0, None),
        ("accepted", 5, 5),
        ("planned", 5, 0),
        ("sending", 20, 15),
        ("sent", 100, 80),
    ]
    assert story["deliveries"][0]["latency_ms"] == 100


def test_the_wait_for_a_limit_is_a_step_of_its_own():
    sent = delivery(state=S.SENT, moved_at=NOW + millis(2210), attempts=2)
    tried = (attempt(10, 100, "deferred", 429), attempt(2110, 100))
    assert steps(told(DeliveryStory(sent, tried)))[4:] == [
        ("deferred", 110, 100),
        ("sending", 2110, 2000),
        ("sent", 2210, 100),
    ]


def test_what_was_found_after_a_lost_answer_says_so():
    sent = delivery(state=S.SENT, why=Why.FOUND, moved_at=NOW + millis(5000))
    story = told(DeliveryStory(sent, (attempt(10, 4000, "unknown", None),)))
    assert steps(story)[-1] == ("sent", 5000, 990)
    assert story["timeline"][-1]["detail"] == "discord:general: found"
    assert story["deliveries"][0]["latency_ms"] == 5000


def test_a_receipt_of_the_provider_does_not_make_it_later():
    reached = delivery(state=S.DELIVERED, moved_at=NOW + 5 * SECOND)
    assert told(DeliveryStory(reached, (attempt(10, 90),)))["deliveries"][0]["latency_ms"] == 100


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (S.EXPIRED, Why.PAST_LIFE),
        (S.CANCELLED, Why.CLOSED),
        (S.REFUSED, Why.REFUSED),
        (S.POSSIBLY_SENT, Why.HELD),
    ],
)
def test_expired_cancelled_refused_and_held_ones_are_told_apart(state: DeliveryState, why: Why):
    ended = delivery(state=state, why=why, moved_at=NOW + 5 * SECOND)
    story = told(DeliveryStory(ended, ()))
    assert steps(story)[-1] == (state.value, 5000, 5000)
    assert story["timeline"][-1]["detail"] == f"discord:general: {why}"
    assert story["deliveries"][0]["latency_ms"] is None


HELD, DROPPED = "held until 07:00 (UTC) by the quiet hours night", "dropped by the quiet hours night"


@pytest.mark.parametrize(
    ("state", "why", "after", "detail", "step"),
    [
        (S.PENDING, None, 0, HELD, ("planned", f"discord:general: {HELD}")),
        (S.EXPIRED, Why.PAST_LIFE, 600, HELD, ("expired", f"discord:general: past_life: {HELD}")),
        (S.CANCELLED, Why.CLOSED, 60, HELD, ("cancelled", f"discord:general: closed: {HELD}")),
        (S.CANCELLED, Why.QUIET, 0, DROPPED, ("cancelled", f"discord:general: quiet: {DROPPED}")),
        (S.CANCELLED, Why.SHADOW, 0, "", ("cancelled", "discord:general: shadow")),
        (S.REFUSED, Why.NO_TARGET, 0, "", ("refused", "discord:general: no_target")),
    ],
)
def test_the_timeline_names_what_held_an_alert_and_what_ended_it_before_it_began(state, why, after, detail, step):
    kept = delivery(state=state, why=why, moved_at=NOW + after * SECOND, attempts=0, detail=detail)
    last = told(DeliveryStory(kept, ()))["timeline"][-1]
    assert (last["what"], last["detail"]) == step


def test_what_an_attempt_has_said_is_not_said_twice():
    late = delivery(state=S.EXPIRED, why=Why.PAST_LIFE, moved_at=NOW + SECOND, detail="429 Too Many Requests")
    assert told(DeliveryStory(late, (attempt(15, 80, "deferred", 429),)))["timeline"][-1]["detail"] == (
        "discord:general: past_life"
    )


def moved(after: float, origin: tuple[S, Why | None], to: tuple[S, Why | None]) -> MoveRow:
    return MoveRow(NOW + millis(after), *origin, *to, detail="")


def test_what_a_retry_left_behind_is_still_told():
    sent = delivery(state=S.SENT, moved_at=NOW + millis(9100), attempts=1)
    moves = (
        moved(5000, (S.PENDING, None), (S.EXPIRED, Why.PAST_LIFE)),
        moved(9000, (S.EXPIRED, Why.PAST_LIFE), (S.PENDING, Why.RETRIED)),
    )
    story = told(DeliveryStory(sent, (attempt(9010, 90),), moves))
    assert steps(story)[3:] == [
        ("expired", 5000, 5000),
        ("pending", 9000, 4000),
        ("sending", 9010, 10),
        ("sent", 9100, 90),
    ]
    assert story["timeline"][4]["detail"] == "discord:general: retried"


def test_what_was_over_before_it_began_is_told_after_a_retry():
    waiting = delivery(state=S.PENDING, why=Why.RETRIED, moved_at=NOW + millis(9000), attempts=0)
    story = told(DeliveryStory(waiting, (), (moved(9000, (S.CANCELLED, Why.QUIET), (S.PENDING, Why.RETRIED)),)))
    assert steps(story)[2:] == [("planned", 0, 0), ("cancelled", 0, 0), ("pending", 9000, 9000)]


def test_a_move_is_told_once():
    late = delivery(state=S.EXPIRED, why=Why.PAST_LIFE, moved_at=NOW + millis(5000), attempts=0)
    moves = (moved(5000, (S.PENDING, None), (S.EXPIRED, Why.PAST_LIFE)),)
    assert steps(told(DeliveryStory(late, (), moves)))[2:] == [("planned", 0, 0), ("expired", 5000, 5000)]


def test_a_stale_detection_shows_how_late_it_came():
    story = told(detected_at=-timedelta(minutes=15), decision=Decision.FILTERED, reason=Reason.STALE)
    assert steps(story) == [("detected", 0, None), ("filtered", 900_000, 900_000)]
    assert story["timeline"][0]["detail"] == "in_stock at bestbuy, 900.0 s before it came here"


def test_a_detector_ahead_of_us_shows_so_and_turns_no_time_back():
    sent = delivery(state=S.SENT, moved_at=NOW + millis(95))
    story = told(DeliveryStory(sent, (attempt(15, 80),)), detected_at=timedelta(minutes=4))
    assert story["timeline"][0]["detail"] == "in_stock at bestbuy, by a clock that is 240.0 s ahead"
    assert [step["what"] for step in story["timeline"]][:2] == ["detected", "accepted"]
    assert story["timeline"][-1]["ms"] == story["deliveries"][0]["latency_ms"] == 95


def test_a_clock_that_was_set_back_on_the_way_shows_no_negative_time():
    sent = delivery(state=S.SENT, moved_at=NOW - 3600 * SECOND)
    story = told(DeliveryStory(sent, (attempt(15, -3_600_000),)))
    assert all(step["ms"] >= 0 and (step["took_ms"] or 0) >= 0 for step in story["timeline"])
    assert story["deliveries"][0]["latency_ms"] == 0
