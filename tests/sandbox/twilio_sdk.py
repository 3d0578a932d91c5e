"""The official client, told where the sandbox is."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tocsin.sandbox import Sandbox

Told = TypeVar("Told")
HOSTS = ("https://api.twilio.com", "https://verify.twilio.com")


class Led(TwilioHttpClient):
    def __init__(self, base: str) -> None:
        super().__init__(pool_connections=False)
        self._base = base

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        for host in HOSTS:
            url = url.replace(host, self._base)
        return super().request(method, url, *args, **more)


class Official:
    def __init__(self, sandbox: Sandbox, user: str | None = None, password: str | None = None) -> None:
        account = sandbox.twilio.account
        self.client = Client(user or account.sid, password or account.token, account.sid, http_client=Led(sandbox.url))

    async def __call__(self, ask: Callable[[Client], Told]) -> Told:
        return await asyncio.to_thread(ask, self.client)

    async def code(self, ask: Callable[[Client], Any]) -> int | None:
        """The code with which it is refused; None where it is not."""
        try:
            await self(ask)
        except TwilioRestException as refused:
            return int(refused.code)
        return None
