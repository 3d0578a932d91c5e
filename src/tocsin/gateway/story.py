"""How an event of the live stream reads to a socket."""

from typing import Any

import orjson

from tocsin.core.decision import Reason
from tocsin.core.record import Cursor, Event, EventKind
from tocsin.gateway.engineio import Outgoing


def told(event: Event) -> bool:
    """Whether sockets hear of it: an operator's test of a target is nobody else's business."""
    return event.record.reason is not Reason.TEST


def narrate(event: Event, epoch: str) -> Outgoing:
    """`alert` or `alert_closed` with its cursor, encoded for every socket that gets it."""
    cursor = str(Cursor(epoch, event.position))
    if event.kind is EventKind.CLOSED:
        return _packet("alert_closed", _closed(event) | {"cursor": cursor})
    return _packet("alert", event.record.as_json() | {"cursor": cursor})


def bookmark(cursor: Cursor) -> Outgoing:
    return _packet("cursor", str(cursor))


def _closed(event: Event) -> dict[str, Any]:
    alert = event.record.alert
    lasted = None if event.opened_at is None else round((event.at - event.opened_at).total_seconds(), 3)
    return {"id": str(alert.id), "sku": alert.sku, "retailer": alert.retailer, "sold_out_after_s": lasted}


def _packet(name: str, payload: Any) -> Outgoing:
    return Outgoing.message("2" + orjson.dumps([name, payload]).decode())
