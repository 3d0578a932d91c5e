"""A phone as its owner has it in hand: how a test waits for a text, and writes one."""

import re

from tocsin.sandbox.journal import PATIENCE_S, Journal
from tocsin.sandbox.twilio.account import SENDER, Message, Phone
from tocsin.sandbox.twilio.inbox import Inbox

CODE = re.compile(r"\b\d{4,10}\b")


class Handset:
    def __init__(self, phone: Phone, inbox: Inbox, journal: Journal) -> None:
        self.phone = phone
        self._inbox = inbox
        self._journal = journal

    @property
    def texts(self) -> list[str]:
        """What it has been sent, oldest first."""
        return [message.body for message in self.phone.shown if message.direction != "inbound"]

    async def expect_sms(self, text: str, deadline_s: float = PATIENCE_S) -> Message:
        """The first text with these words, now or within so many real seconds. Raises TimeoutError."""
        return await self._journal.until(lambda: self._showing(text), deadline_s)

    async def expect_code(self, deadline_s: float = PATIENCE_S) -> str:
        """The code of the newest text that brought one."""
        return await self._journal.until(self._code, deadline_s)

    async def write(self, text: str, to: str = SENDER) -> Message:
        """Its owner answers, or says STOP."""
        return await self._inbox.write(self.phone.number, text, to)

    def _showing(self, text: str) -> Message | None:
        shown = (message for message in self.phone.shown if message.direction != "inbound")
        return next((message for message in shown if text in message.body), None)

    def _code(self) -> str | None:
        found = (CODE.search(text) for text in reversed(self.texts) if "verification code" in text)
        return next((match[0] for match in found if match), None)
