"""For everybody: by keyboard, on a phone, in the dark, with a screen reader."""

import re

import pytest
from playwright.async_api import Browser, expect
from tests.browser.visitor import PHONE, Visitor
from tests.story.service_rig import ServiceRig

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


LONG = "GeForce RTX 5090 Founders Edition with a name that goes on and on without end (Titanium “Blue”)"


async def test_the_keyboard_is_enough(visitor: Visitor, town: ServiceRig):
    for name in ("one", "two", "three"):
        await town.report(name)
    await visitor.open()
    await visitor.sees("three", "two", "one")
    await visitor.press("j", "j", "k", "j")
    await expect(visitor.button("two")).to_be_focused()
    await visitor.press("Enter")
    await expect(visitor.details.get_by_role("heading", name="two")).to_be_focused()
    await visitor.press("Escape")
    await expect(visitor.button("two")).to_be_focused()
    await visitor.press("/")
    await visitor.page.keyboard.type("jk?")
    await expect(visitor.page.get_by_placeholder("Search")).to_have_value("jk?")
    await visitor.press("Escape", "?")
    await expect(visitor.page.get_by_role("dialog", name="Keys")).to_be_visible()
    await visitor.press("Escape")
    await expect(visitor.page.get_by_role("dialog")).to_have_count(0)


async def test_focus_stays_on_its_row_while_alerts_arrive(visitor: Visitor, town: ServiceRig):
    await town.report("one")
    await visitor.open()
    await visitor.press("j")
    await town.report("two")
    await expect(visitor.button("1 new")).to_be_visible()
    await expect(visitor.button("one")).to_be_focused()


async def test_the_keyboard_walks_beyond_what_is_drawn_and_the_focus_is_never_lost(visitor: Visitor, town: ServiceRig):
    for number in range(60):
        await town.report(f"number {number}")
    await visitor.open()
    await expect(visitor.names.first).to_have_text("number 59")
    await visitor.press(*"j" * 46)
    await expect(visitor.button("number 14")).to_be_focused()
    await expect(visitor.button("number 14")).to_be_in_viewport()
    await visitor.page.evaluate("scrollTo(0, 0)")
    await expect(visitor.button("number 59")).to_be_in_viewport()
    await expect(visitor.button("number 14")).to_be_focused()
    await visitor.press("k")
    await expect(visitor.button("number 15")).to_be_focused()
    await expect(visitor.button("number 15")).to_be_in_viewport()
    assert await visitor.barriers() == []


async def test_times_are_told_as_ages_or_by_the_clock(visitor: Visitor, town: ServiceRig):
    await town.report("RTX 5090")
    await visitor.open()
    time = visitor.row("RTX 5090").locator("time")
    await expect(time).to_have_text("now")
    await visitor.press("t")
    await expect(time).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))


async def test_the_theme_is_remembered(visitor: Visitor):
    await visitor.page.emulate_media(color_scheme="light")
    await visitor.open()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    bright = await visitor.page.evaluate(ground)
    await visitor.button("Theme: auto").click()
    dark = await visitor.page.evaluate(ground)
    await visitor.page.reload()
    await expect(visitor.button("Theme: dark")).to_be_visible()
    assert dark == await visitor.page.evaluate(ground) != bright


async def test_arrivals_are_announced_in_one_breath(visitor: Visitor, town: ServiceRig):
    await visitor.page.clock.install()
    await visitor.open()
    batch = [{"type": "in_stock", "retailer": "bestbuy", "sku": str(n), "price": 1, "priority": n} for n in (9, 1)]
    await town.call("POST", "/api/v1/alerts", batch, status=202)
    await visitor.sees("1", "9")
    await visitor.page.clock.run_for(6_000)
    spoken = visitor.page.get_by_role("status").filter(has_text="new alerts")
    await expect(spoken).to_have_text("2 new alerts, 1 of the high band")


async def test_a_phone_scrolls_in_one_direction_only(chromium: Browser, town: ServiceRig):
    visitor = await Visitor.come(chromium, town, viewport=PHONE, has_touch=True)
    metadata = {"previous_price": "123456.78", "stock": 3}
    await town.report(LONG, variant="X" * 60, seller="Somebody with a long name", price="99999.99", metadata=metadata)
    await visitor.open()
    await visitor.sees(LONG)
    assert await visitor.no_wider_than_the_screen()
    await visitor.button("Filter").click()
    await expect(visitor.button("Back order")).to_be_visible()
    assert await visitor.no_wider_than_the_screen()
    await visitor.press("Escape")
    await expect(visitor.button("Back order")).to_be_hidden()
    await visitor.names.first.click()
    await expect(visitor.details).to_be_visible()
    assert await visitor.no_wider_than_the_screen()
    await visitor.leave()


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_nothing_keeps_anybody_out(visitor: Visitor, town: ServiceRig, scheme: str):
    await visitor.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    town.sandbox.discord.kill("general")
    for kind, name in (("in_stock", "one"), ("price_drop", "two"), ("restock_soon", "three"), ("back_order", "four")):
        await town.report(name, type=kind, metadata={"previous_price": "4000.00"})
    await town.report("five", type="price_drop", metadata={"previous_price": "2000.00"})
    await visitor.open()
    await expect(visitor.rows).to_have_count(5)
    assert await visitor.barriers() == []
    await visitor.button("four").click()
    await expect(visitor.details).to_contain_text("Refused")
    assert await visitor.barriers() == []
    await visitor.press("Escape")
    await visitor.enter("Channels")
    await expect(visitor.page.get_by_text("target gone")).to_be_visible()
    assert await visitor.barriers() == []
    await visitor.button("Sound").click()
    assert await visitor.barriers() == []


async def test_the_closed_door_keeps_nobody_out_either(visitor: Visitor, town: ServiceRig):
    await visitor.page.goto(town.alerts.url)
    await expect(visitor.page.get_by_label("Link or token")).to_be_visible()
    assert await visitor.barriers() == []
