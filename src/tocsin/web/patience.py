"""How long a head may take to arrive and may be: what an application cannot bound from behind its server."""

import asyncio
import sys
from typing import Any

import orjson
from httptools import HttpParserCallbackError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tocsin.web.guard import EVERY_ANSWER

HEAD_DEADLINE_S = 10.0
MAX_HEAD = 64 * 1024  # bytes of request line and headers


class PatientHttp(HttpToolsProtocol):
    """uvicorn's HTTP with a bounded patience, and with our form of error for what is no HTTP. For `Config(http=…)`."""

    deadline_s = HEAD_DEADLINE_S

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the class above
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._timer is None:
            return
        self._head += len(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response(f"The head of a request holds at most {MAX_HEAD} bytes.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        if isinstance(sys.exception(), HttpParserCallbackError):
            self.transport.abort()  # the request is good and we have failed, for want of memory: it is to come again
            return
        body = orjson.dumps({"error": {"code": "bad_request", "message": msg, "details": []}})
        headers = [*EVERY_ANSWER, (b"content-type", b"application/json"), (b"connection", b"close")]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body))
        self.transport.close()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(self.deadline_s, self._give_up)

    def _stop_waiting(self) -> None:
        self._head = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
