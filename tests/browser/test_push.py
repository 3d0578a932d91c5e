"""Somebody is told on this device: a real Chromium subscribes, is pushed to, and shows it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from benchmarks.program import free_port
from playwright.async_api import Browser, Page, expect
from tests.browser.pushes import PushedTo
from tests.browser.visitor import DESK, PHONE, Visitor, barriers
from tests.deadline import DEADLINE_S
from tests.story.service_rig import ServiceRig

pytestmark = pytest.mark.asyncio(loop_scope="session")

PARTS = {
    "sw.js": "text/javascript",
    "device.js": "text/javascript",
    "manifest.webmanifest": "application/manifest+json",
    "icon-192.png": "image/png",
    "icon-maskable-512.png": "image/png",
    "offline.html": "text/html",
}
PICTURE = "https://shop.example/5090.jpg"
# What a click leads to is told to nobody: a test has no finger for what the platform draws.
_CLICK = """
async (action) => {
  let opened = null;
  self.clients.openWindow = async (place) => { opened = place; };
  const [shown] = await self.registration.getNotifications();
  await follow(shown, action);
  return opened;
}
"""
_HEAR = """
() => {
  window.heard = new Promise((hear) => navigator.serviceWorker.addEventListener("message", ({ data }) => hear(data)));
}
"""
_RENEW = """
({ old, fresh }) => renew({ oldSubscription: { toJSON: () => old }, newSubscription: { toJSON: () => fresh } })
"""


@pytest_asyncio.fixture(loop_scope="session")
async def club(tmp_path: Path) -> AsyncIterator[ServiceRig]:
    """A service that tells browsers, and where anybody may sign up."""
    port = free_port()
    web = {"contact": "mailto:ops@example.org", "allow_networks": ["127.0.0.0/8"]}
    async with ServiceRig(tmp_path) as town:
        await town.open(
            server={"port": port, "public_url": f"http://127.0.0.1:{port}"},
            alerts={"channels": {"push": {"enabled": True, "web": web}}},
            people={"signup": True, "name": "Restock Club"},
            products={"PS5": {"skus": ["PS5"], "family": "PlayStation"}},
            retailers={"bestbuy": {"name": "Best Buy"}},
            routes=[{"name": "all", "match": {}, "to": ["push:everyone"]}],
        )
        yield town


@pytest_asyncio.fixture(loop_scope="session")
async def desk(chromium: Browser, club: ServiceRig) -> AsyncIterator[Visitor]:
    somebody = await Visitor.come(chromium, club)
    yield somebody
    await somebody.leave()


@pytest_asyncio.fixture(loop_scope="session")
async def phone(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport=PHONE, has_touch=True)
    page = await context.new_page()
    page.set_default_timeout(1000 * DEADLINE_S)
    yield page
    await context.close()


async def told_here(desk: Visitor, club: ServiceRig) -> PushedTo:
    device = await PushedTo.come(club, desk.page, "desk")
    await desk.open()
    await desk.button("Sound").click()
    await desk.button("Tell me on this device").click()
    await expect(desk.page.get_by_text("You are told on this device.")).to_be_visible()
    return device


async def test_a_browser_is_pushed_to_shows_it_replaces_it_and_says_that_it_is_over(desk: Visitor, club: ServiceRig):
    device = await told_here(desk, club)
    await desk.page.evaluate(_HEAR)
    await club.report("GeForce RTX 5090", metadata={"image_url": PICTURE})
    told = await device.bring()
    (shown,) = await device.shown()
    assert (shown["title"], shown["body"], shown["image"]) == (told["title"], told["body"], PICTURE)
    assert shown["actions"] == ["Buy", "Bought it"]
    assert (shown["silent"], shown["renotify"]) == (False, True)
    assert shown["icon"] == f"{club.alerts.url}/icon-192.png"
    assert await desk.page.evaluate("heard") == {"pushed": "high"}  # an open page may ring its bell
    public = club.alerts.config.public_url
    assert (await device.worker.evaluate(_CLICK, "buy")).startswith(f"{public}/r/")
    assert (await device.worker.evaluate(_CLICK, "bought")).startswith(f"{public}/a/")
    assert (await device.worker.evaluate(_CLICK, "")).startswith(f"{public}/r/")

    await device.bring(device.browser.pushes[0].content, quiet=True)  # the very same once more: nothing is heard again
    (again,) = await device.shown()
    assert (again["silent"], again["renotify"]) == (True, False)

    await club.report("GeForce RTX 5090", type="price_drop", price="1500", metadata={"previous_price": "1999.99"})
    await device.bring()
    (newer,) = await device.shown()
    assert "$1,500.00" in newer["body"]
    assert newer["renotify"]

    await club.alerts.close(sku="GeForce-RTX-5090", retailer="bestbuy")
    await device.bring(quiet=True)
    (over,) = await device.shown()
    assert (over["silent"], over["data"]["over"]) == (True, True)
    assert "Buy" not in over["actions"]


async def test_whatever_is_pushed_something_is_shown(desk: Visitor, club: ServiceRig):
    """A push that shows nothing costs the permission."""
    device = await told_here(desk, club)
    await device.bring(b"no JSON")
    (shown,) = await device.shown()
    assert shown["title"] == "Tocsin"


async def test_who_is_told_here_can_end_it_here(desk: Visitor, club: ServiceRig):
    await told_here(desk, club)
    await desk.page.reload()
    await desk.sees_state("live")
    await desk.button("Sound").click()
    await desk.button("Tell me here no more").click()
    await expect(desk.button("Tell me on this device")).to_be_visible()
    assert [one["addresses"] for one in (await club.get("/api/v1/contacts"))["contacts"]] == [[]]


async def test_a_new_subscription_takes_the_place_of_the_old_one_while_no_page_is_open(desk: Visitor, club: ServiceRig):
    device = await told_here(desk, club)
    fresh = club.sandbox.browser.browser("fresh")
    change = {"old": device.browser.subscription, "fresh": fresh.subscription}
    await device.worker.evaluate(_RENEW, change)
    await club.report("RTX 5080")
    await club.sandbox.browser.screen("fresh").expect("RTX 5080", DEADLINE_S)
    assert device.browser.pushes == []


async def test_whoever_says_no_is_told_what_changes_that(chromium: Browser, club: ServiceRig):
    visitor = await Visitor.come(chromium, club)
    await visitor.page.add_init_script("Notification.requestPermission = async () => 'denied';")
    await visitor.open()
    await visitor.button("Sound").click()
    await visitor.button("Tell me on this device").click()
    await expect(visitor.page.get_by_text("The browser was told to show nothing of this page")).to_be_visible()
    await visitor.leave()


async def test_somebody_signs_up_with_nothing_but_this_browser(phone: Page, club: ServiceRig):
    device = await PushedTo.come(club, phone, "phone")
    await phone.goto(f"{club.alerts.url}/join")
    await phone.get_by_role("button", name="Tell me on this device").click()
    await expect(phone.get_by_role("status").first).to_have_text("You are in. From now on you are told.")
    await expect(phone.get_by_text("Chrome on Linux")).to_be_visible()
    await club.report("RTX 5090")
    await device.bring()
    (shown,) = await device.shown()
    assert "RTX 5090" in shown["title"]
    await phone.get_by_role("button", name="Stop everything").click()
    await expect(phone.get_by_role("status").first).to_contain_text("Nothing is sent to you any more")
    await phone.get_by_role("button", name="Tell me on this device").click()
    await expect(phone.get_by_role("status").first).to_have_text("You are told on this device from now on.")


async def test_the_pages_are_whole_without_a_script(chromium: Browser, club: ServiceRig):
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{club.alerts.url}/join")
    await expect(page.get_by_role("heading", name="Be told first")).to_be_visible()
    await expect(page.get_by_role("button", name="Tell me on this device")).to_have_count(0)
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_keeps_anybody_out(chromium: Browser, club: ServiceRig, scheme: Literal["light", "dark"]):
    context = await chromium.new_context(viewport=DESK, color_scheme=scheme, bypass_csp=True)
    page = await context.new_page()
    await PushedTo.come(club, page, "desk")
    await page.goto(f"{club.alerts.url}/join")
    await expect(page.get_by_role("button", name="Tell me on this device")).to_be_visible()
    assert await barriers(page) == []
    await page.goto(f"{club.alerts.url}/offline.html")
    assert await barriers(page) == []
    await page.goto(f"{club.alerts.url}/#token=a-token-for-stories-0123456789")
    await page.get_by_role("button", name="Sound", exact=True).click()
    await expect(page.get_by_role("button", name="Tell me on this device")).to_be_visible()
    assert await barriers(page) == []
    await context.close()


async def test_the_page_can_be_installed_and_says_when_it_is_offline(desk: Visitor, club: ServiceRig):
    await desk.open()
    page = desk.page
    for name, kind in PARTS.items():
        got = await page.request.get(f"{club.alerts.url}/{name}")
        assert (got.status, got.headers["content-type"].partition(";")[0]) == (200, kind), name
        assert got.headers["cache-control"] == "no-cache"  # a new one is taken at once
        assert got.headers["x-content-type-options"] == "nosniff"
    session = await page.context.new_cdp_session(page)
    told: Any = await session.send("Page.getAppManifest")
    assert told["errors"] == []
    problems: Any = await session.send("Page.getInstallabilityErrors")
    # A private window installs nothing, whatever the page.
    assert [one["errorId"] for one in problems["installabilityErrors"]] in ([], ["in-incognito"])
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    url = club.alerts.url
    await club.close()
    await page.goto(f"{url}/me/somebody")
    await expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    assert await page.locator("main img").evaluate("one => one.naturalWidth") > 0
    assert await page.evaluate("getComputedStyle(document.querySelector('main')).display") == "grid"
    await expect(page.get_by_role("link", name="Try again")).to_be_visible()
