"""One alert from detection to the last word about it: every step with its milliseconds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tocsin.core.delivery import DeliveryState
from tocsin.core.record import AlertRecord, rfc3339
from tocsin.ledger.contract import AlertStory, AttemptRow, DeliveryStory
from tocsin.web.deliveries import as_json

# These say something that no attempt says: it waits, it was given up, or it came to an end by itself.
_TOLD_BY_ATTEMPTS = frozenset({DeliveryState.SENT, DeliveryState.SENDING})


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    what: str
    detail: str = ""


def story_as_json(story: AlertStory) -> dict[str, Any]:
    return {
        **story.record.as_json(),
        "position": story.position,
        "deliveries": [_delivery_as_json(told) for told in story.deliveries],
        "clicks": [rfc3339(click) for click in story.clicks],
        "timeline": _timeline(story),
    }


def _delivery_as_json(told: DeliveryStory) -> dict[str, Any]:
    return {**as_json(told.delivery), "attempts": [_attempt_as_json(attempt) for attempt in told.attempts]}


def _attempt_as_json(attempt: AttemptRow) -> dict[str, Any]:
    took = attempt.finished_at - attempt.started_at if attempt.finished_at else None
    return {
        "id": str(attempt.id),
        "started_at": rfc3339(attempt.started_at),
        "finished_at": attempt.finished_at and rfc3339(attempt.finished_at),
        "took_ms": took and _millis(took),
        "outcome": attempt.outcome,
        "status": attempt.status,
        "answer": attempt.answer,
        "mentioned": attempt.mentioned,
        "members": attempt.members,
    }


def _timeline(story: AlertStory) -> list[dict[str, Any]]:
    """In the order of time; `ms` counts from detection, or from acceptance where the detector's clock is ahead."""
    record = story.record
    began = min(record.alert.timestamp, record.accepted_at)
    steps = sorted(_steps(story), key=lambda step: step.at)
    return [
        {"at": rfc3339(step.at), "ms": _millis(step.at - began), "what": step.what, "detail": step.detail}
        for step in steps
    ]


def _steps(story: AlertStory) -> Iterator[Step]:
    record = story.record
    yield Step(record.alert.timestamp, "detected", f"{record.alert.type} at {record.alert.retailer}")
    yield Step(record.accepted_at, record.decision.value, record.reason.value)
    for told in story.deliveries:
        yield from _delivery_steps(told)
    yield from _later_steps(record)
    for click in story.clicks:
        yield Step(click, "clicked")


def _delivery_steps(told: DeliveryStory) -> Iterator[Step]:
    delivery, target = told.delivery, str(told.delivery.target)
    yield Step(delivery.planned_at, "planned", target)
    for attempt in told.attempts:
        yield Step(attempt.started_at, "sending", target)
        if attempt.finished_at is not None:
            status = "" if attempt.status is None else f", status {attempt.status}"
            joined = f": {attempt.answer}" if attempt.outcome == "joined" else ""
            yield Step(attempt.finished_at, attempt.outcome or "ended", f"{target}{status}{joined}")
    if delivery.state not in _TOLD_BY_ATTEMPTS and delivery.moved_at > delivery.planned_at:
        why = f": {delivery.why}" if delivery.why else ""
        yield Step(delivery.moved_at, delivery.state.value, f"{target}{why}")


def _later_steps(record: AlertRecord) -> Iterator[Step]:
    if record.repeats:
        times = "once" if record.repeats == 1 else f"{record.repeats} times"
        yield Step(record.last_seen_at, "repeated", f"seen again {times}")
    if record.closed_at is not None:
        yield Step(record.closed_at, "closed", "sold out")


def _millis(span: timedelta) -> float:
    return round(span / timedelta(milliseconds=1), 1)
