"""The configuration over HTTP: what is in force, and what a file would be."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from tocsin.web.answer import json_answer
from tocsin.web.forms.form import ANYTHING, JSON, TEXT, WHOLE, answer, maybe, record, several
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import needs
from tocsin.web.services import Services

PATH = "/api/v1/config"
LARGEST = 256 * 1024  # bytes of a file

_CAUTIONS = several(record({"path": TEXT, "message": TEXT, "place": TEXT}))
_VALUE = record({"path": TEXT, "value": {}, "source": TEXT, "place": TEXT})
_IN_FORCE = answer(
    record({"file": maybe(TEXT), "values": several(_VALUE), "warnings": _CAUTIONS}), "Every value, secrets masked."
)
_CHECKED = answer(
    record({"found": {"type": "object", "additionalProperties": WHOLE}, "warnings": _CAUTIONS, "notes": _CAUTIONS}),
    "Nothing is wrong with it.",
)
_FILE = {"requestBody": {"required": True, "content": {JSON: {"schema": ANYTHING}}}}


class ConfigurationDoors:
    def __init__(self, services: Services) -> None:
        self._configuration = services.program.configuration
        self._check = services.program.check

    def open(self, app: FastAPI) -> None:
        app.add_api_route(
            PATH, self.in_force, methods=["GET"], tags=["operations"], openapi_extra=needs("admin") | _IN_FORCE
        )
        route = RawRoute(
            PATH + "/check",
            self.check,
            methods=["POST"],
            tags=["operations"],
            openapi_extra=needs("admin", max_body=LARGEST) | _FILE | _CHECKED,
        )
        app.router.routes.append(route)

    async def in_force(self) -> Response:
        """What is in force, with where each value came from."""
        return json_answer(await self._configuration())

    async def check(self, request: Request) -> Response:
        """What a configuration file would be; nothing is kept or changed."""
        return json_answer(await self._check(await request.body()))
