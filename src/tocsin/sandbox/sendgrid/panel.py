"""SendGrid on the page: where its events go."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tocsin.core.errors import InvalidRequestError
from tocsin.sandbox.panel import Order
from tocsin.sandbox.sendgrid.api import SendGrid


class SendGridPanel:
    name: ClassVar[str] = "sendgrid"

    def __init__(self, sendgrid: SendGrid) -> None:
        self._sendgrid = sendgrid

    def shown(self, _: int) -> Mapping[str, Any]:
        account = self._sendgrid.account
        return {
            "events_go_to": self._sendgrid.poster.url,
            "credits": account.credits,
            "mails_taken": len(account.mails),
        }

    def orders(self) -> tuple[Order, ...]:
        return (Order("PUT", "/events/address", self._listen),)

    async def _listen(self, _: Mapping[str, str], order: Any) -> None:
        """`{"url"}`: where events go; empty for nowhere."""
        match order:
            case {"url": str(url)} if not url or url.startswith(("http://", "https://")):
                self._sendgrid.poster.url = url
            case _:
                raise InvalidRequestError("events go to an http address")
