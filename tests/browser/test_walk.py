"""One walk through every room, at a desk and on a phone, in the dark and in the light: nobody is kept out anywhere."""

import re

import pytest
from playwright.async_api import Browser, ViewportSize, expect
from tests.browser.furnished import ROOMS, furnish, peopled
from tests.browser.visitor import Visitor

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

DESK = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)
BEHIND_MORE = ("Settings", "Operations")
SCHEME = "color-contrast"  # the one rule that depends on it


async def test_every_room_lets_everybody_in(chromium: Browser):
    async with peopled(club=True) as town:
        await furnish(town)
        for size in (DESK, PHONE):
            visitor = await Visitor.come(chromium, town, viewport=size, color_scheme="dark")
            await visitor.open()
            for room, (address, there) in ROOMS.items():
                await visitor.page.evaluate("address => { location.href = `./${address}` }", address)
                await expect(visitor.page.get_by_text(there).first).to_be_visible()
                assert await visitor.barriers() == [], (room, size)
                assert await visitor.no_wider_than_the_screen(), (room, size)
                await visitor.page.emulate_media(color_scheme="light")
                assert await visitor.barriers(SCHEME) == [], (room, size)
                await visitor.page.emulate_media(color_scheme="dark")
            if size is PHONE:
                await within_a_thumbs_reach(visitor)
            await visitor.leave()


async def within_a_thumbs_reach(visitor: Visitor) -> None:
    """The rooms stand at a phone's foot, and lead where they say."""
    for room in ("Now", "Statistics", "Channels", "People", *BEHIND_MORE):
        if room in BEHIND_MORE:
            await visitor.button("More rooms").click()
        found = await visitor.door(room).bounding_box()
        assert found is not None
        assert found["y"] > PHONE["height"] / 2
        await visitor.door(room).click()
        await expect(visitor.page).to_have_title(re.compile("Tocsin$" if room == "Now" else f"^{room}"))
