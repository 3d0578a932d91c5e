"""The WebSocket door: what uvicorn hands an upgraded connection to. The only file that knows how uvicorn is made.

uvicorn calls the class with (config, server_state, app_state), then `connection_made`, then `data_received` with the
request as it came, and expects the object in `server_state.connections` with a `shutdown()` until the connection is
lost. No task, queue or timer is made for a socket: frames are read by the sans-I/O parser of websockets and written
straight to the transport. Messages are never deflated, since secrets must not share a compressed stream with what
strangers choose.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, ClassVar, cast

from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from tocsin.gateway.allowance import Allowance
from tocsin.gateway.engine import Engine, Visitor
from tocsin.gateway.engineio import (
    BAD_REQUEST,
    MESSAGE,
    UNKNOWN_TRANSPORT,
    WEBSOCKET,
    MalformedError,
    Packet,
    Refusal,
    Wish,
    read_packet,
    read_query,
)
from tocsin.gateway.session import PROTOCOL_ERROR, RESTART, Session

# The parser logs what strangers do wrong; nobody can act on it.
_QUIET = logging.getLogger("tocsin.gateway.frames")
_QUIET.setLevel(logging.CRITICAL)

_INVALID_TEXT = 1007  # RFC 6455, section 7.4.1
_CLOSING_S = 5.0  # what a peer has to answer a close frame before the connection is cut
_REASON_BYTES = 123  # a close frame carries no more
_SLICE = 2048  # bytes that are read before frames are counted: a few hundred of the smallest


def websocket_protocol(engine: Engine) -> type[asyncio.Protocol]:
    """The class that `uvicorn.Config(ws=...)` takes."""
    return cast("type[asyncio.Protocol]", type("EngineWebSocket", (WebSocket,), {"__slots__": (), "engine": engine}))


class WebSocket(asyncio.Protocol):
    """One connection; an `Outlet` of its session and a `Sleeper` while it closes."""

    __slots__ = (
        "_connections",
        "_early",
        "_entered",
        "_frames",
        "_headers",
        "_parser",
        "_parts",
        "_session",
        "_since",
        "_text",
        "_thrown_away",
        "_transport",
    )

    engine: ClassVar[Engine]

    def __init__(self, config: Any, server_state: Any, app_state: Mapping[str, Any]) -> None:
        del app_state
        self._headers: list[tuple[bytes, bytes]] = config.encoded_headers
        self._connections: set[Any] = server_state.connections
        self._parser = ServerProtocol(max_size=self.engine.settings.max_payload, logger=_QUIET)
        self._session: Session | None = None
        self._frames = Allowance(self.engine.settings.frame_rate, 0.0)
        self._thrown_away: int | None = None  # bytes, since it was closed for a flood
        self._parts = bytearray()  # of a message that comes in fragments
        self._text = False
        self._since = 0.0  # monotonic: then it began to wait for the other side
        self._early: list[bytes] = []  # what came before its turn in the line of newcomers
        self._entered = False
        self._transport: asyncio.Transport

    # --- called by who looks for room

    @property
    def waits_since(self) -> float | None:
        """When it began to wait for its end, or for an upgrade. For the rest its session speaks."""
        closing = self._entered and self._parser.state is not State.OPEN
        waits = closing or (self._session is not None and self._session.awaits(self))
        return self._since if waits else None

    def give_way(self) -> None:
        self._transport.abort()

    # --- called by uvicorn and the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._connections.discard(self)
        session, self._session = self._session, None
        if session is not None:
            session.lost(self, "transport close")

    def shutdown(self) -> None:
        """The server stops."""
        self.close(RESTART, "restart")
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._entered:
            self._read(data)
            return
        self._early.append(data)
        if len(self._early) == 1:
            self.engine.accept_pacer.enter(self._enter)
            if not self._entered:
                self._transport.pause_reading()

    # --- called by the session

    def write(self, frames: bytes) -> int:
        transport = self._transport
        if frames and self._parser.state is State.OPEN and not transport.is_closing():
            transport.write(frames)
        return transport.get_write_buffer_size()

    def close(self, code: int, reason: str) -> None:
        """Say goodbye; the connection is cut when the peer has answered, or will not."""
        if self._parser.state is not State.OPEN:
            return
        self._parser.send_close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))
        self._write_back()
        self._wait_for_peer()

    def alarm(self, now: float) -> float | None:
        """The time to answer a close frame, or to complete an upgrade, is over."""
        del now
        over = self._parser.state is not State.OPEN
        if over or (self._session is not None and self._session.awaits(self)):
            self._transport.abort()
        return None

    # --- in

    def _enter(self) -> None:
        self._entered = True
        early, self._early = b"".join(self._early), []
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._read(early)

    def _read(self, data: bytes) -> None:
        if len(data) <= _SLICE:
            self._read_slice(data)
            return
        for start in range(0, len(data), _SLICE):
            self._read_slice(data[start : start + _SLICE])

    def _read_slice(self, data: bytes) -> None:
        if self._thrown_away is not None:
            self._throw_away(len(data))
            return
        self._parser.receive_data(data)
        # First what the parser answers by itself: a ping between two fragments is answered between them.
        self._write_back()
        if self._parser.state is State.OPEN and self.write(b"") > self.engine.settings.max_buffer:
            # Only a flood of pings whose pongs are not read comes here: it is not worth a word.
            self._transport.abort()
        events = self._parser.events_received()
        if events and not self._frames.take(self.engine.clock.monotonic(), len(events)):
            self._stem()
            return
        for event in events:
            if isinstance(event, Request):
                self._open(event)
            elif isinstance(event, Frame):
                self._take(event)

    def _stem(self) -> None:
        """Whatever its frames were, nobody looks at them, nor at what follows; but the reason can be read."""
        self._thrown_away = 0
        if self._session is not None:
            self._session.evict("too_many_frames")
        self._end()

    def _throw_away(self, size: int) -> None:
        self._thrown_away = (self._thrown_away or 0) + size
        if self._thrown_away > self.engine.settings.max_buffer:
            self._transport.abort()

    # --- the handshake

    def _open(self, request: Request) -> None:
        visitor = _visitor(request, self._transport)
        wish = self._wish(request, visitor)
        if isinstance(wish, Refusal):
            self._refuse(wish, visitor)
            return
        session = self.engine.find(wish.sid) if wish.sid else None
        if isinstance(session, Refusal):
            self._refuse(session, visitor)
        elif self._accept(request):
            self._begin(session, visitor)
        request.headers.clear()  # which the parser keeps as long as the socket lives: a quarter of its memory

    def _wish(self, request: Request, visitor: Visitor) -> Wish | Refusal:
        path, _, query = request.path.partition("?")
        if path.rstrip("/") != self.engine.settings.path:
            return Refusal(BAD_REQUEST.code, "No WebSocket here", 404)
        refusal = self.engine.judge(visitor)
        if refusal is not None:
            return refusal
        wish = read_query(query)
        if isinstance(wish, Wish) and wish.transport != WEBSOCKET:
            return UNKNOWN_TRANSPORT
        if isinstance(wish, Wish) and wish.sid is None:
            return self.engine.crowded(visitor) or wish
        return wish

    def _accept(self, request: Request) -> bool:
        self._answer(self._parser.accept(request))
        return self._parser.state is State.OPEN

    def _refuse(self, refusal: Refusal, visitor: Visitor) -> None:
        self.engine.tell_refused(refusal, visitor)
        self._answer(self._parser.reject(refusal.status, refusal.message))

    def _answer(self, response: Response) -> None:
        for name, value in self._headers:
            response.headers[name.decode()] = value.decode()
        self._parser.send_response(response)
        response.headers.clear()  # kept, too
        self._write_back()

    def _begin(self, session: Session | None, visitor: Visitor) -> None:
        if session is None:
            self._session, _ = self.engine.open(visitor, self)
            self._frames = self._session.frames
        elif session.probed_by(self):
            self._session = session
            self._frames = session.frames
            self._wait_for_peer(self.engine.settings.connect_timeout)
        else:
            self.close(PROTOCOL_ERROR, "this session has its WebSocket")

    # --- frames

    def _take(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if frame.opcode is not Opcode.CONT:
                self._text = frame.opcode is Opcode.TEXT
            if frame.fin and not self._parts:
                self._hear(bytes(frame.data))
                return
            self._parts += frame.data
            if frame.fin:
                data, self._parts = bytes(self._parts), bytearray()
                self._hear(data)

    def _hear(self, data: bytes) -> None:
        if self._session is None:
            return
        try:
            packet = read_packet(data.decode()) if self._text else Packet(MESSAGE, data)
            self._session.receive_from(self, packet)
        except UnicodeDecodeError:
            self._fail(_INVALID_TEXT, "not UTF-8")
        except MalformedError:
            self._fail(PROTOCOL_ERROR, "parse error")

    def _fail(self, code: int, reason: str) -> None:
        self.close(code, reason)
        if self._session is not None:
            self._session.lost(self, reason)

    def _write_back(self) -> None:
        """Write what the parser wants to answer: the handshake, pongs, the echo of a close frame, and then the end."""
        for data in self._last_words() or self._parser.data_to_send():
            if data == SEND_EOF:
                self._end()
            elif not self._transport.is_closing():
                self._transport.write(data)

    def _last_words(self) -> list[bytes]:
        """A close between two fragments is lawful (RFC 6455, section 5.4); the parser would answer it as an error."""
        parser = self._parser
        if parser.parser_exc is None or parser.close_rcvd is None or not parser.data_to_send():
            return []
        return [Frame(Opcode.CLOSE, parser.close_rcvd.serialize()).serialize(mask=False), SEND_EOF]

    def _end(self) -> None:
        """Nothing more will be said. Where TCP can be closed by half the peer reads the last words in peace."""
        if not self._transport.can_write_eof():
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.write_eof()
            self._wait_for_peer()

    def _wait_for_peer(self, seconds: float = _CLOSING_S) -> None:
        self._since = self.engine.clock.monotonic()
        self.engine.wheel.set(self, self._since + seconds)


def _visitor(request: Request, transport: asyncio.Transport) -> Visitor:
    headers = request.headers
    peer = transport.get_extra_info("peername")
    return Visitor(
        peer=str(peer[0]) if isinstance(peer, tuple) else "",
        host=_only(headers.get_all("Host")),
        origin=_only(headers.get_all("Origin")) if "Origin" in headers else None,
        forwarded_for=", ".join(headers.get_all("X-Forwarded-For")),
    )


def _only(values: list[str]) -> str:
    """Two of a header that may stand once are as good as a wrong one."""
    return values[0] if len(values) == 1 else ",".join(values)
