"""For a detection engine elsewhere: the same `send_alert` over HTTP, and the live stream as an iterator."""

import asyncio
import io
import json
import os
import random
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any, Self, Unpack

import aiohttp
import orjson

from tocsin.core import errors
from tocsin.core.decision import Receipt
from tocsin.core.detection import Detection
from tocsin.core.errors import (
    Detail,
    LedgerUnavailableError,
    ProviderUnavailableError,
    RateLimitedError,
    TocsinError,
    UnreachableError,
)
from tocsin.core.secret import Secret
from tocsin.core.wordlist import text_of

ALERTS = "/api/v1/alerts"
STREAM = "/api/v1/alerts/stream"

_TRIES = 4
_FIRST_PAUSE_S = 0.3
_LONGEST_PAUSE_S = 15.0
_ANSWER_S = 30.0
_SILENCE_S = 45.0  # the service writes a line to each stream at least every 15 s
_LINE = 1 << 20

Watch = Callable[[TocsinError | None], None]
"""Hears each time why the stream cannot be had, before the next try; None once it runs."""

_BY_CODE: Mapping[str, type[TocsinError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, TocsinError) and kind is not TocsinError
}


class Client:
    """A service in another process, or on another machine, over HTTP.

    ```python
    async with Client("http://127.0.0.1:8765", token) as alerts:
        receipt = await alerts.send_alert(type="in_stock", sku="6634940", retailer="bestbuy", price="1999.99")
        async for event in alerts.subscribe({"skus": ["6634940"], "min_priority": 8}):
            print(event["event"], event["sku"])
    ```

    `url` is where the service is, without a path; `token` is one of its secrets (`tocsin token create`). A client has
    one pool of connections, belongs to one event loop, and is closed by `async with` or `close`.

    Every call raises the TocsinError that the service answers with (ForbiddenError where the token lacks the scope),
    UnreachableError where no service answers within 30 s. Values read as the HTTP reference has them: times in
    RFC 3339, money as decimal strings, durations in seconds.
    """

    def __init__(self, url: str, token: str | Secret) -> None:
        self.url = url.rstrip("/")
        self._token = token if isinstance(token, Secret) else Secret(token)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send_alert(self, **detection: Unpack[Detection]) -> Receipt:
        """Send one detection (scope `ingest`); returns once it is on disk. A lost answer or a busy service is tried
        again, three times within some seconds, and counts once: without an `idempotency_key` it gets one.

        The receipt says `accepted`, `duplicate` or `filtered`, and why. Raises InvalidAlertError with every field that
        is wrong, ConflictError for a key that was used for another detection, and what the last try met.
        """
        given = {name: value for name, value in detection.items() if value is not None}
        keyed = {"idempotency_key": uuid.uuid4().hex, **given}
        return Receipt.from_json(await self._persist(keyed))

    def subscribe(
        self, match: Mapping[str, Any] | None = None, *, after: str | None = None, watch: Watch | None = None
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Alerts as they are accepted (`event` is `alert`) and closed (`alert_closed`), each with its `cursor`; it goes
        on until its reader leaves (scope `read`).

        `match` has the words of a subscription: `{"skus": ["6634940"], "retailers": ["best*"]}`; without it everything
        matches. `after` is a cursor: what came since then is first. It reconnects and resumes by itself, so nothing is
        missed or told twice; `watch` hears how that goes. Raises only what coming back cannot mend: UnauthorizedError,
        ForbiddenError, InvalidRequestError.
        """
        return self._follow({key: _listed(value) for key, value in (match or {}).items()}, after, watch or _nobody)

    async def get(self, path: str, **query: Any) -> Any:
        """What is at that path, as `call` answers: `await alerts.get("/api/v1/alerts", skus=["6634940"], limit=10)`."""
        return await self.call("GET", path, query={key: _listed(value) for key, value in query.items()})

    async def post(self, path: str, value: Any = None, *, body: bytes | None = None) -> Any:
        """`value` is sent as JSON; `body` as it is."""
        return await self.call("POST", path, value, body=body)

    async def call(
        self,
        method: str,
        path: str,
        value: Any = None,
        *,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        within_s: float = _ANSWER_S,
    ) -> Any:
        """One request, and the JSON of its answer; its text where it is no JSON. `value` is sent as JSON, `body` as it
        is. It is waited for `within_s` seconds, and not tried again.
        """
        content = body if body is not None or value is None else json_of(value)
        data = None if content is None else io.BytesIO(content)  # written in pieces: a large one stalls nobody else
        headers = self._headers() | ({} if content is None else {"Content-Type": "application/json"})
        try:
            async with self._open().request(
                method, self.url + path, data=data, params=query, headers=headers,
                timeout=aiohttp.ClientTimeout(total=within_s), allow_redirects=False,
            ) as answer:  # fmt: skip
                answered = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise UnreachableError(f"{self.url} does not answer: {_said(problem)}") from None
        if answer.ok:
            return orjson.loads(answered) if answer.content_type == "application/json" else answered.decode()
        raise _error(answer, answered)

    async def read(self, path: str, **query: Any) -> AsyncIterator[bytes]:
        """What is at that path, of any length, in parts as it comes."""
        given = {key: _listed(value) for key, value in query.items()}
        patience = aiohttp.ClientTimeout(total=None, connect=_ANSWER_S, sock_read=_SILENCE_S)
        try:
            async with self._open().get(
                self.url + path, params=given, headers=self._headers(), timeout=patience, allow_redirects=False
            ) as answer:
                if not answer.ok:
                    raise _error(answer, await answer.read())
                async for part in answer.content.iter_any():
                    yield part
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise UnreachableError(f"{self.url} does not answer: {_said(problem)}") from None

    async def _persist(self, alert: Mapping[str, Any]) -> Any:
        """Repeat until an answer comes; the key makes it one alert, however often it arrives."""
        for attempt in range(_TRIES - 1):
            try:
                return await self.post(ALERTS, alert)
            except (UnreachableError, LedgerUnavailableError, RateLimitedError):
                await _pause(attempt)
        return await self.post(ALERTS, alert)

    async def _follow(
        self, match: Mapping[str, str], cursor: str | None, watch: Watch
    ) -> AsyncIterator[Mapping[str, Any]]:
        failures = 0
        while True:
            follows = False
            try:
                async for event in self._read(match, cursor):
                    if not follows:
                        watch(None)
                    follows, failures, cursor = True, 0, event["cursor"]
                    if event["event"] in ("alert", "alert_closed"):
                        yield event
            except (UnreachableError, LedgerUnavailableError, RateLimitedError) as problem:
                watch(problem)
                failures += 1
            # The end of a stream is a service that stops: the readers come back spread out.
            await _pause(failures)

    async def _read(self, match: Mapping[str, str], cursor: str | None) -> AsyncIterator[Mapping[str, Any]]:
        """The lines of one connection."""
        query = dict(match) if cursor is None else {**match, "after": cursor}
        patience = aiohttp.ClientTimeout(total=None, connect=_ANSWER_S, sock_read=_SILENCE_S)
        try:
            async with self._open().get(
                self.url + STREAM, params=query, headers=self._headers(), timeout=patience, read_bufsize=_LINE
            ) as answer:
                if not answer.ok:
                    raise _error(answer, await answer.read())
                async for line in answer.content:
                    yield orjson.loads(line)
        except (aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError) as problem:
            raise UnreachableError(f"{self.url} does not answer: {_said(problem)}") from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.reveal()}"}


def json_of(value: Any) -> bytes:
    """What the service understands, halves of characters included: it says what becomes of them."""
    try:
        return orjson.dumps(value, default=str)
    except TypeError:
        return json.dumps(value, default=str).encode()


async def _pause(failures: int) -> None:
    """Full jitter: a thousand clients that lost the same service do not come back in the same moment."""
    longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(failures, 10))
    await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - no secret


def _nobody(_: TocsinError | None) -> None:
    """Watches."""


def _listed(value: Any) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return text_of(map(str, value))
    return str(value)


def _said(problem: Exception) -> str:
    if isinstance(problem, aiohttp.ClientConnectorError) and (problem.os_error.errno or 0) > 0:
        return os.strerror(problem.os_error.errno or 0).lower()
    return str(problem) or type(problem).__name__


def _error(answer: aiohttp.ClientResponse, content: bytes) -> TocsinError:
    """The error that the service told; of anything in between (a proxy) the status is all that is known."""
    try:
        error = orjson.loads(content)["error"]
        details = [Detail(each["path"], each["message"]) for each in error["details"]]
        kind, message = _BY_CODE.get(error["code"], TocsinError), error["message"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return UnreachableError(f"{answer.url.origin()} answered {answer.status} {answer.reason}")
    if issubclass(kind, LedgerUnavailableError | RateLimitedError | ProviderUnavailableError):
        return kind(message, float(answer.headers.get("Retry-After", 1)))
    return kind(message, details)
