"""Writes an event of the live stream, for sockets and for readers over HTTP alike."""

from typing import Any

from tocsin.core.record import Event, EventKind


def is_public(event: Event) -> bool:
    """An operator's test of a target is nobody else's business."""
    return not event.record.is_test


def event_as_json(event: Event) -> tuple[str, dict[str, Any]]:
    """The event's name, `alert` or `alert_closed`, and what it says: the alert, or that its product is sold out, and
    after how many seconds (None where nobody knows when it came). Each door adds the cursor in its own place.
    """
    if event.kind is EventKind.ACCEPTED:
        return "alert", event.record.as_json()
    alert = event.record.alert
    lasted = None if event.opened_at is None else round((event.at - event.opened_at).total_seconds(), 3)
    return "alert_closed", {
        "id": str(alert.id), "sku": alert.sku, "retailer": alert.retailer, "sold_out_after_s": lasted,
    }  # fmt: skip
