"""Find anything: rooms, commands, products and alerts, by the keyboard alone."""

import pytest
from playwright.async_api import Locator, expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import ServiceRig

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


def offers(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("dialog", name="Find anything").get_by_role("option")


async def test_rooms_products_and_alerts_are_found_by_the_keyboard(visitor: Visitor, town: ServiceRig):
    await town.report("RTX 5090", sku="6634940")
    await visitor.open()
    await visitor.sees("RTX 5090")
    await visitor.press("Control+k")
    await expect(offers(visitor).filter(has_text="Watch list")).to_be_visible()
    assert await visitor.barriers() == []
    await visitor.page.keyboard.type("oper")
    await expect(offers(visitor)).to_have_count(1)
    await visitor.press("Enter")
    await expect(visitor.page.get_by_role("main", name="Operations")).to_be_visible()
    await visitor.press("/")  # there is no field of its own in this room
    await visitor.page.keyboard.type("5090")
    await expect(offers(visitor)).to_have_count(2)
    await visitor.press("ArrowDown", "Enter")
    await expect(visitor.details).to_contain_text("RTX 5090")
    await visitor.press("Escape", "Control+k")
    await visitor.page.keyboard.type("nothing is called so")
    await expect(visitor.page.get_by_text("Nothing is called so.")).to_be_visible()
    await visitor.press("Escape")
    await expect(offers(visitor)).to_have_count(0)
