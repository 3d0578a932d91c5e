"""Preferences: what a person wants to hear of, by which ways, and when."""

from typing import Any
from uuid import UUID

from fastapi import FastAPI
from starlette.responses import Response

from tocsin.rules.preferences import parse_preferences
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import ANYTHING, answer
from tocsin.web.people.desk import Desk, tagged
from tocsin.web.people.words import ONE
from tocsin.web.scopes import needs
from tocsin.web.services import Services

PATH = ONE + "/preferences"
_THOSE = answer(ANYTHING, "As they are kept; nothing where nothing is preferred.")


class PreferenceDoors:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)

    def open(self, app: FastAPI) -> None:
        for handler, method in ((self.read, "GET"), (self.put, "PUT")):
            app.add_api_route(
                PATH, handler, methods=[method], tags=["contacts"], openapi_extra=needs("contacts") | _THOSE
            )

    async def read(self, id: UUID) -> Response:  # noqa: A002 - the name in the address
        """What the person prefers."""
        contact = await self._desk.people.contact(id)
        return json_answer(dict(contact.preferences), headers=tagged(contact))

    async def put(self, id: UUID, asked: dict[str, Any]) -> Response:  # noqa: A002 - the name in the address
        """In place of what was preferred before: all of it. An empty object prefers nothing."""
        parse_preferences(asked)
        contact = await self._desk.people.prefer(id, asked)
        return json_answer(dict(contact.preferences), headers=tagged(contact))
