"""Short links: from a message to the product, counted on the way."""

from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

from tocsin.core import link
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Trouble
from tocsin.core.record import AlertRecord
from tocsin.pipeline.intake.fields import is_web_url
from tocsin.web.forms import HTML, TEXT, answer, in_path
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import OPEN
from tocsin.web.services import Services

# Programs that look a link up to show a preview, by a word of their User-Agent in lower case.
_ROBOTS = (
    "discordbot",
    "slackbot",
    "slack-imgproxy",
    "twitterbot",
    "facebookexternalhit",
    "facebot",
    "googlebot",
    "google-safety",
    "bingbot",
    "bingpreview",
    "whatsapp",
    "telegrambot",
    "linkedinbot",
    "applebot",
    "skypeuripreview",
    "mastodon",
    "redditbot",
    "pinterestbot",
    "embedly",
    "iframely",
    "yandexbot",
    "bot/",
    "bot;",
    "crawler",
    "spider",
    "preview",
)
# Every character that has a meaning in an address stays; what has none there is escaped.
_SAFE = ":/?#[]@!$&'()*+,;=%~-._"

_ANSWERS = {
    "responses": answer(None, "The product's address is in `Location`.", status=302)["responses"]
    | answer(TEXT, "It leads nowhere.", status=404, media_types=(HTML,))["responses"]
}
_UNKNOWN = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>No such link</title>
<h1>This link leads nowhere</h1>
<p>It may have been cut off on the way, or the alert behind it is older than what this service keeps.</p>
</html>
"""


class Links:
    def __init__(self, services: Services) -> None:
        self._archive = services.archive
        self._ledger = services.ledger
        self._active = services.active
        self._secret = services.link_secret
        self._emit = services.emit

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
        """Count the click and go on to the product. A look-up by a preview robot is no click."""
        code = request.path_params["code"]
        key = link.decode(code, self._secret)
        found = None if key is None else await self._archive.by_link(key)
        place = found and self._place(found[1], code)
        if key is None or not place:
            return HTMLResponse(_UNKNOWN, 404)
        await self._count(key, robot=request.method == "HEAD" or is_robot(request.headers.get("user-agent", "")))
        headers = {"Location": place, "Cache-Control": "no-store"}
        return Response(status_code=302, headers=headers)

    def _place(self, record: AlertRecord, click: str) -> str | None:
        """The product's address, by way of the retailer's affiliate template where there is one."""
        url, retailer = record.alert.url, self._active.rulebook.catalog.retailer(record.alert.retailer)
        if url is None or not is_web_url(url):
            return None
        place = quote(through(retailer.link, url, click) if retailer.link else url, safe=_SAFE)
        return place if is_web_url(place) else None

    async def _count(self, key: int, *, robot: bool) -> None:
        """Who wants to buy is not held up by a ledger that is busy."""
        try:
            await self._ledger.click(key, robot=robot)
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
    path, query, fragment = _services(url, "?")
    further, asked, other = _services(more, "?&")
    whole = "&".join(filter(None, (query.rstrip("&"), asked)))
    return path + further + ("?" + whole if whole else "") + (other or fragment)


def _services(address: str, marks: str) -> tuple[str, str, str]:
    """Path, query and fragment, the last with its `#`. The query begins behind the first of `marks`."""
    before, fragment_mark, fragment = address.partition("#")
    start = min((before.find(mark) for mark in marks if mark in before), default=len(before))
    return before[:start], before[start + 1 :], fragment_mark + fragment


def is_robot(user_agent: str) -> bool:
    said = user_agent.lower()
    return not said or any(robot in said for robot in _ROBOTS)
