"""Hooks: where providers call back. Their signature is the key to these doors."""

from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from tocsin.core.callback import Callback
from tocsin.web.forms.form import JSON, TEXT, answer, in_path
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import open_to_all
from tocsin.web.services import Services

MAX_BODY = 1024 * 1024

_ANY: dict[str, Any] = {"schema": {}}
_TAKES = {
    "requestBody": {"content": {JSON: _ANY, "application/x-www-form-urlencoded": _ANY}},
    "parameters": [in_path("provider", "Who calls."), in_path("kind", "What it reports.")],
    **answer(TEXT, "In the form that the provider asks for.", media_types=("*/*",)),
}


class Hooks:
    def __init__(self, services: Services) -> None:
        self._receipts = services.pipeline.sending.receipts
        self._clock = services.clock
        self._public_url = services.program.public_url

    def open(self, app: FastAPI) -> None:
        app.router.routes.append(
            RawRoute(
                "/hooks/{provider}/{kind}",
                self.receive,
                methods=["POST"],
                tags=["hooks"],
                openapi_extra=open_to_all(max_body=MAX_BODY) | _TAKES,
            )
        )

    async def receive(self, request: Request) -> Response:
        """A provider reports what became of a message, or what a person answered."""
        callback = Callback(
            kind=request.path_params["kind"],
            url=self._called(request),
            headers=dict(request.headers),
            body=await request.body(),
            at=self._clock.now(),
        )
        media_type, body = await self._receipts.receive(request.path_params["provider"], callback)
        return Response(body, media_type=media_type)

    def _called(self, request: Request) -> str:
        """As the provider knows it: a proxy before us may have been called by another name."""
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return (self._public_url() or str(request.base_url).rstrip("/")) + path
