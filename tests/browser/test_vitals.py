"""How the service does, at the top of the page."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect
from tests.browser.visitor import Visitor
from tests.story.town import Town

from tocsin.core.delivery import DeliveryState
from tocsin.rules.objective import LEAST_MISSED

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def told_late(town: Town, number: int) -> None:
    detected_at = datetime.now(UTC) - timedelta(seconds=5)
    receipt = await town.report(f"Card {number}", timestamp=detected_at.isoformat())
    await town.settled(receipt, DeliveryState.SENT)


async def test_the_page_says_which_channel_tells_too_late_and_how_much(visitor: Visitor, town: Town):
    await visitor.open()
    for number in range(LEAST_MISSED):
        await told_late(town, number)
    objective = visitor.page.get_by_title("burn rate")
    await expect(objective).to_contain_text("discord: too late 100")
    await expect(objective).to_have_attribute("title", re.compile("99 % of deliveries.*5 of 5 missed it", re.DOTALL))


async def test_a_delivery_says_how_long_after_its_detection_it_was_told(visitor: Visitor, town: Town):
    await told_late(town, 1)
    await visitor.open()
    await visitor.row("Card 1").locator("[data-row]").click()
    await expect(visitor.details.get_by_title("From detection to the provider's answer")).to_contain_text("after 5")
    await expect(visitor.details.get_by_text("before it came here")).to_be_visible()
