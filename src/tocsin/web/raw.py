"""A documented route whose handler takes the request as it is: the hot path pays for nothing that it does not use."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from tocsin.core.errors import TocsinError
from tocsin.core.killpoint import Point, kill_point
from tocsin.web.asgi import Receive, Scope, Send
from tocsin.web.errors import answer_to, answer_to_bug


class RawRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return endpoint

    async def straight(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same without the framework around it, which costs a small request as much as all the rest."""
        try:
            answer = await self.endpoint(Request(scope, receive))
        except TocsinError as problem:
            answer = answer_to(problem)
        except Exception:
            await answer_to_bug()(scope, receive, send)
            raise
        await answer(scope, receive, send)
        kill_point(Point.ANSWERED)
