"""Twilio's calls to us: signed forms, and what came back (Twilio, "Webhooks security")."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urldefrag, urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

PATIENCE_S = 15.0
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One call. `status` is None where nobody answered; `answer` is what they said."""

    url: str
    fields: Mapping[str, str]
    status: int | None
    answer: bytes = b""

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - HTTP's successes


class Caller:
    """`held`: calls wait until they are made by hand with `release`; in whichever order, and as often, as a test
    wants.
    """

    def __init__(self, token: str, note: Callable[[Called], None]) -> None:
        self.token = token
        self.held = False
        self.waiting: list[tuple[str, Mapping[str, str]]] = []
        self._note = note
        self._session: ClientSession | None = None

    async def call(self, url: str, fields: Mapping[str, str]) -> Called | None:
        """None where the call is held."""
        if self.held:
            self.waiting.append((url, fields))
            return None
        return await self.call_now(url, fields)

    async def call_now(self, url: str, fields: Mapping[str, str], token: str | None = None) -> Called:
        """With another token the signature is forged."""
        place, _ = urldefrag(url)
        headers = {
            "X-Twilio-Signature": signature(token or self.token, place, fields),
            "Content-Type": f"{FORM}; charset=utf-8",
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": hashlib.sha256(repr(sorted(fields.items())).encode()).hexdigest()[:32],
        }
        status, answer = await self._post(place, urlencode(fields).encode(), headers)
        called = Called(url=place, fields=fields, status=status, answer=answer)
        self._note(called)
        return called

    async def release(self, *, backwards: bool = False, times: int = 1) -> list[Called]:
        """What was held goes out now; what comes later is not held any more."""
        waiting, self.waiting, self.held = self.waiting, [], False
        order = waiting[::-1] if backwards else waiting
        return [await self.call_now(url, fields) for url, fields in order for _ in range(times)]

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int | None, bytes]:
        self._session = self._session or ClientSession(timeout=ClientTimeout(total=PATIENCE_S))
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status, await answer.read()
        except (ClientError, TimeoutError, ValueError):
            return None, b""


def signature(token: str, url: str, fields: Mapping[str, str]) -> str:
    text = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
