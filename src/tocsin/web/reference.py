"""Describes the doors for programs (`/openapi.json`) and for people (`/docs`), without a script from anywhere."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response

from tocsin.web.answer import json_answer
from tocsin.web.reference_page import STYLE, drawn
from tocsin.web.scopes import OPEN


class Reference:
    def __init__(self, schema: Callable[[], dict[str, Any]]) -> None:
        self._schema = schema

    def open(self, app: FastAPI) -> None:
        for path, handler in (("/openapi.json", self.schema), ("/docs", self.page), ("/docs/style.css", self.style)):
            app.add_api_route(path, handler, methods=["GET"], include_in_schema=False, openapi_extra=dict(OPEN))

    async def schema(self) -> Response:
        return json_answer(self._schema())

    async def page(self) -> Response:
        return HTMLResponse(drawn(self._schema()))

    async def style(self) -> Response:
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})
