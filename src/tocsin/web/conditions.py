"""Conditions: what operators should know of now, and how to mend it."""

from fastapi import FastAPI
from starlette.responses import Response

from tocsin.web.answer import json_answer
from tocsin.web.forms.form import answer, record, ref, several
from tocsin.web.scopes import needs
from tocsin.web.services import Services


class ConditionDoors:
    def __init__(self, services: Services) -> None:
        self._conditions = services.pipeline.watch.conditions

    def open(self, app: FastAPI) -> None:
        path = "/api/v1/conditions"
        extra = answer(record({"conditions": several(ref("Condition"))}), "All of them.")
        app.add_api_route(path, self.listed, methods=["GET"], tags=["operations"], openapi_extra=needs("read") | extra)

    async def listed(self) -> Response:
        """Those that last, in the order they began."""
        return json_answer({"conditions": [notice.as_json() for notice in self._conditions.listed()]})
