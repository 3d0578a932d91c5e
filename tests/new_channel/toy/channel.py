"""The channel of toys: one message a box, and a receipt once somebody has looked."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from tocsin.channels.contract import Attempt, Report
from tocsin.channels.status import outcome_of
from tocsin.channels.transport import Answer, Transport
from tocsin.core.callback import Callback
from tocsin.core.clock import Clock
from tocsin.core.delivery import Target
from tocsin.core.outcome import Sent
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal, SignalKind


class Toys:
    """Satisfies `Channel` and `Receives`."""

    name = "toy"
    provider = "toy"

    def __init__(self, boxes: Mapping[str, Secret], key: Secret, transport: Transport, clock: Clock) -> None:
        self._boxes = boxes
        self._key = key
        self._transport = transport
        self._clock = clock

    def pack(self, _target: Target, _records: Sequence[AlertRecord]) -> int:
        return 1

    def render(self, _target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        return {"toy": records[0].alert.title}

    async def send(self, attempt: Attempt) -> Report:
        body = orjson.dumps(self.render(attempt.target, [attempt.members[0].record]))
        answer = await self._transport.request("POST", self._boxes[attempt.target.name], body=body)
        if not isinstance(answer, Answer):
            return Report((answer,))
        outcome = outcome_of(answer, self._clock.now())
        found = Sent(orjson.loads(answer.body)["message"]) if isinstance(outcome, Sent) else outcome
        return Report((found,), status=answer.status)

    def verify(self, callback: Callback) -> str | None:
        right = hmac.digest(self._key.reveal().encode(), callback.body, "sha256").hex()
        told = callback.headers.get("x-toy-signature", "")
        return None if hmac.compare_digest(told.encode(), right.encode()) else "the signature does not fit"

    def read(self, callback: Callback) -> Sequence[Signal]:
        said = orjson.loads(callback.body)
        kind = SignalKind(said["status"])
        return [Signal(channel=self.name, event_id=said["id"], kind=kind, reference=said["message"])]

    def thank(self, _callback: Callback) -> tuple[str, bytes]:
        return "text/plain", b"thank you"
