"""The contact that the token's owner is: "tell me on this device"."""

import hmac
import json
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from tocsin.core.errors import NotFoundError
from tocsin.core.secret import Secret
from tocsin.ledger.contract.people import AddressRow
from tocsin.pipeline.people.signing_up import PERSON
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import FLAG, TEXT, answer, record
from tocsin.web.guard import grant_of
from tocsin.web.people.addresses import KEPT, Subscription
from tocsin.web.people.desk import Desk, author_of
from tocsin.web.people.words import Asked
from tocsin.web.scopes import ANY, OPEN, needs
from tocsin.web.services import Services

PATH = "/api/v1/me/browsers"

_KEY = answer(record({"key": TEXT}), "What `pushManager.subscribe` wants as `applicationServerKey`.")
_REMOVED = answer(record({"id": TEXT, "removed": FLAG}), "It is gone.")
_RENEWED = answer(record({"renewed": FLAG}), "The new one is told from now on.")


class Renewal(Asked):
    """A browser has been given a new subscription in place of the one it had."""

    old: Subscription
    new: Subscription


class Me:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)

    def open(self, app: FastAPI) -> None:
        doors: tuple[tuple[str, Any, str, dict[str, Any]], ...] = (
            (f"{PATH}/key", self.key, "GET", needs(ANY) | _KEY),
            (PATH, self.add, "POST", needs(ANY) | KEPT),
            (PATH, self.remove, "DELETE", needs(ANY) | _REMOVED),
            ("/api/v1/browsers/renew", self.renew, "POST", {**OPEN, **_RENEWED}),
        )
        for path, handler, method, extra in doors:
            app.add_api_route(path, handler, methods=[method], tags=["contacts"], openapi_extra=extra)

    async def key(self) -> Response:
        """Give the key that a browser subscribes with. It is made at first need, and stays the same for ever."""
        return json_answer({"key": await self._desk.subscribing.key()})

    async def add(self, request: Request, asked: Subscription) -> Response:
        """Tell the owner of this token on this browser. Their contact is made at the first use, and named after it."""
        await self._desk.subscribing.key()
        draft = self._desk.subscribed(request, asked.subscription)
        grant = grant_of(request)
        contact = await self._desk.people.of_token(grant.token_id, grant.owner)
        rule = self._desk.policy.standing_after
        row, added = await self._desk.people.add(contact.id, draft, author_of(request), rule, by_person=True)
        return json_answer(row.as_json(), 201 if added else 200)

    async def remove(self, request: Request, asked: Subscription) -> Response:
        """Tell nothing on this browser any more."""
        value = self._desk.subscribed(request, asked.subscription).value
        row = await self._desk.people.by_value(value)
        grant = grant_of(request)
        mine = None if row is None else await self._desk.people.of_token(grant.token_id, grant.owner)
        if row is None or mine is None or row.contact != mine.id:
            raise NotFoundError("this browser is not told anything")
        await self._desk.people.remove(mine.id, row.id)
        return json_answer({"id": str(row.id), "removed": True})

    async def renew(self, request: Request, asked: Renewal) -> Response:
        """Tell a browser by its new subscription. It has no token while no page is open: that it knows the secret of
        the old one shows that it is the same.
        """
        await self._desk.subscribing.key()
        fresh = self._desk.subscribed(request, asked.new.subscription)
        row = await self._known(request, asked.old)
        rule = self._desk.policy.standing_after
        await self._desk.people.add(row.contact, fresh, PERSON, rule, by_person=True)
        if fresh.value.compared != Secret(asked.old.endpoint):
            await self._desk.people.remove(row.contact, row.id)
        return json_answer({"renewed": True})

    async def _known(self, request: Request, old: Subscription) -> AddressRow:
        """Raises NotFoundError, whether there is no such browser or its secret is another one."""
        row = await self._desk.people.by_value(self._desk.subscribed(request, old.subscription).value)
        kept = None if row is None else await self._desk.people.reveal(row.slot)
        if row is None or kept is None or not _same_secret(json.loads(kept.reveal())["keys"]["auth"], old):
            raise NotFoundError("this browser is not told anything")
        return row


def _same_secret(kept: str, told: Subscription) -> bool:
    return hmac.compare_digest(kept.encode(), told.keys.get("auth", "").encode())
