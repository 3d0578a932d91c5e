"""The page at /docs: what its readers see, on any screen."""

from typing import Literal

import pytest
from playwright.async_api import Browser, expect
from tests.browser.visitor import DESK, PHONE, Visitor
from tests.story.service_rig import ServiceRig

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_fields_of_an_alert_are_there_for_everybody(chromium: Browser, town: ServiceRig):
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for screen, scheme in zip((DESK, PHONE), schemes, strict=True):
        reader = await Visitor.come(chromium, town, viewport=screen, color_scheme=scheme)
        await reader.page.goto(f"{town.alerts.url}/docs")
        await reader.page.get_by_role("link", name="/alerts", exact=True).first.click()
        call = reader.page.locator("article", has=reader.page.locator("#post-api-v1-alerts"))
        await expect(call).to_be_in_viewport()
        for field, meaning in (("sku", "Required."), ("price", "in_stock and price_drop"), ("metadata", "image_url")):
            row = call.locator("tr", has=reader.page.locator(f"td:first-child:text-is('{field}')"))
            await expect(row).to_contain_text(meaning)
        assert await reader.no_wider_than_the_screen()
        assert await reader.barriers() == []
        await reader.leave()
