"""What one reader of the live stream hears, in the form it asked for: NDJSON or server-sent events."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from tocsin.core.record import Cursor, Event, EventKind
from tocsin.rules.catalog import Catalog
from tocsin.rules.match import Match
from tocsin.web.follower import Follower

Write = Callable[[str, str, Mapping[str, Any]], bytes]
"""From the event's name, its cursor and its payload to bytes."""


class Teller:
    """Retailers and products are read as the catalog has them at that moment."""

    def __init__(self, epoch: str, match: Match, catalog: Callable[[], Catalog], *, as_sse: bool) -> None:
        self.media_type = "text/event-stream" if as_sse else "application/x-ndjson"
        self._epoch = epoch
        self._match = match
        self._catalog = catalog
        self._write: Write = sse if as_sse else ndjson
        self._count = 0

    def events(self, events: Sequence[Event]) -> bytes:
        catalog = self._catalog()
        told = [event for event in events if self._concerns(event, catalog)]
        self._count += len(told)
        return b"".join(map(self._event, told))

    def bookmark(self, position: int) -> bytes:
        return self._write("cursor", self._cursor(position), {})

    def resumed(self, follower: Follower) -> bytes:
        """`complete` is false where something was missed for good; `count` is what was sent of the past."""
        told = {"count": self._count, "complete": follower.complete}
        return self._write("resumed", self._cursor(follower.position), told)

    def _concerns(self, event: Event, catalog: Catalog) -> bool:
        """An operator's test of a target is nobody else's business."""
        return not event.record.is_test and self._match.admits(event.record.alert, catalog)

    def _event(self, event: Event) -> bytes:
        cursor = self._cursor(event.position)
        if event.kind is EventKind.ACCEPTED:
            return self._write("alert", cursor, event.record.as_json())
        alert = event.record.alert
        lasted = None if event.opened_at is None else round((event.at - event.opened_at).total_seconds(), 3)
        told = {"id": str(alert.id), "sku": alert.sku, "retailer": alert.retailer, "sold_out_after_s": lasted}
        return self._write("alert_closed", cursor, told)

    def _cursor(self, position: int) -> str:
        return str(Cursor(self._epoch, position))


def ndjson(event: str, cursor: str, told: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"event": event, **told, "cursor": cursor}) + b"\n"


def sse(event: str, cursor: str, told: Mapping[str, Any]) -> bytes:
    """WHATWG HTML, "Server-sent events": the id comes back as Last-Event-ID."""
    data = orjson.dumps({**told, "cursor": cursor})
    return b"event: " + event.encode() + b"\nid: " + cursor.encode() + b"\ndata: " + data + b"\n\n"
