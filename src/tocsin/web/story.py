"""An alert in a list, and one alert from detection to the last word about it: every step with its milliseconds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tocsin.core.address import AddressState, Consent
from tocsin.core.click import ClickKind
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.record import AlertRecord, rfc3339
from tocsin.ledger.contract import (
    AlertRow,
    AlertStory,
    AttemptRow,
    AudienceRow,
    DeliveryRow,
    DeliveryStory,
    RecipientRow,
)
from tocsin.ledger.contract.people import AddressRow, ContactRow
from tocsin.web.deliveries import as_json

# What these say was said by an attempt already, unless there is more to say than the state.
_TOLD_BY_ATTEMPTS = frozenset({DeliveryState.SENT, DeliveryState.SENDING})
_DOUBTS = {ClickKind.SUSPECT: "perhaps by a program: sooner than a person reads"}
_COUNTED_AS = {DeliveryState.PENDING: "waiting"}
_NOTHING = timedelta(0)
_TELLS = timedelta(seconds=1)  # by less than that no clock is called wrong


@dataclass(frozen=True, slots=True)
class Step:
    """`after`: the end of the step before it, of the same delivery where it belongs to one."""

    at: datetime
    what: str
    detail: str = ""
    after: datetime | None = None


def story_as_json(story: AlertStory) -> dict[str, Any]:
    return {
        **story.record.as_json(),
        "position": story.position,
        "sold_out_after_s": _seconds(story.sold_out_after),
        "deliveries": [_delivery_as_json(one, story.record) for one in story.deliveries],
        "lists": [_list_as_json(each) for each in story.lists],
        "clicks": [rfc3339(click.at) for click in story.clicks if click.kind is ClickKind.PERSON],
        "timeline": _timeline(story),
    }


def row_as_json(row: AlertRow) -> dict[str, Any]:
    """As lists show it: what became of its deliveries, not how."""
    return {
        **row.record.as_json(),
        "sold_out_after_s": _seconds(row.sold_out_after),
        "deliveries": [_brief_as_json(delivery) for delivery in row.deliveries],
        "lists": [_list_as_json(each) for each in row.lists],
    }


def recipient_as_json(row: RecipientRow, known: tuple[AddressRow, ContactRow] | None) -> dict[str, Any]:
    """One person of a list, masked; `known` is None where the address is nobody's any more."""
    address, contact = known or (None, None)
    return {
        "contact": contact and str(contact.id),
        "address": address and str(address.id),
        "shown": address and address.shown,
        "may_be_told": address is not None and _may_be_told(address),
        "state": row.state.value,
        "why": row.why and row.why.value,
        "detail": row.detail,
        "delivery": row.delivery and str(row.delivery),
        "moved_at": rfc3339(row.moved_at),
    }


def _may_be_told(address: AddressRow) -> bool:
    return address.state is AddressState.ACTIVE and address.consent is Consent.GRANTED


def _list_as_json(row: AudienceRow) -> dict[str, Any]:
    """Counts; whom they are made of is another question."""
    return {
        "target": str(row.target),
        "route": row.route,
        "recipients": {
            "planned": row.planned,
            **{_COUNTED_AS.get(state, state.value): row.states.get(state, 0) for state in DeliveryState},
        },
        "left_out": dict(row.left_out),
        "planned_at": row.planned_at and rfc3339(row.planned_at),
        "moved_at": row.moved_at and rfc3339(row.moved_at),
    }


def _brief_as_json(delivery: DeliveryRow) -> dict[str, Any]:
    return {
        "id": str(delivery.id),
        "target": str(delivery.target),
        "state": delivery.state.value,
        "why": delivery.why and delivery.why.value,
        "at": rfc3339(delivery.moved_at),
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds(), 3)


def _delivery_as_json(one: DeliveryStory, record: AlertRecord) -> dict[str, Any]:
    return {
        **as_json(one.delivery),
        "latency_ms": _latency(one, record),
        "attempts": [_attempt_as_json(attempt) for attempt in one.attempts],
    }


def _latency(one: DeliveryStory, record: AlertRecord) -> float | None:
    """From detection to the provider's answer that it took the message; what it reported later does not count."""
    match one.delivery.state:
        case DeliveryState.SENT:
            return _millis(one.delivery.moved_at - record.began_at)
        case DeliveryState.DELIVERED if one.attempts and one.attempts[-1].finished_at:
            return _millis(one.attempts[-1].finished_at - record.began_at)
        case _:
            return None


def _attempt_as_json(attempt: AttemptRow) -> dict[str, Any]:
    took = attempt.finished_at - attempt.started_at if attempt.finished_at else None
    return {
        "id": str(attempt.id),
        "started_at": rfc3339(attempt.started_at),
        "finished_at": attempt.finished_at and rfc3339(attempt.finished_at),
        "took_ms": None if took is None else _millis(took),
        "outcome": attempt.outcome,
        "status": attempt.status,
        "answer": attempt.answer,
        "mentioned": attempt.mentioned,
        "members": attempt.members,
    }


def _timeline(story: AlertStory) -> list[dict[str, Any]]:
    """In the order of time; `ms` counts from detection, or from acceptance where the detector's clock is ahead, and
    `took_ms` from the step before.
    """
    return [_step_as_json(step, story.record.began_at) for step in sorted(_steps(story), key=lambda step: step.at)]


