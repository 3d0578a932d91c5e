"""A test to one person: the real path, marked as a test, and what the provider said of it."""

from uuid import UUID

from fastapi import FastAPI
from starlette.responses import Response

from tocsin.core.errors import NotFoundError
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import answer, ref
from tocsin.web.people.words import ONE, Asked
from tocsin.web.scopes import needs
from tocsin.web.services import Services


class Trial(Asked):
    """`address` is one of the contact's."""

    address: UUID


class TrialDoors:
    def __init__(self, services: Services) -> None:
        self._people = services.ledger.people
        self._operations = services.pipeline.operations

    def open(self, app: FastAPI) -> None:
        app.add_api_route(
            ONE + "/test",
            self.test,
            methods=["POST"],
            tags=["contacts"],
            openapi_extra=needs("contacts") | answer(ref("PersonTested"), "What came of it."),
        )

    async def test(
        self,
        id: UUID,  # noqa: A002 - the name in the address
        trial: Trial,
    ) -> Response:
        """Send a message marked as a test to one address of this person, on the real path."""
        contact = await self._people.contact(id)
        address = next((one for one in contact.addresses if one.id == trial.address), None)
        if address is None:
            raise NotFoundError("this contact has no such address")
        return json_answer(await self._operations.test_person(address))
