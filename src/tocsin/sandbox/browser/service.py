"""A push service of browsers, simulated: it opens what it is brought, as the browser would, and shows it there."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import count
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tocsin.core.clock import Clock
from tocsin.sandbox.browser import rules
from tocsin.sandbox.browser.browsers import Browser, Push, Screen
from tocsin.sandbox.browser.opening import UnreadableError
from tocsin.sandbox.browser.refusal import GONE, RefusedError
from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.journal import Journal

_ENDPOINT = re.compile(r"/wpush/v2/(?P<name>[^/]+)")
_MESSAGE = re.compile(r"/m/(?P<id>[^/]+)")


class PushService:
    """`POST /wpush/v2/{browser}` pushes, `DELETE /m/{message}` takes back what waits, unless `takes_back` is off: then
    it knows nothing of that, as most do.
    """

    name: ClassVar[str] = "browser"
    prefix: ClassVar[str] = "/wpush/"

    def __init__(self, clock: Clock, journal: Journal, base: Callable[[], str]) -> None:
        self.takes_back = True
        self.browsers: dict[str, Browser] = {}
        self._clock = clock
        self._journal = journal
        self._base = base
        self._numbers = count(1)

    # What tests and demos ask for.

    def browser(self, name: str) -> Browser:
        """One that has subscribed; made on first use."""
        if name not in self.browsers:
            self.browsers[name] = Browser(name=name, endpoint=f"{self._base()}/wpush/v2/{name}")
        return self.browsers[name]

    def screen(self, name: str) -> Screen:
        return Screen(self.browser(name), self._journal)

    def come(self, name: str) -> None:
        """Somebody starts that browser."""
        self.browser(name).come(self._clock.now())
        self._journal.stir()

    def drawn(self, most: int) -> list[Mapping[str, Any]]:
        return [browser.as_json(most) for browser in self.browsers.values()]

    # What the server asks of a provider.

    def aim(self, method: str, path: str) -> Aim:
        if method == "POST" and (found := _ENDPOINT.fullmatch(path)):
            return Aim("push", found["name"])
        if method == "DELETE" and _MESSAGE.fullmatch(path.removeprefix("/wpush")):
            return Aim("take_back", "")
        return Aim("unknown", "")

    def take(self, call: Call) -> Verdict:
        try:
            if call.method == "DELETE":
                return self._take_back(call)
            return self._push(call)
        except RefusedError as refused:
            return Verdict(accepted=False, answer=refused.answer)

    def _push(self, call: Call) -> Verdict:
        found = _ENDPOINT.fullmatch(call.path)
        browser = self.browsers.get(found["name"]) if found and call.method == "POST" else None
        if browser is None:
            raise RefusedError(404, 102, "Request did not validate: invalid URL")
        ttl, topic, urgency = rules.life(call), rules.topic(call), rules.urgency(call)
        rules.check_body(call)
        self._check_sender(browser, call)
        if browser.gone:
            raise RefusedError(GONE, 106, "Request did not validate: subscription is gone")
        push = Push(
            id=f"message-{next(self._numbers)}",
            at=call.at,
            until=call.at + timedelta(seconds=ttl),
            topic=topic,
            urgency=urgency,
            ttl=ttl,
            content=_opened(browser, call.body),
        )
        references = _references(browser, push)
        browser.take(push)
        headers = {"Location": f"{self._base()}/wpush/m/{push.id}", "TTL": str(ttl)}
        return Verdict(accepted=True, answer=Answer(201, headers), references=references, message=push.id)

    def _check_sender(self, browser: Browser, call: Call) -> None:
        place = urlsplit(browser.endpoint)
        key = rules.sender(call, f"{place.scheme}://{place.netloc}")
        if browser.server_key not in (None, key):
            raise RefusedError(403, 109, "the key is not the one that the browser subscribed with")
        browser.server_key = key

    def _take_back(self, call: Call) -> Verdict:
        found = _MESSAGE.fullmatch(call.path.removeprefix("/wpush"))
        if not self.takes_back:
            return Verdict(accepted=False, answer=Answer(405, {"Allow": "GET"}))
        rules.sender(call, self._base())
        if found is None or not any(browser.take_back(found["id"]) for browser in self.browsers.values()):
            raise RefusedError(404, 102, "no such message waits")
        return Verdict(accepted=True, answer=Answer(204), message=found["id"])


def _opened(browser: Browser, body: bytes) -> bytes:
    """A real service carries what it cannot read: here somebody reads it, so what nobody could is refused."""
    try:
        return browser.open(body)
    except UnreadableError as problem:
        raise RefusedError(400, 110, f"the browser cannot read it: {problem}") from problem


def _references(browser: Browser, push: Push) -> tuple[str, ...]:
    """A repeat takes the place of what it repeats: it carries nothing new."""
    known = {_id_of(one) for one in (*browser.pushes, *browser.waiting)}
    mine = _id_of(push)
    return () if mine is None or mine in known else (mine,)


def _id_of(push: Push) -> str | None:
    try:
        told = push.notification.get("data", {}).get("id")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return told if isinstance(told, str) else None
