"""Rehearses an alert: decision, targets, mentions and messages, with nothing stored or sent."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from tocsin.core.errors import InvalidRequestError
from tocsin.pipeline.intake.framing import frame
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import JSON, answer, ref
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import needs
from tocsin.web.services import Services

_ONE = {"requestBody": {"required": True, "content": {JSON: {"schema": ref("NewAlert")}}}}


class Rehearsal:
    def __init__(self, services: Services) -> None:
        self._intake = services.pipeline.intake

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
