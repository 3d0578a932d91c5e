"""The rooms of the page: each has an address, and the browser's history leads through them."""

import pytest
from playwright.async_api import expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import ServiceRig

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOMS = {
    "Watch list": "watch",
    "Statistics": "statistics",
    "Channels": "channels",
    "People": "people",
    "Settings": "settings",
    "Operations": "operations",
}


async def test_every_room_has_an_address_a_title_and_a_way_back(visitor: Visitor, town: ServiceRig):
    await visitor.open("?bands=high")
    for room, word in ROOMS.items():
        await visitor.door(room).click()
        await expect(visitor.door(room)).to_have_attribute("aria-current", "page")
        await expect(visitor.page).to_have_title(f"{room} · Tocsin")
        assert visitor.page.url.endswith(f"/?room={word}")
    await visitor.page.reload()
    await visitor.sees_state("live")
    *before, last = ROOMS
    await expect(visitor.door(last)).to_have_attribute("aria-current", "page")
    for room in (*reversed(before), "Now"):
        await visitor.page.go_back()
        await expect(visitor.door(room)).to_have_attribute("aria-current", "page")
    await expect(visitor.door("Alerts")).to_have_attribute("aria-current", "page")
    await expect(visitor.page).to_have_title("Tocsin")
    assert visitor.page.url.endswith("/?bands=high")
    await expect(visitor.button("High")).to_have_attribute("aria-pressed", "true")
