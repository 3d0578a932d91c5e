"""Suppressions: who is left alone, whether they are a contact or not."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from tocsin.core.address import AddressKind
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import answer, page_of, ref
from tocsin.web.people.desk import Desk, author_of
from tocsin.web.people.drafts import AskedMailbox, AskedPhone, wrong
from tocsin.web.people.words import Asked, Label, Written
from tocsin.web.query import check_keys
from tocsin.web.scopes import needs
from tocsin.web.services import Services

PATH = "/api/v1/suppressions"
_KEYS = ("kind", "limit", "page")


class Suppress(Asked):
    """A `number` or a mailbox's `address`, and why: it is kept."""

    number: Written | None = None
    address: Written | None = None
    reason: Label


class SuppressionDoors:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)

    def open(self, app: FastAPI) -> None:
        listed = answer(page_of("suppressions", ref("Suppression")), "One page of them.")
        one = answer(ref("Suppression"), "As it stands.")
        made = answer(ref("Suppression"), "In force.", status=201)
        doors: tuple[tuple[str, Any, str, int, dict[str, Any]], ...] = (
            (PATH, self.listed, "GET", 200, needs("contacts") | listed),
            (PATH, self.suppress, "POST", 201, needs("contacts") | made),
            (PATH + "/{id}", self.lift, "DELETE", 200, needs("admin") | one),
        )
        for path, handler, method, status, extra in doors:
            app.add_api_route(
                path, handler, methods=[method], status_code=status, tags=["suppressions"], openapi_extra=extra
            )

    async def listed(
        self,
        request: Request,
        kind: AddressKind | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        page: Annotated[str | None, Query(max_length=256)] = None,
    ) -> Response:
        """Newest first, lifted ones too."""
        check_keys(request.query_params, _KEYS)
        found = await self._desk.people.suppressions(kind, limit=limit, page=page)
        return json_answer({"suppressions": [row.as_json() for row in found.items], "next": found.next})

    async def suppress(self, request: Request, asked: Suppress) -> Response:
        """Leave somebody alone. One that is in force already is given back as it is."""
        if (asked.number is None) == (asked.address is None):
            raise wrong("number", "a number or an address is suppressed, one with each call")
        reading = self._desk.reading(request)
        if asked.number is not None:
            draft = reading.phone(AskedPhone(number=asked.number))
        else:
            draft = reading.mailbox(AskedMailbox(address=asked.address or ""))
        reading.done()
        assert draft is not None, "what is wrong was told"
        rule = self._desk.policy.standing_after
        row = await self._desk.people.suppress(draft.value, asked.reason, author_of(request), rule)
        return json_answer(row.as_json(), 201)

    async def lift(
        self,
        request: Request,
        id: UUID,  # noqa: A002 - the name in the address
        reason: Annotated[str, Query(min_length=1, max_length=200, description="Why: it is kept.")],
    ) -> Response:
        """Let somebody be told again, once they have consented anew."""
        check_keys(request.query_params, ("reason",))
        if not reason.strip() or not reason.isprintable():
            raise wrong("reason", "must be one line of printable characters")
        return json_answer((await self._desk.people.lift(id, reason, author_of(request))).as_json())
