"""SendGrid's calls to us: events in batches, signed (SendGrid, "Event Webhook")."""

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from tocsin.core.clock import Clock

PATIENCE_S = 15.0
MOST = 128  # events of a call
TRIES, AGAIN_S = 5, 1.0  # the real one goes on for a day, at growing intervals

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One call. `status` is None where nobody answered."""

    events: Sequence[Event]
    status: int | None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - HTTP's successes


class Poster:
    """`url` is where the account's events go; empty for nowhere. `held`: events wait until they are sent by hand with
    `release`; in whichever order, and as often, as a test wants.
    """

    def __init__(self, clock: Clock, signer: EllipticCurvePrivateKey, note: Callable[[Posted], None]) -> None:
        self.url = ""
        self.held = False
        self.waiting: list[Event] = []
        self._clock = clock
        self._signer = signer
        self._note = note
        self._session: ClientSession | None = None
        self._sending: asyncio.Task[None] | None = None

    def tell(self, event: Event) -> None:
        """What is told together goes together."""
        self.waiting.append(event)
        if not self.held and self.url and (self._sending is None or self._sending.done()):
            self._sending = asyncio.create_task(self._send())

    async def release(self, *, backwards: bool = False, times: int = 1) -> list[Posted]:
        """What was held goes out now; what comes later is not held any more."""
        waiting, self.waiting, self.held = self.waiting, [], False
        events = waiting[::-1] if backwards else waiting
        return [
            await self.post(events[start : start + MOST]) for start in range(0, len(events), MOST) for _ in range(times)
        ]

    async def post(
        self, events: Sequence[Any], *, signer: EllipticCurvePrivateKey | None = None, signed_at: int | None = None
    ) -> Posted:
        """With another key the signature is forged."""
        body = orjson.dumps(events) + b"\r\n"
        timestamp = str(int(self._clock.now().timestamp()) if signed_at is None else signed_at)
        signature = (signer or self._signer).sign(timestamp.encode() + body, ECDSA(SHA256()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "SendGrid Event API",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }
        posted = Posted(events=events, status=await self._post(body, headers))
        self._note(posted)
        return posted

    async def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending})
        if self._session is not None:
            await self._session.close()

    async def _send(self) -> None:
        await asyncio.sleep(0)  # whatever happens at this moment goes along
        while self.waiting and not self.held:
            events, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
            for _ in range(TRIES):
                if (await self.post(events)).taken:
                    break
                await self._clock.sleep(AGAIN_S)

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> int | None:
        self._session = self._session or ClientSession(timeout=ClientTimeout(total=PATIENCE_S))
        try:
            async with self._session.post(self.url, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status
        except (ClientError, TimeoutError, ValueError):
            return None
