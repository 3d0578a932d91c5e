"""Short links: from a message to the product, counted on the way."""

from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.responses import Response

from tocsin.core import link
from tocsin.core.click import Click
from tocsin.core.delivery import Delivery
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Trouble
from tocsin.ledger.contract import LinkRow
from tocsin.pipeline.intake.fields import is_web_url
from tocsin.rules.affiliate import SAFE, product_address
from tocsin.rules.click import TOGETHER, click_of
from tocsin.web.forms.form import HTML, TEXT, answer, either, in_path
from tocsin.web.people.pages import sheet
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import OPEN
from tocsin.web.services import Services
from tocsin.web.visit import learn_crawlers, visit_of

_ANSWERS = either(
    answer(None, "The product's address is in `Location`.", status=302),
    answer(TEXT, "It leads nowhere.", status=404, media_types=(HTML,)),
)


class Links:
    def __init__(self, services: Services) -> None:
        self._history = services.ledger.history
        self._active = services.active
        self._secret = services.ledger.link_secret
        self._clock = services.clock
        self._emit = services.emit
        learn_crawlers()

    def open(self, app: FastAPI) -> None:
        for method in ("GET", "HEAD"):
            route = RawRoute(
                "/r/{code}",
                self.follow,
                methods=[method],
                tags=["links"],
                status_code=302,
                include_in_schema=method == "GET",
                openapi_extra={**OPEN, **_ANSWERS, "parameters": [in_path("code", "Of the link.")]},
            )
            app.router.routes.append(route)

    async def follow(self, request: Request) -> Response:
        """Keep the click and go on to the product; who followed it is told by `rules.click`."""
        code = request.path_params["code"]
        key = link.decode(code, self._secret)
        found = None if key is None else await self._history.by_link(key)
        place = found and self._place(found, code)
        if found is None or not place:
            name = self._active.rulebook.people.signing_up.name
            return sheet.note(request, "link_gone", name=name, status=404)
        await self._keep(found.delivery, click_of(visit_of(request, self._clock.now(), found.sent_at)))
        headers = {"Location": place, "Cache-Control": "no-store"}
        return Response(status_code=302, headers=headers)

    def _place(self, found: LinkRow, click: str) -> str | None:
        """The product's address, by way of the retailer's affiliate template where there is one."""
        alert = found.record.alert
        if alert.url is None or not is_web_url(alert.url):
            return None
        retailer = self._active.rulebook.catalog.retailer(alert.retailer)
        place = product_address(alert, retailer, found.delivery.target.channel, click)
        return None if place is None else quote(place, safe=SAFE)

    async def _keep(self, delivery: Delivery, click: Click) -> None:
        """Keep a click; who wants to buy is led on even where the ledger cannot write."""
        try:
            await self._history.click(delivery.key, click, TOGETHER)
        except LedgerError as problem:
            self._emit(Trouble("click_lost", problem.message))
