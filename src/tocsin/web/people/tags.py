"""Tags: the words that gather contacts into lists."""

from fastapi import FastAPI
from starlette.responses import Response

from tocsin.web.answer import json_answer
from tocsin.web.forms.form import TEXT, WHOLE, answer, record, several
from tocsin.web.people.desk import Desk
from tocsin.web.scopes import needs
from tocsin.web.services import Services

PATH = "/api/v1/tags"
_LISTED = answer(record({"tags": several(record({"tag": TEXT, "contacts": WHOLE}))}), "All of them, by name.")


class TagDoors:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)

    def open(self, app: FastAPI) -> None:
        app.add_api_route(
            PATH, self.listed, methods=["GET"], tags=["contacts"], openapi_extra=needs("contacts") | _LISTED
        )

    async def listed(self) -> Response:
        """Every tag, and how many contacts have it."""
        tags = await self._desk.people.tags()
        return json_answer({"tags": [{"tag": tag, "contacts": many} for tag, many in tags.items()]})
