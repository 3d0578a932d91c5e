"""Routes whose body is one JSON object, read as the body of an alert is."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from tocsin.core.errors import NotJsonError
from tocsin.pipeline.intake.parsing import parse


class JsonRoute(APIRoute):
    """The framework alone would take NaN and half of a character, and would tell bad UTF-8 in words of its own."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def read(request: Request) -> Response:
            body = await request.body()
            return await handle(_Parsed(request, _object(body)) if body else request)

        return read


class _Parsed(Request):
    def __init__(self, request: Request, value: dict[str, Any]) -> None:
        super().__init__(request.scope, request.receive)
        self._read = request
        self._value = value

    async def body(self) -> bytes:
        return await self._read.body()

    async def json(self) -> Any:
        return self._value


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = parse(body)
    except NotJsonError as problem:
        raise NotJsonError(f"the body is not JSON: {problem.message}") from None
    if not isinstance(value, dict):
        raise NotJsonError("the body is not a JSON object")
    return value
