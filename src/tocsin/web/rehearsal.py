"""What would become of an alert: decision, targets, mentions and messages, with nothing stored or sent."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from tocsin.core.errors import InvalidRequestError
from tocsin.pipeline.framing import frame
from tocsin.web.answer import json_answer
from tocsin.web.forms import JSON, answer, ref
from tocsin.web.locks import needs
from tocsin.web.parts import Parts
from tocsin.web.raw import RawRoute

_ONE = {"requestBody": {"required": True, "content": {JSON: {"schema": ref("NewAlert")}}}}


class Rehearsal:
    def __init__(self, parts: Parts) -> None:
        self._intake = parts.intake

    def open(self, app: FastAPI) -> None:
        route = RawRoute(
            "/api/v1/routes/test",
            self.rehearse,
            methods=["POST"],
            tags=["routes"],
            openapi_extra=needs("read") | _ONE | answer(ref("Rehearsed"), "What would become of it."),
        )
        app.router.routes.append(route)

    async def rehearse(self, request: Request) -> Response:
        """Decide one alert as if it came now."""
        framed = frame(await request.body())
        if not framed.single:
            raise InvalidRequestError("send one alert, as a JSON object")
        return json_answer(await self._intake.rehearse(framed.values[0]))
