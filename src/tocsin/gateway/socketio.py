"""Socket.IO v5 as values: packets with namespaces, acknowledgement ids and binary attachments. Pure.

Source: "Socket.IO Protocol", revision 5, of the Socket.IO project.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson

from tocsin.core.errors import NotJsonError
from tocsin.gateway.engineio import MalformedError
from tocsin.pipeline.intake.parsing import items_of, parse

ROOT = "/"
MAX_ATTACHMENTS = 10  # as the official parser's default
_MAX_DEPTH = 64  # of a payload that carries attachments: they are put back by recursion
_RESERVED = frozenset(("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"))


class Kind(IntEnum):
    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


_BINARY = {Kind.EVENT: Kind.BINARY_EVENT, Kind.ACK: Kind.BINARY_ACK}
_PLAIN = {binary: plain for plain, binary in _BINARY.items()}


@dataclass(frozen=True, slots=True)
class Packet:
    """`kind` is never a binary one: attachments stand in `data` as bytes. An argument of an event that is not JSON is
    the error that says so.
    """

    kind: Kind
    namespace: str = ROOT
    data: Any = None
    id: int | None = None


def encode(packet: Packet) -> list[str | bytes]:
    """The text of a packet, then its attachments in order."""
    attachments: list[bytes] = []
    body = "" if packet.data is None else _dump(packet.data, attachments)
    kind = _BINARY[packet.kind] if attachments else packet.kind
    count = f"{len(attachments)}-" if attachments else ""
    namespace = "" if packet.namespace == ROOT else packet.namespace + ","
    identifier = "" if packet.id is None else packet.id
    return [f"{kind.value}{count}{namespace}{identifier}{body}", *attachments]


def _dump(data: Any, attachments: list[bytes]) -> str:
    def set_aside(value: Any) -> dict[str, Any]:
        if not isinstance(value, bytes):
            raise TypeError(type(value).__name__)
        attachments.append(value)
        return {"_placeholder": True, "num": len(attachments) - 1}

    return orjson.dumps(data, default=set_aside).decode()


class Decoder:
    """Puts the packets of one client together again; between text and attachments it remembers what is missing."""

    __slots__ = ("_attachments", "_expected", "_packet")

    def __init__(self) -> None:
        self._packet: Packet | None = None
        self._attachments: list[bytes] = []
        self._expected = 0

    def read(self, data: str | bytes) -> Packet | None:
        """A packet once it is whole. Raises MalformedError, whatever is read."""
        if isinstance(data, bytes):
            return self._attach(data)
        if self._packet is not None:
            raise MalformedError("text where an attachment was due")
        self._packet, self._expected = _parse(data)
        return self._complete()

    def _attach(self, data: bytes) -> Packet | None:
        if self._packet is None:
            raise MalformedError("an attachment that no packet announced")
        self._attachments.append(data)
        return self._complete()

    def _complete(self) -> Packet | None:
        if self._packet is None or len(self._attachments) < self._expected:
            return None
        packet, attachments = self._packet, self._attachments
        self._packet, self._attachments = None, []
        if not attachments:
            return packet
        return Packet(packet.kind, packet.namespace, _restore(packet.data, attachments, 0), packet.id)


# Kind, attachments, namespace (up to a comma, or to the end), acknowledgement id, payload.
_FORM = re.compile(r"([0-6])(?:(?<=[56])([0-9]{1,3})-)?(?:(/[^,]*)(?:,|$))?([0-9]{1,18})?(.*)", re.DOTALL)


def _parse(text: str) -> tuple[Packet, int]:
    form = _FORM.fullmatch(text)
    if form is None:
        raise MalformedError("not a packet")
    mark, count, namespace, identifier, body = form.groups()
    kind = _PLAIN.get(Kind(int(mark)), Kind(int(mark)))
    packet = Packet(
        kind,
        (namespace or ROOT).partition("?")[0],
        _load(body, kind) if body else None,
        int(identifier) if identifier else None,
    )
    expected = int(count or 0)
    if expected > MAX_ATTACHMENTS or (mark in "56" and count is None) or not _lawful(packet):
        raise MalformedError("not a packet that a client may send")
    return packet, expected


def _load(body: str, kind: Kind) -> Any:
    try:
        return orjson.loads(body)
    except (orjson.JSONDecodeError, UnicodeEncodeError) as problem:
        if kind is Kind.EVENT and body.startswith("[") and body.endswith("]"):
            return _arguments(body.encode(errors="surrogatepass"))
        raise MalformedError("the payload is not JSON") from problem


def _arguments(body: bytes) -> list[Any]:
    """Of an event: what is wrong with one is for whoever takes the event to answer."""
    try:
        return [_argument(text) for text in items_of(body)]
    except NotJsonError as problem:
        raise MalformedError("the payload is not JSON") from problem


def _argument(text: bytes) -> Any:
    try:
        return parse(text)
    except NotJsonError as problem:
        return NotJsonError(f"this is not JSON: {problem.message}")


def _lawful(packet: Packet) -> bool:
    match packet.kind:
        case Kind.CONNECT:
            return packet.data is None or isinstance(packet.data, dict)
        case Kind.DISCONNECT:
            return packet.data is None
        case Kind.EVENT:
            return _names_an_event(packet.data)
        case Kind.ACK:
            return isinstance(packet.data, list) and packet.id is not None
        case _:
            return False


def _names_an_event(data: Any) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in _RESERVED


def _restore(value: Any, attachments: Sequence[bytes], depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise MalformedError("too deep")
    if isinstance(value, list):
        return [_restore(item, attachments, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("_placeholder") is True:
        return _attachment(value.get("num"), attachments)
    return {key: _restore(item, attachments, depth + 1) for key, item in value.items()}


def _attachment(number: Any, attachments: Sequence[bytes]) -> bytes:
    if type(number) is not int or not 0 <= number < len(attachments):
        raise MalformedError("a placeholder for no attachment")
    return attachments[number]
