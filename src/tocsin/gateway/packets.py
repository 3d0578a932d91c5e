"""Events of the live stream as packets of Socket.IO."""

import json
from collections.abc import Mapping
from typing import Any

import orjson

from tocsin.core.record import Cursor, Event
from tocsin.gateway.engineio import Outgoing
from tocsin.pipeline.event_encoding import event_as_json

_MEMORY = 16 * 1024 * 1024  # bytes of recent packets, for those who come back for them


class Packets:
    """Encodes each event once, whoever gets it, live or replayed; forgets the oldest past a bound."""

    def __init__(self, epoch: str, memory: int = _MEMORY) -> None:
        self._epoch = epoch
        self._memory = memory
        self._packets: dict[int, Outgoing] = {}
        self._size = 0

    def of(self, event: Event) -> Outgoing:
        """`alert` or `alert_closed`, with its cursor."""
        known = self._packets.get(event.position)
        return self._keep(event.position, self._encoded(event)) if known is None else known

    def _keep(self, position: int, packet: Outgoing) -> Outgoing:
        self._packets[position] = packet
        self._size += _size(packet)
        while self._size > self._memory:
            self._size -= _size(self._packets.pop(next(iter(self._packets))))
        return packet

    def _encoded(self, event: Event) -> Outgoing:
        name, payload = event_as_json(event)
        return _event(name, payload | {"cursor": str(Cursor(self._epoch, event.position))})


def bookmark(cursor: Cursor) -> Outgoing:
    return _event("cursor", str(cursor))


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
