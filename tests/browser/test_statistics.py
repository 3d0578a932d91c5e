"""Statistics: what was counted, each number with the list that it counts, each panel as a table for spreadsheets."""

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import ServiceRig

from tocsin.core.analytics import hour_of
from tocsin.core.delivery import DeliveryState
from tocsin.ledger.contract import UptimeRow

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

PANELS = ("Success", "Deliveries", "Response time", "By channel", "Not told, and why", "Uptime", "What it brought")


async def counted(town: ServiceRig) -> None:
    await town.settled(await town.report("RTX 5090"), DeliveryState.SENT)
    town.sandbox.discord.kill("high_priority")
    await town.settled(await town.report("RTX 5080", sku="5080"), DeliveryState.REFUSED)
    await town.alerts.pipeline.following.follow()


async def test_what_was_counted_is_shown_and_leads_to_what_it_counts(visitor: Visitor, town: ServiceRig):
    await counted(town)
    await visitor.open("?room=statistics&last=24h")
    room = visitor.page.get_by_role("main", name="Statistics")
    for panel in PANELS:
        await expect(room.get_by_role("region", name=panel, exact=True)).to_be_visible()
    table = room.get_by_role("region", name="By channel", exact=True).get_by_role("table")
    row = table.get_by_role("row").filter(has_text="discord")
    await expect(row.get_by_role("link", name="Refused, discord")).to_be_visible()
    await expect(room.get_by_role("region", name="Success", exact=True)).to_contain_text("too few to say")
    assert await visitor.barriers() == []
    await row.get_by_role("link", name="Refused, discord").click()
    await lists(visitor, "Refused", "RTX 5080")
    await visitor.press("j", "Enter")
    await expect(visitor.details).to_contain_text("Refused")
    await visitor.press("Escape")
    await expect(visitor.button("RTX 5080")).to_be_focused()
    assert await visitor.barriers() == []
    await visitor.press("Escape")
    failures = room.get_by_role("region", name="Not told, and why", exact=True)
    await failures.get_by_role("link", name=re.compile(r"Show me.*the provider refused it \(404\)")).click()
    await lists(visitor, "Refused", "RTX 5080")
    await expect(visitor.page).to_have_url(re.compile("reason=refused\\+404"))
    await visitor.page.go_back()
    await expect(row).to_be_visible()


async def lists(visitor: Visitor, figure: str, *names: str) -> None:
    """What a number counts, one by one, the newest first."""
    await expect(visitor.page.get_by_role("list", name=figure).get_by_role("button")).to_have_text(list(names))


async def test_uptime_is_shown_by_the_minute_and_a_long_period_leads_there(visitor: Visitor, town: ServiceRig):
    hour = hour_of(datetime.now(UTC)) - 1
    await town.alerts.ledger.analytics.note_uptime([UptimeRow("discord", hour, up=0b10111, down=0b01000)])
    await visitor.open("?room=statistics")
    panel = visitor.page.get_by_role("region", name="Uptime", exact=True)
    await panel.get_by_role("link", name=re.compile("1 min down")).click()
    await expect(panel.get_by_role("img", name=re.compile("^discord, not always up.*: 1 min down$"))).to_be_visible()


async def test_the_question_is_in_the_address_and_a_panel_is_saved_as_a_table(visitor: Visitor, town: ServiceRig):
    await counted(town)
    await visitor.open("?room=statistics")
    await visitor.page.get_by_label("Told apart by").select_option("retailer")
    room = visitor.page.get_by_role("main", name="Statistics")
    panel = room.get_by_role("region", name="By retailer", exact=True)
    await expect(panel.get_by_role("row").filter(has_text="bestbuy")).to_be_visible()
    assert visitor.page.url.endswith("/?room=statistics&by=retailer")
    async with visitor.page.expect_download() as started:
        await panel.get_by_role("button", name="CSV").click()
    saved = await started.value
    text = (await saved.path()).read_text()
    assert text.splitlines()[0].startswith("retailer,")
    assert "bestbuy" in text
