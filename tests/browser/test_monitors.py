"""Who watches the retailers, and who of them has fallen silent."""

import pytest
from playwright.async_api import expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import ServiceRig

from tocsin.core.clock import ManualClock

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

WATCH = {"retailer": "bestbuy", "skus": ["6634940", "6632394"], "interval": 2}


async def test_every_monitored_sku_is_shown_and_a_silent_monitor_stands_out(
    visitor: Visitor, town: ServiceRig, clock: ManualClock
):
    await town.call("PUT", "/api/v1/monitors/newegg-1", {"retailer": "newegg", "interval": 3600})
    await town.call("PUT", "/api/v1/monitors/bestbuy-1", WATCH)
    await visitor.open()
    panel = (await visitor.enter("Operations")).get_by_label("Monitors", exact=True)
    row = panel.get_by_role("listitem").filter(has_text="bestbuy-1")
    for told in ("bestbuy", "6634940", "6632394", "Active"):
        await expect(row).to_contain_text(told)
    clock.advance(60)
    await expect(row).to_contain_text("Lost")
    await expect(panel.get_by_role("listitem").filter(has_text="newegg-1")).to_contain_text("Active")
    await expect(visitor.door("Operations")).to_contain_text("in trouble")
    assert await visitor.barriers() == []
    await town.call("POST", "/api/v1/monitors/bestbuy-1/heartbeat")
    await expect(row).to_contain_text("Active")


async def test_without_monitors_it_says_what_one_would_be_good_for(visitor: Visitor):
    await visitor.open()
    await expect(await visitor.enter("Operations")).to_contain_text("No monitor is registered")
