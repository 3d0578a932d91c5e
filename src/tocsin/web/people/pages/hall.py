"""The hall that all pages for people open from: whom they ask, and how they answer what goes wrong."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from tocsin.access.passes import Passes
from tocsin.core.clock import Clock
from tocsin.core.errors import (
    BrowserPushOffError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    TocsinError,
)
from tocsin.core.facts import Emit
from tocsin.ledger.contract.people import AddressDraft, People
from tocsin.pipeline.people.signing_up import SigningUp
from tocsin.pipeline.people.subscribing import Subscribing
from tocsin.rules.attribution import Crediting
from tocsin.rules.catalog import Catalog
from tocsin.rules.people import PeoplePolicy
from tocsin.web.errors import PROBLEM, status_of
from tocsin.web.people.pages import sheet
from tocsin.web.people.pages.form import MAX_BODY, Fields
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import open_to_all
from tocsin.web.services import Services

Page = Callable[[Request], Awaitable[Response]]


class Hall:
    def __init__(self, services: Services) -> None:
        self.people: People = services.ledger.people
        self.clock: Clock = services.clock
        self.emit: Emit = services.emit
        self.passes: Passes = services.pipeline.passes
        self.signing_up = SigningUp(
            self.people,
            services.pipeline.verification,
            rule=lambda: self.policy.standing_after,
            public_url=services.program.public_url,
            clock=services.clock,
            emit=services.emit,
        )
        self._active = services.active
        self._subscribing = Subscribing(services.active)
        self._origins = services.entrance.origins

    @property
    def policy(self) -> PeoplePolicy:
        return self._active.rulebook.people

    @property
    def catalog(self) -> Catalog:
        return self._active.rulebook.catalog

    @property
    def crediting(self) -> Crediting:
        return self._active.rulebook.crediting

    @property
    def name(self) -> str:
        return self.policy.signing_up.name

    def open(self, app: FastAPI, path: str, page: Page, *methods: str) -> None:
        """A page that needs no token of ours: what is in its address says what may be done."""
        route = RawRoute(
            path,
            self._kept_friendly(page),
            methods=list(methods),
            tags=["people"],
            include_in_schema=False,
            openapi_extra=open_to_all(max_body=MAX_BODY),
        )
        app.router.routes.append(route)

    async def browser_key(self) -> str:
        """The key to subscribe with; empty where browsers are told nothing here."""
        try:
            return await self._subscribing.key()
        except BrowserPushOffError:
            return ""

    async def subscribed(self, request: Request, fields: Fields) -> AddressDraft:
        """The browser that a page's script has subscribed. Raises InvalidRequestError, and BrowserPushOffError where
        none is told.
        """
        await self._subscribing.key()
        try:
            told = json.loads(fields.one("subscription"))
        except ValueError as problem:
            raise InvalidRequestError("this is no subscription") from problem
        return self._subscribing.draft(told if isinstance(told, dict) else {}, request.headers.get("user-agent", ""))

    def draw(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        return sheet.sheet(request, template, name=self.name, status=status, **values)

    def note(self, request: Request, key: str, *, status: int = 200, **values: Any) -> Response:
        return sheet.note(request, key, name=self.name, status=status, **values)

    def _kept_friendly(self, page: Page) -> Page:
        """Whoever is at a page reads a page, whatever goes wrong; the guard is told as of any request."""

        async def shown(request: Request) -> Response:
            if request.method == "POST" and not self._is_ours(request):
                request.scope[PROBLEM] = ForbiddenError("a form of another page was sent here")
                return self.note(request, "strange", status=403)
            try:
                return await page(request)
            except NotFoundError:
                return self.note(request, "gone", status=404)
            except InvalidRequestError:
                return self.note(request, "unreadable", status=400)
            except TocsinError as problem:
                request.scope[PROBLEM] = problem
                return self.note(request, "away", status=status_of(problem))

        return shown

    def _is_ours(self, request: Request) -> bool:
        """Browsers name the page that a form was sent from; mail programs name none."""
        return self._origins.admit(request.headers.get("origin"), request.headers.get("host", ""))
