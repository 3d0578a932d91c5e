"""Engine.IO v4 as values: packets, payloads, and what a request may ask for. Pure.

Source: "Engine.IO Protocol", revision 4, of the Socket.IO project.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson
from websockets.frames import Frame, Opcode

from tocsin.gateway.settings import GatewaySettings

REVISION = "4"
SEPARATOR = "\x1e"  # between the packets of one payload
POLLING = "polling"
WEBSOCKET = "websocket"

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"
_FROM_CLIENTS = frozenset((CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP))
_MAX_QUERY_FIELDS = 20


class MalformedError(ValueError):
    """The other side does not speak the protocol: its session ends."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of a client. Binary data is always a message."""

    kind: str
    data: str | bytes = ""


class Outgoing:
    """One packet on its way out, encoded once for both transports and shared by everyone who gets it.

    `text` is its form within a polling payload, `frame` the whole WebSocket frame.
    """

    __slots__ = ("frame", "text")

    def __init__(self, text: bytes, frame: bytes) -> None:
        self.text = text
        self.frame = frame

    @classmethod
    def packet(cls, kind: str, data: bytes = b"") -> "Outgoing":
        text = kind.encode() + data
        return cls(text, Frame(Opcode.TEXT, text).serialize(mask=False))

    @classmethod
    def message(cls, data: str | bytes) -> "Outgoing":
        if isinstance(data, str):
            return cls.packet(MESSAGE, data.encode())
        return cls(b"b" + b64encode(data), Frame(Opcode.BINARY, data).serialize(mask=False))


PING_OUT = Outgoing.packet(PING)
PROBED_OUT = Outgoing.packet(PONG, b"probe")
NOOP_OUT = Outgoing.packet(NOOP)
CLOSE_OUT = Outgoing.packet(CLOSE)


def payload(packets: Iterable[Outgoing]) -> bytes:
    """The body of one answer to a poll."""
    return SEPARATOR.encode().join(packet.text for packet in packets)


def handshake(sid: str, upgrades: Sequence[str], settings: GatewaySettings) -> Outgoing:
    """The open packet; its times are milliseconds."""
    payload = {
        "sid": sid,
        "upgrades": upgrades,
        "pingInterval": round(settings.ping_interval * 1000),
        "pingTimeout": round(settings.ping_timeout * 1000),
        "maxPayload": settings.max_payload,
    }
    return Outgoing.packet(OPEN, orjson.dumps(payload))


def read_packet(text: str) -> Packet:
    """One packet in text. Raises MalformedError."""
    if text[:1] not in _FROM_CLIENTS or not text:
        raise MalformedError("unknown packet type")
    return Packet(text[0], text[1:])


def count_packets(body: bytes) -> int:
    """How many packets one POST has."""
    return body.count(SEPARATOR.encode()) + 1


def read_payload(body: bytes) -> list[Packet]:
    """The packets of one POST. Raises MalformedError, whatever the bytes."""
    try:
        return [_read_part(part) for part in body.decode().split(SEPARATOR)]
    except (UnicodeDecodeError, binascii.Error) as problem:
        raise MalformedError("the payload is not as the protocol says") from problem


def _read_part(part: str) -> Packet:
    if part.startswith("b"):
        return Packet(MESSAGE, b64decode(part[1:].encode(), validate=True))
    return read_packet(part)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why a request is turned away, and how to mend it; the numbers are the protocol's own (Engine.IO,
    `Server.errors`).
    """

    code: int
    why: str
    status: int = 400
    mend: str = ""

    @property
    def message(self) -> str:
        return f"{self.why}: {self.mend}" if self.mend else self.why

    @property
    def word(self) -> str:
        """The stable word of the metrics."""
        return self.why.lower().replace(" ", "_")

    @property
    def body(self) -> bytes:
        return orjson.dumps({"code": self.code, "message": self.message})


UNKNOWN_TRANSPORT = Refusal(0, "Transport unknown")
UNKNOWN_SESSION = Refusal(1, "Session ID unknown")
BAD_METHOD = Refusal(2, "Bad handshake method")
BAD_REQUEST = Refusal(3, "Bad request")
UNKNOWN_HOST = Refusal(4, "Unknown host", 403, "the Host header has to be in server.allowed_hosts")
FOREIGN_PAGE = Refusal(4, "Foreign page", 403, "its origin has to be in server.allowed_origins, or that of public_url")
UNSUPPORTED = Refusal(5, "Unsupported protocol version")
STOPPING = Refusal(3, "The server restarts", 503)
TOO_MANY = Refusal(4, "Too many connections from this address", 429)


@dataclass(frozen=True, slots=True)
class Wish:
    """The wish of a request: a new session over this transport, or more of the one named by `sid`."""

    transport: str
    sid: str | None


def read_query(query: str) -> Wish | Refusal:
    try:
        fields = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_QUERY_FIELDS))
    except ValueError:
        return BAD_REQUEST
    if fields.get("transport") not in (POLLING, WEBSOCKET):
        return UNKNOWN_TRANSPORT
    if fields.get("EIO") != REVISION:
        return UNSUPPORTED
    return Wish(fields["transport"], fields.get("sid") or None)
