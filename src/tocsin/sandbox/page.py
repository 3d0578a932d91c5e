"""The page of the sandbox, and the JSON it and tests in other languages read."""

import asyncio
from importlib.resources import files
from typing import Any

import orjson
from aiohttp import web

from tocsin.core.errors import InvalidRequestError
from tocsin.sandbox.discord.api import Discord
from tocsin.sandbox.exchange import Answer
from tocsin.sandbox.journal import Journal
from tocsin.sandbox.script import Faults
from tocsin.sandbox.twilio.api import Twilio
from tocsin.sandbox.twilio.rules import E164
from tocsin.sandbox.webhook import Receiver

STATIC = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/discord.js": ("discord.js", "text/javascript; charset=utf-8"),
    "/twilio.js": ("twilio.js", "text/javascript; charset=utf-8"),
}
GUARDS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src https: data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
LONGEST_WAIT_S = 25.0
MESSAGES_SHOWN = 50
LONGEST_TEXT = 1600


class Page:
    def __init__(self, journal: Journal, faults: Faults, discord: Discord, webhook: Receiver, twilio: Twilio) -> None:
        self._journal = journal
        self._faults = faults
        self._discord = discord
        self._hooks = webhook
        self._twilio = twilio

    def mount(self, application: web.Application) -> None:
        for path in STATIC:
            application.router.add_get(path, self._static)
        application.router.add_get("/journal", self._entries)
        application.router.add_get("/rooms", self._rooms)
        application.router.add_post("/webhooks", self._webhook)
        application.router.add_delete("/webhooks/{name}", self._kill)
        application.router.add_post("/texts", self._text)
        application.router.add_put("/texts/address", self._inbound)
        application.router.add_get("/faults", self._listed)
        application.router.add_post("/faults", self._add)
        application.router.add_delete("/faults", self._clear)

    async def _static(self, request: web.Request) -> web.Response:
        name, kind = STATIC[request.path]
        body = (files("tocsin.sandbox") / "static" / name).read_bytes()
        return Answer(200, {"Content-Type": kind, **GUARDS}, body).response()

    async def _entries(self, request: web.Request) -> web.Response:
        """`?after=N`: what came after entry N, at most 500; `&wait=S` waits so long for the first of them."""
        try:
            after, wait = int(request.query.get("after", 0)), float(request.query.get("wait", 0))
        except ValueError:
            return _refused(InvalidRequestError("after and wait are numbers"))
        if wait > 0:
            await self._news(after, min(wait, LONGEST_WAIT_S))
        return _told({"entries": [entry.as_json() for entry in self._journal.after(max(0, after))]})

    async def _news(self, after: int, wait: float) -> None:
        try:
            await self._journal.until(lambda: len(self._journal) > after or None, wait)
        except TimeoutError:
            await asyncio.sleep(0)

    async def _rooms(self, _: web.Request) -> web.Response:
        refused = dict(self._discord.limits.refused)
        rooms, hooks = self._discord.drawn(MESSAGES_SHOWN), self._hooks.drawn()
        told = {"rooms": rooms, "hooks": hooks, "refused": refused, "arrived": len(self._journal)}
        phones = {"phones": self._twilio.drawn(MESSAGES_SHOWN), "texts_go_to": self._twilio.inbox.url}
        return _told(told | phones)

    async def _webhook(self, request: web.Request) -> web.Response:
        """`{"name", "channel"?, "forum"?}`: a webhook, made on first use; its url."""
        match await _order(request):
            case {"name": str(name), **rest} if isinstance(channel := rest.get("channel"), str | None):
                url = self._discord.webhook(name, channel, forum=rest.get("forum") is True)
                return _told({"name": name, "url": url})
        return _refused(InvalidRequestError("a webhook needs a name; its channel is a name too"))

    async def _kill(self, request: web.Request) -> web.Response:
        """Somebody deletes this webhook."""
        self._discord.kill(request.match_info["name"])
        return await self._rooms(request)

    async def _text(self, request: web.Request) -> web.Response:
        """`{"number", "text"}`: somebody types this on the phone with that number and sends it."""
        match await _order(request):
            case {"number": str(number), "text": str(text)} if E164.fullmatch(number) and text:
                await self._twilio.phone(number).write(text[:LONGEST_TEXT])
                return await self._rooms(request)
        return _refused(InvalidRequestError("a text has a number like +15005550100, and words"))

    async def _inbound(self, request: web.Request) -> web.Response:
        """`{"url"}`: where texts go that phones write; empty for nowhere."""
        match await _order(request):
            case {"url": str(url)} if not url or url.startswith(("http://", "https://")):
                self._twilio.inbox.url = url
                return await self._rooms(request)
        return _refused(InvalidRequestError("texts go to an http address"))

    async def _listed(self, _: web.Request) -> web.Response:
        return _told({"faults": self._faults.listed()})

    async def _add(self, request: web.Request) -> web.Response:
        try:
            self._faults.add(await _order(request))
        except InvalidRequestError as error:
            return _refused(error)
        return await self._listed(request)

    async def _clear(self, request: web.Request) -> web.Response:
        self._faults.clear()
        return await self._listed(request)


async def _order(request: web.Request) -> Any:
    """The JSON body. Its type must be said: so a foreign page cannot send one without the browser asking us first."""
    if request.content_type != "application/json":
        return None
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        return None


def _told(value: object) -> web.Response:
    return Answer.json(200, value, GUARDS).response()


def _refused(error: InvalidRequestError) -> web.Response:
    return Answer.json(400, error.as_json(), GUARDS).response()
