"""Somebody with a browser in front of the live page, and words for what they see there."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright, expect
from tests.deadline import DEADLINE_S
from tests.story.service_rig import TOKEN, ServiceRig

AXE = Path(__file__).parents[2] / "dashboard/node_modules/axe-core/axe.min.js"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# The tests run as root in containers, and nothing of theirs asks the world for anything.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP board.example 127.0.0.1",  # a name that a proxy of ours has
)
WITHIN_NOW = ("Alerts", "Watch list")  # its views: from another room, the room first
DESK = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=360, height=740)

_WATCH_POLICY = """
window.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  violations.push(`${violatedDirective} ${blockedURI}`);
});
"""


_NAMES_BY_PLACE = """
() => Object.fromEntries([...document.querySelectorAll("[role=feed] article")].map(
  (row) => [row.getAttribute("aria-posinset"), row.querySelector("[data-row]").textContent.trim()]))
"""
# Before a frame is drawn, what depends on a size is not yet where it belongs: nobody sees that.
_WHERE_DRAWN = """
row => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
  const { x, y, width, height } = row.getBoundingClientRect();
  done({ x, y, width, height });
})))
"""
_AT_THE_END = """
() => document.body.textContent.includes("That is all there is.") &&
  scrollY + innerHeight >= document.documentElement.scrollHeight - 2
"""


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, f"the browser tests need one of {', '.join(PROGRAMS)}: `make setup` installs it"
    expect.set_options(timeout=1000 * DEADLINE_S)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield running
        await running.close()


class Visitor:
    """`complaints` are what the browser found wrong with the page."""

    def __init__(self, page: Page, town: ServiceRig) -> None:
        self.page = page
        self.town = town
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.set_default_timeout(1000 * DEADLINE_S)

    @classmethod
    async def come(cls, chromium: Browser, town: ServiceRig, **context: Any) -> Self:
        page = await chromium.new_page(**{"viewport": DESK, "reduced_motion": "reduce", **context})
        await page.add_init_script(_WATCH_POLICY)
        return cls(page, town)

    async def open(self, query: str = "", token: str = TOKEN) -> Self:
        """Follow the link with a token, and wait for the live stream."""
        await self.page.goto(f"{self.town.alerts.url}/{query}#token={token}")
        await self.sees_state("live")
        return self

    async def sees_state(self, kind: str) -> None:
        await expect(self.page.locator(f"[data-connection={kind}]")).to_be_visible()

    @property
    def rows(self) -> Locator:
        return self.page.locator("[role=feed] article")

    @property
    def names(self) -> Locator:
        return self.page.locator("[data-row]")

    @property
    def details(self) -> Locator:
        return self.page.get_by_label("Details of the alert")

    @property
    def strip(self) -> Locator:
        """What needs a human, below the head of the page."""
        return self.page.get_by_label("Needs attention")

    def row(self, name: str) -> Locator:
        return self.rows.filter(has_text=name)

    async def place(self, name: str) -> dict[str, float]:
        """Where a row is drawn: `x`, `y`, `width` and `height` in px of the screen."""
        return dict(await self.row(name).evaluate(_WHERE_DRAWN))

    def door(self, room: str) -> Locator:
        """What leads into a room, whatever else it says."""
        rooms = self.page.get_by_role("navigation", name="Now" if room in WITHIN_NOW else "Rooms")
        return rooms.get_by_role("link", name=re.compile(f"^{room}"))

    async def enter(self, room: str) -> Locator:
        if room in WITHIN_NOW:
            await self.door("Now").click()
        await self.door(room).click()
        found = self.page.get_by_role("main", name=room)
        await expect(found).to_be_visible()
        return found

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def sees(self, *names: str) -> None:
        """Exactly these, from the top down, each once."""
        await expect(self.names).to_have_text(list(names))

    async def sees_all(self, count: int) -> None:
        """So many there are; the page draws those that stand on the screen."""
        await expect(self.rows.first).to_have_attribute("aria-setsize", str(count))

    async def scroll_to(self, place: int) -> None:
        await self.page.mouse.wheel(0, place)
        await self.page.wait_for_function("place => scrollY > place / 2", arg=place)

    async def scrolled_through(self) -> list[str]:
        """Every name from the top to the end, screen by screen, in the order of their places."""
        found: dict[str, str] = {}
        while True:
            found |= await self.page.evaluate(_NAMES_BY_PLACE)
            if await self.page.evaluate(_AT_THE_END):
                return [found[place] for place in sorted(found, key=int)]
            # As many rows as half a screen are drawn beyond either end of it.
            await self.page.evaluate("scrollBy(0, 1.4 * innerHeight)")
            await self.page.evaluate("new Promise(requestAnimationFrame)")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def no_wider_than_the_screen(self) -> bool:
        await self.drawn()
        return bool(await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    async def drawn(self) -> None:
        """What has changed is measured anew between two frames: after them everything stands where it is seen."""
        await self.page.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
        )

    async def barriers(self, *rules: str) -> list[str]:
        return await barriers(self.page, *rules)

    async def leave(self) -> None:
        """Content: no script failed, and nothing tried what the page's policy forbids."""
        violations = await self.page.evaluate("violations")
        await self.page.close()
        assert (self.complaints, violations) == ([], [])


async def barriers(page: Page, *rules: str) -> list[str]:
    """What axe finds that keeps people out: violations of serious or critical impact; of these rules, or of all."""
    await page.evaluate(AXE.read_text())
    asked = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = await page.evaluate("asked => axe.run(document, asked)", asked)
    return [
        f"{violation['id']}: {node['html']}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
