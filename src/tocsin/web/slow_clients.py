"""Bounds how long a request may take to arrive, and how much beside its body: what an application cannot bound from
behind its server.
"""

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, NamedTuple

import orjson
from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserInvalidURLError,
    HttpParserUpgrade,
    parse_url,
)
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tocsin.web.own_headers import own_headers_first
from tocsin.web.parting import DRAIN_S, Parting, close
from tocsin.web.unchunked import unchunked
from tocsin.web.unread import READER_DEADLINE_S, Unread

MAX_HEAD = 64 * 1024  # bytes of request line and headers, or of what is wrapped around a body of no more than that
MAX_HEADERS = 256
MAX_PIPELINED = 32  # requests that wait behind one that is being answered
MAX_DRAIN = 256 * 1024  # bytes of a body nobody wants, for which a connection is kept

_SLICE = 256 * 1024  # bytes of an answer
_SMALL = 1024  # pieces of a body that may be of any size, in one read
_FAIR = 16  # bytes that each of the others has, with what is wrapped around it

_LONG = f"The head of a request holds at most {MAX_HEAD} bytes, and {MAX_HEADERS} headers."
_NOWHERE = "The request is for no path: it begins with a slash, and what is not ASCII is percent-encoded."
_CRUMBS = "The body comes in pieces that are too small, or wrapped in too much: send larger chunks, without trailers."


class Stage(Enum):
    """The part of a message that is to come next."""

    HEAD = "head"
    BODY = "body"
    NOTHING = "nothing"


