"""Twilio on the page: phones with their texts, and what somebody types on one."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tocsin.core.errors import InvalidRequestError
from tocsin.sandbox.panel import Order
from tocsin.sandbox.twilio.api import Twilio
from tocsin.sandbox.twilio.rules import E164

LONGEST_TEXT = 1600


class TwilioPanel:
    name: ClassVar[str] = "twilio"

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio

    def shown(self, most: int) -> Mapping[str, Any]:
        return {"phones": self._twilio.drawn(most), "texts_go_to": self._twilio.inbox.url}

    def orders(self) -> tuple[Order, ...]:
        return Order("POST", "/texts", self._text), Order("PUT", "/texts/address", self._inbound)

    async def _text(self, _: Mapping[str, str], order: Any) -> None:
        """`{"number", "text"}`: somebody types this on the phone with that number and sends it."""
        match order:
            case {"number": str(number), "text": str(text)} if E164.fullmatch(number) and text:
                await self._twilio.phone(number).write(text[:LONGEST_TEXT])
            case _:
                raise InvalidRequestError("a text has a number like +15005550100, and words")

    async def _inbound(self, _: Mapping[str, str], order: Any) -> None:
        """`{"url"}`: where texts go that phones write; empty for nowhere."""
        match order:
            case {"url": str(url)} if not url or url.startswith(("http://", "https://")):
                self._twilio.inbox.url = url
            case _:
                raise InvalidRequestError("texts go to an http address")
