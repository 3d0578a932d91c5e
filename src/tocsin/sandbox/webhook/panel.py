"""Receivers of webhooks on the page: what each has got."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tocsin.sandbox.panel import Order
from tocsin.sandbox.webhook.receiver import Receiver


class WebhookPanel:
    name: ClassVar[str] = "webhook"

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def shown(self, most: int) -> Mapping[str, Any]:
        """Every hook, and the last body that it got."""
        del most  # one of each is shown
        return {"hooks": self._receiver.drawn()}

    def orders(self) -> tuple[Order, ...]:
        return ()
