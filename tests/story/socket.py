"""A Socket.IO client for stories, which leaves nothing behind."""

from types import TracebackType
from typing import Any, Self

import aiohttp
import socketio
from tests.deadline import DEADLINE_S


class Socket(socketio.AsyncSimpleClient):
    """The official client, with a session of its own. It would close the one that it makes itself in the background,
    refused connections included: after the end of the test on a busy machine.
    """

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        self.client_kwargs["http_session"] = self._http
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.client is not None:
            await self.client.shutdown()
        await self._http.close()

    async def connect(self, url: str, **options: Any) -> None:
        await super().connect(url, **{"wait_timeout": DEADLINE_S, **options})