def _step_as_json(step: Step, began: datetime) -> dict[str, Any]:
    return {
        "at": rfc3339(step.at),
        "ms": _millis(step.at - began),
        "took_ms": None if step.after is None else _millis(step.at - step.after),
        "what": step.what,
        "detail": step.detail,
    }


def _steps(story: AlertStory) -> Iterator[Step]:
    record = story.record
    yield Step(record.began_at, "detected", f"{record.alert.type} at {record.alert.retailer}{_apparent(record)}")
    yield Step(record.accepted_at, record.decision.value, record.reason.value, record.began_at)
    for one in story.deliveries:
        yield from _delivery_steps(one, record.accepted_at)
    for each in story.lists:
        yield Step(each.planned_at or record.accepted_at, "planned", _people(each), record.accepted_at)
    yield from _later_steps(record)
    for click in story.clicks:
        yield Step(click.at, "clicked", _DOUBTS.get(click.kind, ""))


def _people(row: AudienceRow) -> str:
    """How many people of a list are told, and why others are not."""
    led = f"{row.target} ({row.route})" if row.route else str(row.target)
    others = "".join(f"; {many} more are not told: {reason}" for reason, many in row.left_out.items())
    return f"{led}: {row.planned} {'person' if row.planned == 1 else 'people'}{others}"


def _apparent(record: AlertRecord) -> str:
    """By how much the detector's clock is off, or the detection was late: nobody can tell these two apart."""
    late = record.accepted_at - record.alert.timestamp
    if abs(late) < _TELLS:
        return ""
    seconds = f"{abs(late).total_seconds():.1f} s"
    return f", {seconds} before it came here" if late > _NOTHING else f", by a clock that is {seconds} ahead"


def _delivery_steps(one: DeliveryStory, accepted_at: datetime) -> Iterator[Step]:
    delivery, target = one.delivery, str(one.delivery.target)
    led = f"{target} ({delivery.route})" if delivery.route else target
    yield Step(delivery.planned_at, "planned", _joined(led, _plan(one)), accepted_at)
    before = delivery.planned_at
    for step in sorted((*_started(one), *_attempted(one), *_moved(one)), key=lambda step: step.at):
        yield replace(step, after=before)
        before = step.at


def _started(one: DeliveryStory) -> Iterator[Step]:
    """The first step of one that was over before it began, and an operator has tried it again since."""
    first = next(iter(one.moves), None)
    if first is not None and first.why is Why.RETRIED and not one.attempts:
        yield Step(one.delivery.planned_at, first.origin.value, _joined(str(one.delivery.target), first.origin_why))


def _attempted(one: DeliveryStory) -> Iterator[Step]:
    target = str(one.delivery.target)
    for attempt in one.attempts:
        yield Step(attempt.started_at, "sending", target)
        if attempt.finished_at is not None:
            yield Step(attempt.finished_at, attempt.outcome or "ended", f"{target}{_answer(attempt)}")


def _moved(one: DeliveryStory) -> Iterator[Step]:
    """The moves that no attempt tells; how it stands now, too, where it has stood so since it was planned."""
    delivery, target = one.delivery, str(one.delivery.target)
    for move in one.moves:
        detail = "" if one.attempts else move.detail
        yield Step(move.at, move.state.value, _joined(target, move.why, detail))
    noted = one.moves and one.moves[-1].at == delivery.moved_at
    if not (noted or _told_by_attempts(delivery) or _untouched(delivery)):
        yield Step(delivery.moved_at, delivery.state.value, _joined(target, delivery.why, _unsaid(one)))


def _plan(one: DeliveryStory) -> str:
    """The detail that it was planned to wait for, where it still waits."""
    return one.delivery.detail if _untouched(one.delivery) else ""


def _unsaid(one: DeliveryStory) -> str:
    """The detail that held it or let it go, unless an attempt has said so."""
    return "" if one.attempts else one.delivery.detail


def _untouched(delivery: Delivery) -> bool:
    """Nothing has become of it since it was planned."""
    return delivery.state is DeliveryState.PENDING and delivery.moved_at == delivery.planned_at


def _joined(*parts: str | None) -> str:
    return ": ".join(filter(None, parts))


def _answer(attempt: AttemptRow) -> str:
    status = "" if attempt.status is None else f", status {attempt.status}"
    return f"{status}: {attempt.answer}" if attempt.outcome == "joined" else status


def _told_by_attempts(delivery: Delivery) -> bool:
    """What was found out, or given up, has its own moment and its reason."""
    return delivery.state in _TOLD_BY_ATTEMPTS and delivery.why is None


def _later_steps(record: AlertRecord) -> Iterator[Step]:
    if record.repeats:
        times = "once" if record.repeats == 1 else f"{record.repeats} times"
        yield Step(record.last_seen_at, "repeated", f"seen again {times}")
    if record.closed_at is not None:
        yield Step(record.closed_at, "closed", "sold out")


def _millis(span: timedelta) -> float:
    """Never negative: a clock that was set back has not turned back time."""
    return max(0.0, round(span / timedelta(milliseconds=1), 1))
