"""Browsers on the page: what each shows, and what somebody does there."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tocsin.core.errors import InvalidRequestError
from tocsin.sandbox.browser.service import PushService
from tocsin.sandbox.panel import Order


class BrowserPanel:
    name: ClassVar[str] = "browser"

    def __init__(self, service: PushService) -> None:
        self._service = service

    def shown(self, most: int) -> Mapping[str, Any]:
        return {"browsers": self._service.drawn(most)}

    def orders(self) -> tuple[Order, ...]:
        return Order("PUT", "/browsers/{name}", self._change), Order("POST", "/browsers/{name}", self._subscribe)

    async def _subscribe(self, words: Mapping[str, str], order: Any) -> Mapping[str, Any]:
        """`{"server_key"}`: a page asks this browser to subscribe, and is given its subscription."""
        browser = self._service.browser(words["name"])
        match order:
            case {"server_key": str(key)}:
                browser.server_key, browser.gone = key, False
            case _:
                raise InvalidRequestError("a browser subscribes with a server_key")
        return browser.subscription

    async def _change(self, words: Mapping[str, str], order: Any) -> None:
        """`{"online"}` or `{"gone"}`: somebody shuts the browser or opens it again, or takes the permission back."""
        browser = self._service.browser(words["name"])
        match order:
            case {"online": True}:
                self._service.come(browser.name)
            case {"online": False}:
                browser.online = False
            case {"gone": bool(gone)}:
                browser.gone = gone
            case _:
                raise InvalidRequestError("a browser is online or not, or gone or not")
