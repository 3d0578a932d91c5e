"""How an event of the live stream reads to a socket."""

import json
from collections.abc import Mapping
from typing import Any

import orjson

from tocsin.core.record import Cursor, Event, EventKind
from tocsin.gateway.engineio import Outgoing

_MEMORY = 16 * 1024 * 1024  # bytes of recent packets, for those who come back for them


class Story:
    """Encodes each event once, whoever gets it, live or replayed; forgets the oldest past a bound."""

    def __init__(self, epoch: str, memory: int = _MEMORY) -> None:
        self._epoch = epoch
        self._memory = memory
        self._packets: dict[int, Outgoing] = {}
        self._size = 0

    def packet(self, event: Event) -> Outgoing:
        """`alert` or `alert_closed`, with its cursor."""
        known = self._packets.get(event.position)
        return self._keep(event.position, self._emit(event)) if known is None else known

    def _keep(self, position: int, packet: Outgoing) -> Outgoing:
        self._packets[position] = packet
        self._size += _size(packet)
        while self._size > self._memory:
            self._size -= _size(self._packets.pop(next(iter(self._packets))))
        return packet

    def _emit(self, event: Event) -> Outgoing:
        cursor = str(Cursor(self._epoch, event.position))
        if event.kind is EventKind.CLOSED:
            return _event("alert_closed", _closed(event) | {"cursor": cursor})
        return _event("alert", event.record.as_json() | {"cursor": cursor})


def told(event: Event) -> bool:
    """Whether sockets hear of it: an operator's test of a target is nobody else's business."""
    return not event.record.is_test


def bookmark(cursor: Cursor) -> Outgoing:
    return _event("cursor", str(cursor))


def _closed(event: Event) -> dict[str, Any]:
    alert = event.record.alert
    lasted = None if event.opened_at is None else round((event.at - event.opened_at).total_seconds(), 3)
    return {"id": str(alert.id), "sku": alert.sku, "retailer": alert.retailer, "sold_out_after_s": lasted}


def _event(name: str, payload: Any) -> Outgoing:
    return Outgoing.message("2" + _dump([name, payload]))


def _dump(value: Any) -> str:
    """Never raises: an alert from our own process may carry what orjson does not take (huge integers, lone surrogates),
    and is told all the same.
    """
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value, default=_plain, separators=(",", ":"))


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _size(packet: Outgoing) -> int:
    return len(packet.text) + len(packet.frame)
