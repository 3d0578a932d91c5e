"""Events of the live stream as lines of NDJSON, or as server-sent events: as their reader asked for them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from tocsin.core.record import Cursor, Event
from tocsin.pipeline.event_encoding import event_as_json, is_public
from tocsin.rules.catalog import Catalog
from tocsin.rules.match import Match
from tocsin.web.follower import Follower

Write = Callable[[str, str, Mapping[str, Any]], bytes]
"""From the event's name, its cursor and its payload to bytes."""


class Lines:
    """What one reader gets. Retailers and products are read as the catalog has them at that moment."""

    def __init__(self, epoch: str, match: Match, catalog: Callable[[], Catalog], *, as_sse: bool) -> None:
        self.media_type = "text/event-stream" if as_sse else "application/x-ndjson"
        self._epoch = epoch
        self._match = match
        self._catalog = catalog
        self._write: Write = sse if as_sse else ndjson
        self._count = 0

    def events(self, events: Sequence[Event]) -> bytes:
        catalog = self._catalog()
        wanted = [event for event in events if self._concerns(event, catalog)]
        self._count += len(wanted)
        return b"".join(map(self._event, wanted))

    def bookmark(self, position: int) -> bytes:
        return self._write("cursor", self._cursor(position), {})

    def resumed(self, follower: Follower) -> bytes:
        """`complete` is false where something was missed for good; `count` is what was sent of the past."""
        payload = {"count": self._count, "complete": follower.complete}
        return self._write("resumed", self._cursor(follower.position), payload)

    def _concerns(self, event: Event, catalog: Catalog) -> bool:
        return is_public(event) and self._match.admits(event.record.alert, catalog)

    def _event(self, event: Event) -> bytes:
        name, payload = event_as_json(event)
        return self._write(name, self._cursor(event.position), payload)

    def _cursor(self, position: int) -> str:
        return str(Cursor(self._epoch, position))


def ndjson(event: str, cursor: str, payload: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"event": event, **payload, "cursor": cursor}) + b"\n"


def sse(event: str, cursor: str, payload: Mapping[str, Any]) -> bytes:
    """WHATWG HTML, "Server-sent events": the id comes back as Last-Event-ID."""
    data = orjson.dumps({**payload, "cursor": cursor})
    return b"event: " + event.encode() + b"\nid: " + cursor.encode() + b"\ndata: " + data + b"\n\n"
