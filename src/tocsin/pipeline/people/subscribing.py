"""Subscribing: a browser is given the key of the channel that will tell it, and comes back with its subscription."""

from collections.abc import Mapping
from typing import Any

from tocsin.channels.abilities import TellsBrowsers
from tocsin.core.address import AddressKind
from tocsin.core.errors import BrowserPushOffError
from tocsin.ledger.contract.people import AddressDraft
from tocsin.pipeline.active import Active
from tocsin.pipeline.people.browser import browser_of

_OFF = "browsers are not told anything here: alerts.channels.push.web says whether"


class Subscribing:
    """`active` has the channel that tells browsers, where one does."""

    def __init__(self, active: Active) -> None:
        self._active = active

    async def key(self) -> str:
        """The key to subscribe with. Raises BrowserPushOffError."""
        channel = self._channel
        if channel is None:
            raise BrowserPushOffError(_OFF)
        try:
            return await channel.browser_key()
        except ValueError as problem:
            raise BrowserPushOffError(str(problem)) from problem

    def draft(self, subscription: Mapping[str, Any], user_agent: str) -> AddressDraft:
        """What is to be kept of the browser. Raises InvalidRequestError."""
        channel = self._channel
        return AddressDraft(value=browser_of(subscription, user_agent, channel.vouched if channel else ()))

    @property
    def _channel(self) -> TellsBrowsers | None:
        channel: object = self._active.channels.get(AddressKind.BROWSER.channel)
        return channel if isinstance(channel, TellsBrowsers) and channel.tells_browsers else None
