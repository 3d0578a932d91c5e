"""The page of the sandbox, and the JSON it and tests in other languages read."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import orjson
from aiohttp import web

from tocsin.core.errors import InvalidRequestError
from tocsin.sandbox.exchange import Answer
from tocsin.sandbox.journal import Journal
from tocsin.sandbox.panel import Act, Panel, ShowsDocuments
from tocsin.sandbox.script import Faults

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SCRIPT = "text/javascript; charset=utf-8"
STATIC = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", SCRIPT),
    "/element.js": ("element.js", SCRIPT),
}
GUARDS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src https: data:; "
        "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
LONGEST_WAIT_S = 25.0
MESSAGES_SHOWN = 50


class Page:
    def __init__(self, journal: Journal, faults: Faults, panels: Sequence[Panel]) -> None:
        self._journal = journal
        self._faults = faults
        self._panels = panels

    def mount(self, application: web.Application) -> None:
        for path in STATIC:
            application.router.add_get(path, self._static)
        application.router.add_get("/panels.js", self._listing)
        application.router.add_get("/journal", self._entries)
        application.router.add_get("/rooms", self._rooms)
        for panel in self._panels:
            application.router.add_get(f"/{panel.name}.js", _drawing(panel))
            if isinstance(panel, ShowsDocuments):
                application.router.add_get(f"/{panel.name}/{{name}}", _document(panel))
            for order in panel.orders():
                application.router.add_route(order.method, order.path, self._followed(order.act))
        application.router.add_get("/faults", self._listed)
        application.router.add_post("/faults", self._add)
        application.router.add_delete("/faults", self._clear)

    async def _static(self, request: web.Request) -> web.Response:
        name, kind = STATIC[request.path]
        return _file(files("tocsin.sandbox") / "static" / name, kind)

    async def _listing(self, _: web.Request) -> web.Response:
        """The panels in their order, as the page's script imports them."""
        names = [panel.name for panel in self._panels]
        lines = [f'import * as {name} from "/{name}.js";' for name in names]
        body = "\n".join([*lines, f"export default [{', '.join(names)}];", ""])
        return Answer(200, {"Content-Type": SCRIPT, **GUARDS}, body.encode()).response()

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
        told: dict[str, Any] = {"arrived": len(self._journal)}
        for panel in self._panels:
            told |= panel.shown(MESSAGES_SHOWN)
        return _told(told)

    def _followed(self, act: Act) -> Handler:
        """An order of a panel, answered with what it tells or with everything that the page shows."""

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                told = await act(request.match_info, await _order(request))
            except InvalidRequestError as error:
                return _refused(error)
            return await self._rooms(request) if told is None else _told(told)

        return answer

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


def _drawing(panel: Panel) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return _file(files("tocsin.sandbox") / panel.name / "panel.js", SCRIPT)

    return answer


def _document(panel: ShowsDocuments) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        found = panel.document(request.match_info["name"], request.query)
        return (found or Answer(404, GUARDS)).response()

    return answer


def _file(path: Traversable, kind: str) -> web.Response:
    return Answer(200, {"Content-Type": kind, **GUARDS}, path.read_bytes()).response()


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
