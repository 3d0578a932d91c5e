"""Hints are written as JSON between nodes, which may be of different versions: what one does not understand it takes
for no more than a hint that there is something.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from tocsin.core.alert import NOTHING, Alert, AlertType
from tocsin.core.decision import Decision, Reason
from tocsin.core.part import Part
from tocsin.core.record import AlertRecord, Event, EventKind

LARGEST = 256 * 1024  # bytes of a message: what is longer is read from the ledger


@dataclass(frozen=True, slots=True)
class Events:
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Lanes:
    lanes: Collection[str]


@dataclass(frozen=True, slots=True)
class Changes:
    parts: Collection[Part]


@dataclass(frozen=True, slots=True)
class Beat:
    """The sender is there; the last one says that it leaves."""

    leaves: bool = False


Hint: TypeAlias = Events | Lanes | Changes | Beat

SOMETHING = Changes([Part.STREAM])  # whoever hears this looks for itself what it is

_PARTS = {part.value: part for part in Part}


def packed(sender: str, hint: Hint) -> bytes:
    """Write a hint; one that cannot be written, or is too long, as that there is something."""
    try:
        message = orjson.dumps({"from": sender, **_fields(hint)}, default=_plain)
    except (TypeError, ValueError):
        message = b""
    return message if 0 < len(message) <= LARGEST else packed(sender, SOMETHING)


def unpacked(message: bytes) -> tuple[str, Hint]:
    """The sender, empty where nobody can tell, and what it says."""
    try:
        told = orjson.loads(message)
        return str(told["from"]), _hint(told)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return "", SOMETHING


def _fields(hint: Hint) -> Mapping[str, Any]:
    match hint:
        case Events(events):
            return {"events": list(events)}
        case Lanes(lanes):
            return {"lanes": sorted(lanes)}
        case Changes(parts):
            return {"changes": sorted(parts)}
        case Beat(leaves):
            return {"leaves": leaves}


def _hint(told: Mapping[str, Any]) -> Hint:
    if "events" in told:
        return Events([_event(event) for event in told["events"]])
    if "lanes" in told:
        return Lanes([str(lane) for lane in told["lanes"]])
    if "changes" in told:
        return Changes([_PARTS[part] for part in told["changes"] if part in _PARTS] or SOMETHING.parts)
    return Beat(leaves=bool(told["leaves"]))


def _plain(value: object) -> Any:
    """What JSON has no word for: prices, and metadata that cannot be changed."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def _event(told: Mapping[str, Any]) -> Event:
    return Event(
        position=int(told["position"]),
        kind=EventKind(told["kind"]),
        at=_moment(told["at"]),
        record=_record(told["record"]),
        opened_at=_perhaps(told["opened_at"]),
    )


def _record(told: Mapping[str, Any]) -> AlertRecord:
    return AlertRecord(
        alert=_alert(told["alert"]),
        accepted_at=_moment(told["accepted_at"]),
        decision=Decision(told["decision"]),
        reason=Reason(told["reason"]),
        repeats=told["repeats"],
        last_seen_at=_moment(told["last_seen_at"]),
        closed_at=_perhaps(told["closed_at"]),
    )


def _alert(told: Mapping[str, Any]) -> Alert:
    return Alert(
        id=UUID(told["id"]),
        type=AlertType(told["type"]),
        priority=told["priority"],
        sku=told["sku"],
        retailer=told["retailer"],
        timestamp=_moment(told["timestamp"]),
        price=None if told["price"] is None else Decimal(told["price"]),
        currency=told["currency"],
        product_name=told["product_name"],
        url=told["url"],
        variant=told["variant"],
        seller=told["seller"],
        metadata=told["metadata"] or NOTHING,
    )


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _perhaps(told: str | None) -> datetime | None:
    return None if told is None else _moment(told)
