"""The contact that the token's owner is: "tell me on this device"."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from tocsin.core.address import AddressKind
from tocsin.core.errors import BrowserPushOffError, NotFoundError
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import FLAG, TEXT, answer, record
from tocsin.web.guard import grant_of
from tocsin.web.people.addresses import KEPT, Subscription, browser_draft
from tocsin.web.people.desk import Desk, author_of
from tocsin.web.scopes import ANY, needs
from tocsin.web.services import Services

PATH = "/api/v1/me/browsers"


class Me:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)

    def open(self, app: FastAPI) -> None:
        removed = answer(record({"id": TEXT, "removed": FLAG}), "It is gone.")
        app.add_api_route(PATH, self.add, methods=["POST"], tags=["contacts"], openapi_extra=needs(ANY) | KEPT)
        app.add_api_route(PATH, self.remove, methods=["DELETE"], tags=["contacts"], openapi_extra=needs(ANY) | removed)

    async def add(self, request: Request, asked: Subscription) -> Response:
        """Tell the owner of this token on this browser. Their contact is made at the first use, and named after it."""
        if AddressKind.BROWSER.channel not in self._desk.active.channels:
            raise BrowserPushOffError("browsers are not told anything here: alerts.channels.push.web says whether")
        draft = browser_draft(request, asked)
        grant = grant_of(request)
        contact = await self._desk.people.of_token(grant.token_id, grant.owner)
        rule = self._desk.policy.standing_after
        row, added = await self._desk.people.add(contact.id, draft, author_of(request), rule, by_person=True)
        return json_answer(row.as_json(), 201 if added else 200)

    async def remove(self, request: Request, asked: Subscription) -> Response:
        """Tell nothing on this browser any more."""
        value = browser_draft(request, asked).value
        row = await self._desk.people.by_value(value)
        grant = grant_of(request)
        mine = None if row is None else await self._desk.people.of_token(grant.token_id, grant.owner)
        if row is None or mine is None or row.contact != mine.id:
            raise NotFoundError("this browser is not told anything")
        await self._desk.people.remove(mine.id, row.id)
        return json_answer({"id": str(row.id), "removed": True})
