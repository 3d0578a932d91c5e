"""What needs a human is shown with the way to mend it, whatever else is on the page."""

import pytest
from playwright.async_api import Browser, expect
from tests.browser.visitor import PHONE, Visitor
from tests.story.service_rig import ServiceRig

from tocsin.core.clock import ManualClock
from tocsin.core.facts import ConditionBegan

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

DEAD = "discord:high_priority is dead and gets nothing any more"


async def test_a_lost_monitor_is_shown_until_it_is_heard(visitor: Visitor, town: ServiceRig, clock: ManualClock):
    await town.report("PS5 Pro")
    await visitor.open()
    await visitor.sees("PS5 Pro")
    before = await visitor.place("PS5 Pro")
    await expect(visitor.strip.get_by_role("button")).to_have_count(0)
    await town.call("PUT", "/api/v1/monitors/bestbuy-1", {"retailer": "bestbuy", "interval": 1})
    clock.advance(60)
    lost = visitor.strip.get_by_role("button", name="Monitor bestbuy-1 has fallen silent").first
    await lost.click()
    await expect(visitor.strip).to_contain_text("DELETE /api/v1/monitors/bestbuy-1")
    assert await visitor.barriers() == []
    await town.call("POST", "/api/v1/monitors/bestbuy-1/heartbeat")
    await expect(visitor.strip.get_by_role("button")).to_have_count(0)
    assert await visitor.place("PS5 Pro") == before


async def test_what_began_before_the_page_was_opened_is_shown_and_can_be_put_away(visitor: Visitor, town: ServiceRig):
    town.sandbox.discord.kill("high_priority")
    await town.report("RTX 5090")
    await town.told(ConditionBegan)
    await visitor.open()
    await expect(visitor.strip.get_by_role("status")).to_have_text(DEAD)
    await visitor.strip.get_by_text("How to mend").click()
    await expect(visitor.strip).to_contain_text("10015 Unknown Webhook")
    await expect(visitor.strip).to_contain_text("POST /api/v1/channels/discord/targets/high_priority/enable")
    await visitor.button(f"Dismiss: {DEAD}").click()
    await expect(visitor.strip.get_by_role("button")).to_have_count(0)
    assert len((await town.get("/api/v1/conditions"))["conditions"]) == 1


async def test_a_phone_shows_the_headline_and_the_rest_at_a_touch(chromium: Browser, town: ServiceRig):
    visitor = await Visitor.come(chromium, town, viewport=PHONE)
    town.sandbox.discord.kill("high_priority")
    await town.report("RTX 5090")
    await visitor.open()
    await expect(visitor.strip.get_by_role("button", name=DEAD).first).to_be_visible()
    await expect(visitor.strip.get_by_text("See whether it still exists")).to_be_hidden()
    await visitor.strip.get_by_role("button", name=DEAD).first.click()
    await expect(visitor.strip.get_by_text("See whether it still exists")).to_be_visible()
    assert await visitor.no_wider_than_the_screen()
    assert await visitor.barriers() == []
    await visitor.leave()
