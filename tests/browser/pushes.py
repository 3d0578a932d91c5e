"""A real Chromium that is pushed to. Its own way to subscribe leads to Google, which no test calls: its pages are given
the subscription of a browser of the simulated push service, and what that opens is handed to the service worker.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Self

from playwright.async_api import BrowserContext, CDPSession, Page, Worker
from tests.deadline import DEADLINE_S
from tests.story.service_rig import ServiceRig

from tocsin.sandbox.browser.browsers import Browser

_HOOK = """
(() => {
  let held = JSON.parse(localStorage.getItem("at the service") ?? "null");
  const hold = (subscription) => {
    held = subscription;
    localStorage.setItem("at the service", JSON.stringify(held));
  };
  const made = () => held && {
    options: { applicationServerKey: Uint8Array.from(
      atob(held.key.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0)).buffer },
    toJSON: () => held.subscription,
    unsubscribe: async () => { hold(null); return true; },
  };
  PushManager.prototype.getSubscription = async () => made();
  PushManager.prototype.subscribe = async ({ applicationServerKey: key, userVisibleOnly }) => {
    if (!userVisibleOnly) throw new DOMException("nothing is pushed in secret", "NotAllowedError");
    hold({ key, subscription: await window.subscribeAtTheService(key) });
    return made();
  };
})();
"""
_SHOWN = """
async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(
  ({ title, body, tag, silent, renotify, image, icon, actions, data }) => (
    { title, body, tag, silent, renotify, image, icon, data, actions: actions.map(({ title }) => title) }))
"""
# Nobody says when a notification stands there: it is looked for again and again.
_STANDS = """
async ({ body, quiet }) => {
  const registration = await navigator.serviceWorker.ready;
  while (!(await registration.getNotifications()).some((one) => one.body === body && one.silent === quiet))
    await new Promise((again) => setTimeout(again, 50));
}
"""


class PushedTo:
    """A context of Chromium that has allowed notifications, and its browser at the push service."""

    def __init__(self, town: ServiceRig, page: Page, browser: Browser, session: CDPSession) -> None:
        self.town = town
        self.page = page
        self.browser = browser
        self._session = session
        self._registrations: list[Mapping[str, Any]] = []
        self._brought = 0
        session.on("ServiceWorker.workerRegistrationUpdated", self._note)

    @classmethod
    async def come(cls, town: ServiceRig, page: Page, name: str) -> Self:
        """Before the page is opened."""
        context, browser = page.context, town.sandbox.browser.browser(name)
        await context.grant_permissions(["notifications"], origin=town.alerts.url)

        def subscribe(key: str) -> Mapping[str, Any]:
            browser.server_key = key
            return browser.subscription

        await page.expose_function("subscribeAtTheService", subscribe)
        await page.add_init_script(_HOOK)
        somebody = cls(town, page, browser, await context.new_cdp_session(page))
        await somebody._session.send("ServiceWorker.enable")
        return somebody

    async def bring(self, content: bytes | None = None, *, quiet: bool = False) -> Mapping[str, Any]:
        """Hand over the next push that the service takes, or `content` in its place; once it stands there, without a
        sound where it is `quiet`.
        """
        if content is None:
            number = self._brought
            content = (
                await self.town.sandbox.journal.until(
                    lambda: self.browser.pushes[number] if len(self.browser.pushes) > number else None, DEADLINE_S
                )
            ).content
            self._brought += 1
        registration = self._registrations[-1]["registrationId"]
        told = {"origin": self.town.alerts.url, "registrationId": registration, "data": content.decode()}
        await self._session.send("ServiceWorker.deliverPushMessage", told)
        shown = json.loads(content)["notification"] if content.startswith(b"{") else {"body": ""}
        async with asyncio.timeout(DEADLINE_S):
            await self.page.evaluate(_STANDS, {"body": shown["body"], "quiet": quiet})
        return dict(shown)

    async def shown(self) -> list[dict[str, Any]]:
        """What stands on the screen."""
        return list(await self.page.evaluate(_SHOWN))

    @property
    def worker(self) -> Worker:
        return next(one for one in context_of(self.page).service_workers if one.url.endswith("/sw.js"))

    def _note(self, told: Mapping[str, Any]) -> None:
        self._registrations += [one for one in told["registrations"] if not one["isDeleted"]]


def context_of(page: Page) -> BrowserContext:
    return page.context
