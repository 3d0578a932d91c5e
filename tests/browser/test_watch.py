"""The watch list: every monitored product as it stands, and what would happen if an alert came now."""

import re

import pytest
from playwright.async_api import Locator, expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import ServiceRig

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

WATCH = {"retailer": "bestbuy", "skus": ["6634940", "never"], "interval": 3600}


def product(visitor: Visitor, sku: str) -> Locator:
    return visitor.page.locator(f"[data-watched='{sku}']")


async def test_every_product_stands_there_and_says_what_would_happen(visitor: Visitor, town: ServiceRig):
    await town.call("PUT", "/api/v1/monitors/bestbuy-1", WATCH)
    await town.report("RTX 5090", sku="6634940", price="1999.99")
    await visitor.open()
    room = await visitor.enter("Watch list")
    for told in ("RTX 5090", "In stock", "bestbuy-1", "$1,999.99"):
        await expect(product(visitor, "6634940")).to_contain_text(told)
    await expect(product(visitor, "never")).to_contain_text("Never seen")
    await visitor.button("RTX 5090").click()
    await expect(room).to_contain_text("It would be sent.")
    await expect(room).to_contain_text("discord:high_priority")
    assert await visitor.barriers() == []
    assert town.room("high_priority").messages
    await town.call("POST", "/api/v1/stock", {"sku": "6634940", "retailer": "bestbuy", "in_stock": False})
    await town.report("RTX 5080", sku="5080", price="999.00")
    await expect(product(visitor, "5080")).to_contain_text("RTX 5080")
    await expect(product(visitor, "6634940")).to_contain_text("Sold out")


async def test_it_is_narrowed_at_an_address_and_leads_to_its_alerts(visitor: Visitor, town: ServiceRig):
    await town.call("PUT", "/api/v1/monitors/bestbuy-1", WATCH)
    await town.report("RTX 5090", sku="6634940")
    await visitor.open("?room=watch&state=unseen")
    await expect(product(visitor, "never")).to_be_visible()
    await expect(product(visitor, "6634940")).to_have_count(0)
    await visitor.button("All").click()
    await visitor.press("/")
    await visitor.page.keyboard.type("rtx")
    await expect(product(visitor, "never")).to_have_count(0)
    await expect(visitor.page).to_have_url(re.compile(r"/\?room=watch&q=rtx$"))
    await product(visitor, "6634940").get_by_role("button", name="In stock").click()
    await expect(visitor.details).to_contain_text("RTX 5090")
    await visitor.press("Escape")
    await expect(visitor.details).to_have_count(0)
    await expect(product(visitor, "6634940")).to_be_visible()


async def test_a_muted_product_is_not_spoken_of(visitor: Visitor, town: ServiceRig):
    await town.report("RTX 5090", sku="6634940")
    await visitor.open("?room=watch")
    mute = visitor.button("Mute RTX 5090")
    await mute.click()
    await expect(mute).to_have_attribute("aria-pressed", "true")
    await visitor.page.reload()
    await expect(mute).to_have_attribute("aria-pressed", "true")
