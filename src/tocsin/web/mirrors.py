"""Mirrors: how far the copies of the history elsewhere are."""

from fastapi import FastAPI
from starlette.responses import Response

from tocsin.web.answer import json_answer
from tocsin.web.forms.form import answer, record, ref, several
from tocsin.web.scopes import needs
from tocsin.web.services import Services


class MirrorDoors:
    def __init__(self, services: Services) -> None:
        self._mirroring = services.pipeline.mirroring

    def open(self, app: FastAPI) -> None:
        path = "/api/v1/mirrors"
        extra = answer(record({"mirrors": several(ref("Mirror"))}), "All of them.")
        app.add_api_route(path, self.listed, methods=["GET"], tags=["operations"], openapi_extra=needs("read") | extra)

    async def listed(self) -> Response:
        """Each copy of the history elsewhere, and how far behind it is."""
        return json_answer({"mirrors": [report.as_json() for report in await self._mirroring.reports()]})
