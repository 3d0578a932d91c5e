"""The lives of messages: queued, sent, delivered or not, each step with its signed callback.

Twilio, "Message Resource", statuses: the first status of a message brings no callback, and not every carrier reports.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime

from tocsin.core.clock import Clock
from tocsin.sandbox.journal import Journal
from tocsin.sandbox.twilio.account import Account, Message, Phone, Sender
from tocsin.sandbox.twilio.caller import Caller
from tocsin.sandbox.twilio.rules import later

CARRIER_S = 0.2  # from Twilio to the phone and back

EXPIRED_IN_QUEUE, QUEUE_FULL = 30036, 30001


class Lives:
    def __init__(self, clock: Clock, journal: Journal, account: Account, caller: Caller) -> None:
        self.phones: dict[str, Phone] = {}
        self.carrier_s = CARRIER_S
        self._clock = clock
        self._journal = journal
        self._account = account
        self._caller = caller
        self._tasks: set[asyncio.Task[None]] = set()

    def phone(self, number: str) -> Phone:
        """The phone of this number, made on first use."""
        return self.phones.setdefault(number, Phone(number))

    def begin(self, message: Message) -> None:
        """From its first status on."""
        self.start(self._live(message))

    def start(self, life: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(life)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def morning(self) -> None:
        """The permitted hours begin: what was put off leaves."""
        for message in self._account.messages.values():
            if message.status == "scheduled":
                self.begin(message)

    async def _live(self, message: Message) -> None:
        sender = self._sender(message)
        if message.status in ("accepted", "scheduled"):
            message.sender = sender.number
            full = sender.is_full(self._clock.monotonic())
            await self._move(message, "failed" if full else "queued", QUEUE_FULL if full else None)
        if message.is_final:
            return
        await self._queue(message, sender)
        if not message.is_final:
            await self._carry(message)

    async def _queue(self, message: Message, sender: Sender) -> None:
        wait = sender.take(message.segments, self._clock.monotonic())
        await self._clock.sleep(min(wait, message.waits))
        if wait > message.waits and not message.is_final:
            await self._move(message, "failed", EXPIRED_IN_QUEUE)

    async def _carry(self, message: Message) -> None:
        """To the carrier, and from there to the phone."""
        phone = self.phone(message.to)
        await self._move(message, "sent")
        await self._clock.sleep(self.carrier_s)
        if error := phone.fails_with or later(message.to):
            await self._move(message, "undelivered", error)
            return
        phone.shown.append(message)
        self._journal.stir()
        if not phone.silent:
            await self._move(message, "delivered")

    async def _move(self, message: Message, status: str, error: int | None = None) -> None:
        self._account.move(message, status, error)
        self._journal.stir()
        if message.callback:
            await self._caller.call(message.callback, self.status_fields(message))

    def status_fields(self, message: Message) -> dict[str, str]:
        fields = {
            "AccountSid": self._account.sid,
            "ApiVersion": "2010-04-01",
            "From": message.sender or "",
            "MessageSid": message.sid,
            "MessageStatus": message.status,
            "SmsSid": message.sid,
            "SmsStatus": message.status,
            "To": message.to,
        }
        if message.service:
            fields["MessagingServiceSid"] = message.service
        if message.error is not None:
            fields["ErrorCode"] = str(message.error)
        if message.status in ("delivered", "undelivered"):
            fields["RawDlrDoneDate"] = _short_date(self._clock.now())
        return fields

    def _sender(self, message: Message) -> Sender:
        return self._account.senders.get(message.sender or "") or next(self._account.pool())


def _short_date(moment: datetime) -> str:
    return moment.strftime("%y%m%d%H%M")
