"""Short links: from a message to the product, counted on the way."""

from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

from tocsin.core import link
from tocsin.core.click import Click
from tocsin.core.delivery import Delivery
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Trouble
from tocsin.core.record import AlertRecord
from tocsin.pipeline.intake.fields import is_web_url
from tocsin.rules.click import click_of
from tocsin.web.forms.form import HTML, TEXT, answer, either, in_path
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import OPEN
from tocsin.web.services import Services
from tocsin.web.visit import learn_crawlers, visit_of

# Every character that has a meaning in an address stays; what has none there is escaped.
_SAFE = ":/?#[]@!$&'()*+,;=%~-._"

_ANSWERS = either(
    answer(None, "The product's address is in `Location`.", status=302),
    answer(TEXT, "It leads nowhere.", status=404, media_types=(HTML,)),
)
_UNKNOWN = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>No such link</title>
<h1>This link leads nowhere</h1>
<p>It may have been cut off on the way, or the alert behind it is older than what this service keeps.</p>
</html>
"""


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
        place = found and self._place(found.record, code)
        if found is None or not place:
            return HTMLResponse(_UNKNOWN, 404)
        await self._keep(found.delivery, click_of(visit_of(request, self._clock.now(), found.sent_at)))
        headers = {"Location": place, "Cache-Control": "no-store"}
        return Response(status_code=302, headers=headers)

    def _place(self, record: AlertRecord, click: str) -> str | None:
        """The product's address, by way of the retailer's affiliate template where there is one."""
        url, retailer = record.alert.url, self._active.rulebook.catalog.retailer(record.alert.retailer)
        if url is None or not is_web_url(url):
            return None
        place = quote(through(retailer.link, url, click) if retailer.link else url, safe=_SAFE)
        return place if is_web_url(place) else None

    async def _keep(self, delivery: Delivery, click: Click) -> None:
        """Keep a click; who wants to buy is led on even where the ledger cannot write."""
        try:
            await self._history.click(delivery.key, click)
        except LedgerError as problem:
            self._emit(Trouble("click_lost", problem.message))


def through(template: str, url: str, click: str) -> str:
    """The way by an affiliate template. `{url}` is escaped, unless the template begins with it: then what follows is
    added to the address itself.
    """
    if not template.startswith("{url}"):
        return _filled(template, url, click)
    return _added(url, _filled(template.removeprefix("{url}"), url, click))


def _filled(template: str, url: str, click: str) -> str:
    return template.replace("{click}", click).replace("{url}", quote(url, safe=""))


def _added(url: str, more: str) -> str:
    """A path goes to the path and a query to the query, with `?` or `&` as the address needs it; its fragment stays at
    the end, unless there is another one.
    """
    path, query, fragment = _parts(url, "?")
    further, asked, other = _parts(more, "?&")
    whole = "&".join(filter(None, (query.rstrip("&"), asked)))
    return path + further + ("?" + whole if whole else "") + (other or fragment)


def _parts(address: str, marks: str) -> tuple[str, str, str]:
    """Path, query and fragment, the last with its `#`. The query begins behind the first of `marks`."""
    before, fragment_mark, fragment = address.partition("#")
    start = min((before.find(mark) for mark in marks if mark in before), default=len(before))
    return before[:start], before[start + 1 :], fragment_mark + fragment