class PatientHttp(HttpToolsProtocol):
    """uvicorn's HTTP with a bounded patience, and with our form of error for what is no HTTP. For `Config(http=…)`.

    What was decided is answered before anything behind it is refused.
    """

    head_s = 10.0
    body_s = 40.0  # longer than the application waits, since that has an answer to give
    drain_s = DRAIN_S
    reader_s = READER_DEADLINE_S
    half_closed_s = 1.0  # for an answer to somebody who will say no more: or who has hung up, and nobody knows which

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stage = Stage.NOTHING
        self._timer: asyncio.TimerHandle | None = None
        self._wrapping = 0  # bytes of the message under way that are not its body
        self._body = 0  # bytes that are
        self._pieces = 0  # of it that may still come in this read
        self._unwanted: int | None = None  # bytes of a body that is still coming although its request was answered
        self._unanswered = 0  # requests
        self._deaf = False  # nothing more is taken for a request
        self._half_closed = False
        self._refusal = b""
        self._parted = False
        self._since = 0.0
        self._unread: Unread
        self._to_client: _ToClient

    @property
    def waits_since(self) -> float | None:
        """When, by the loop's clock, it began to wait for its client; None while that one waits for us."""
        if self._unread.since is not None:
            return self._unread.since
        return None if self._unanswered and self._stage is not Stage.BODY else self._since

    def give_way(self) -> None:
        self.transport.abort()

    # --- called by the event loop

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the class above
        super().connection_made(transport)
        self._since = self.loop.time()
        self._unread = Unread(transport, self.loop, self.reader_s)
        self._to_client = _ToClient(self._write, transport.is_closing, self._part)
        self._wait(self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._unread.end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deaf:  # while the last requests are answered
            self.flow.pause_reading()
            return
        self._wrapping += len(data)
        self._pieces = _SMALL + len(data) // _FAIR
        if self._unwanted is not None:
            self._unwanted += len(data)
        self._parse(data)
        if not self._deaf:
            self._weigh()

    def eof_received(self) -> bool:  # type: ignore[override]  # as in asyncio, and unlike the class above
        """Whether the connection stays half open."""
        self._half_closed = True
        self._turn_deaf()
        if self._unanswered:
            self._wait(self.half_closed_s)
            return True
        self._close()
        return False

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.begin()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread.end()

    # --- called by the parser

    def on_message_begin(self) -> None:
        if self._unanswered > MAX_PIPELINED:
            raise _EnoughError
        super().on_message_begin()
        self._stage = Stage.HEAD
        self._since = self.loop.time()
        self._unset_keepalive_if_required()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._stage is Stage.BODY:  # a trailer: it counts for nothing
            self._count_piece()
            return
        if len(self.headers) == MAX_HEADERS:
            raise _EnoughError(_LONG)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._wrapping > MAX_HEAD and sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD:
            raise _EnoughError(_LONG)
        if not _has_path(self.url):
            raise _EnoughError(_NOWHERE)
        self._stop_waiting()
        self._stage = Stage.BODY
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # and not a WebSocket
            self._unanswered += 1
            self.cycle.transport = self._to_client  # type: ignore[assignment]  # it writes and closes, and no more

    def on_body(self, body: bytes) -> None:
        self._count_piece()
        self._wrapping -= len(body)
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._stop_waiting()
        self._stage = Stage.NOTHING
        self._wrapping = self._body = 0
        super().on_message_complete()
        if self._unwanted is not None:
            self._unwanted = None
            self._keep_alive()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        app = own_headers_first(app, cycle)
        super()._start_asgi_task(cycle, app if cycle.scope["http_version"] == "1.1" else unchunked(app, cycle))

    # --- called by what answers

    def on_response_complete(self) -> None:
        self._unanswered -= 1
        self._since = self.loop.time()
        if self._parted:
            self.server_state.total_requests += 1
            return
        super().on_response_complete()
        if self._unanswered:
            return
        if self._deaf:
            self._say_last()
        elif self._stage is not Stage.NOTHING:
            self._unset_keepalive_if_required()
            if self._stage is Stage.BODY:
                self._unwanted = 0
                self._wait(self.drain_s)

    def _write(self, data: bytes) -> None:
        """In slices, since one that is kept is kept whole, however little of it is still to be read."""
        if len(data) <= _SLICE:
            self.transport.write(data)
            return
        for start in range(0, len(data), _SLICE):
            self.transport.write(data[start : start + _SLICE])
        self._unread.weigh()

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    # --- in

    def _parse(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as stopped:
                if self._should_upgrade():
                    self._upgrade()
                    return
                data = data[stopped.args[0] :]  # nobody wants what it would upgrade to: it goes on as it is
            except HttpParserCallbackError as failed:
                if not isinstance(failed.__context__, _EnoughError):
                    self.transport.abort()  # the request is good and we have failed, for want of memory: it comes again
                else:
                    self._refuse(str(failed.__context__))
                return
            except HttpParserError:
                self._refuse("This is no HTTP.")
                return
            else:
                return

    def _count_piece(self) -> None:
        self._pieces -= 1
        if self._pieces < 0:
            raise _EnoughError(_CRUMBS)

    def _weigh(self) -> None:
        """After each read: whether the message under way is too much, or too late. What came in one read with the end
        of another message is in its favour.
        """
        self._wrapping = max(self._wrapping, 0)
        if self._wrapping > MAX_HEAD + self._body:
            self._refuse(_CRUMBS if self._stage is Stage.BODY else _LONG)
        elif self._unwanted is not None and self._unwanted > MAX_DRAIN:
            self._part()
        elif self._timer is None and self._stage is not Stage.NOTHING:
            self._wait(self.head_s if self._stage is Stage.HEAD else self.body_s)

    def _upgrade(self) -> None:
        if self._unanswered:
            self._refuse("A WebSocket needs a connection for itself.")
            return
        self._deaf = True
        self._stop_waiting()
        self.handle_websocket_upgrade()

    # --- the end

    def _refuse(self, why: str) -> None:
        """Without a reason: what comes now may be sent again, over another connection."""
        self._turn_deaf()
        self._refusal = _bad_request(why, self.server_state.default_headers) if why else b""
        if not self._unanswered:
            self._say_last()

    def _turn_deaf(self) -> None:
        """A request that is not whole will never be; those before it are still answered."""
        self._deaf = True
        self._stop_waiting()
        if self._stage is not Stage.BODY or self.cycle.response_complete:
            return
        self._unanswered -= 1
        if self.pipeline and self.pipeline[0][0] is self.cycle:
            self.pipeline.popleft()
        else:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _say_last(self) -> None:
        if not (self._stage is Stage.BODY and self.cycle.response_started):
            self.transport.write(self._refusal)
        self._part()

    def _part(self) -> None:
        """The last answer is written."""
        if self._parted:
            return
        self._stop_waiting()
        self._unset_keepalive_if_required()
        heard_out = self._stage is Stage.NOTHING and not self._deaf and not self.pipeline
        if heard_out or self._half_closed or self.transport.is_closing():
            self._close()
            return
        self._parted = self._deaf = True
        super().connection_lost(ConnectionAbortedError())  # for this protocol
        Parting(self.transport, self._unread, self.connections, self.drain_s).begin(self.loop)

    def _close(self) -> None:
        self._parted = self._deaf = True
        close(self.transport, self._unread)

    # --- time

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self._give_up, seconds)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self, seconds: float) -> None:
        if self.flow.read_paused:
            self._wait(seconds)  # it is we who do not read on
        elif self._stage is Stage.HEAD and self._unanswered and not self._half_closed:
            self._refuse("")
        else:
            self._close()

    def _keep_alive(self) -> None:
        if not self._unanswered:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )


class _EnoughError(Exception):
    """Stops the parser."""


def _has_path(url: bytes) -> bool:
    """The `host:port` of a CONNECT leads to nothing here; nor does what is not escaped."""
    try:
        return url.isascii() and bool(parse_url(url).path)
    except HttpParserInvalidURLError:
        return False


class _ToClient(NamedTuple):
    """A connection, as the one who answers sees it."""

    write: Callable[[bytes], None]
    is_closing: Callable[[], bool]
    close: Callable[[], None]


def _bad_request(message: str, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    body = orjson.dumps({"error": {"code": "bad_request", "message": message, "details": []}})
    headers = [*headers, (b"content-type", b"application/json"), (b"connection", b"close")]
    head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return b"HTTP/1.1 400 Bad Request\r\n%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body)
