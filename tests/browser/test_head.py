"""The head of the page: on any screen, in an outage and in shadow it says what is so, and nothing stands in the way."""

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, ViewportSize, expect
from tests.browser.visitor import PHONE, Visitor
from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import ClockWrong

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCREENS = (390, 1024, 1440, 2560)
Box = Mapping[str, float]
_BOXES = """parts => parts.filter((part) => part.checkVisibility()).map((part) => {
  const { x, y, width, height } = part.getBoundingClientRect();
  return { x, y, width, height };
})"""


async def box(part: Locator) -> Box:
    found = await part.bounding_box()
    assert found is not None
    return dict(found)


def apart(one: Box, other: Box) -> bool:
    across = one["x"] + one["width"] <= other["x"] + 0.5 or other["x"] + other["width"] <= one["x"] + 0.5
    return across or one["y"] + one["height"] <= other["y"] + 0.5 or other["y"] + other["height"] <= one["y"] + 0.5


async def boxes(parts: Locator) -> list[Box]:
    """Of those that are seen, all in one moment: what they say changes, and with it their place."""
    return list(await parts.evaluate_all(_BOXES))


async def resize(visitor: Visitor, width: int) -> None:
    await visitor.page.set_viewport_size(ViewportSize(width=width, height=800))
    await visitor.drawn()


async def fits(visitor: Visitor) -> None:
    """Its parts stand beside or below each other, and inside the screen."""
    parts = await boxes(visitor.page.locator("header > :not(.tools), header .tools button"))
    width = await visitor.page.evaluate("innerWidth")
    assert all(part["x"] >= 0 and part["x"] + part["width"] <= width for part in parts), parts
    for one, other in combinations(parts, 2):
        assert apart(one, other), (one, other)
    assert await visitor.no_wider_than_the_screen()


def light(visitor: Visitor, channel: str) -> Locator:
    return visitor.page.locator("header").get_by_title(re.compile(f"^{channel}: ")).locator("i")


async def test_it_fits_every_screen_and_an_outage_moves_nothing(visitor: Visitor, town: ServiceRig):
    town.write(mode="shadow")
    await town.alerts.reload()
    await town.call("PUT", "/api/v1/monitors/bestbuy-1", {"retailer": "bestbuy", "interval": 3600})
    await visitor.open()
    await expect(visitor.page.get_by_text("nothing is sent")).to_be_visible()
    await expect(visitor.door("Operations")).to_be_visible()
    heights = {}
    for width in SCREENS:
        await resize(visitor, width)
        await fits(visitor)
        heights[width] = (await box(visitor.page.locator("header")))["height"]
    await town.close()
    await visitor.sees_state("waiting")
    await expect(visitor.page.get_by_text("Stale since")).to_be_visible()
    for width in SCREENS:
        await resize(visitor, width)
        await fits(visitor)
        assert (await box(visitor.page.locator("header")))["height"] == pytest.approx(heights[width], abs=12)


async def test_every_sign_has_its_word(visitor: Visitor, town: ServiceRig):
    await visitor.open()
    for width in SCREENS:
        await resize(visitor, width)
        more = visitor.button("More")
        assert await more.is_visible() == (width == SCREENS[0])
        if await more.is_visible():
            await more.click()
            await expect(visitor.button("Keys")).to_be_visible()
        seen = [button for button in await visitor.page.locator("header button").all() if await button.is_visible()]
        words = [(await button.inner_text()).strip() for button in seen]
        assert all(words), words
        for word in ("Pause", "Sound", "Times", "Theme", "Keys"):
            assert any(word in said for said in words), (width, words)
        assert await visitor.barriers() == []
        await visitor.press("Escape")
        await fits(visitor)


async def test_no_light_is_green_while_the_service_does_not_answer(visitor: Visitor, town: ServiceRig):
    await town.call("PUT", "/api/v1/monitors/bestbuy-1", {"retailer": "bestbuy", "interval": 3600})
    await visitor.open()
    await expect(light(visitor, "discord")).to_have_class(re.compile("good"))
    for name in ("Operations", "Channels"):
        await visitor.enter(name)
    await town.close()
    await visitor.sees_state("waiting")
    green = visitor.page.locator("i.good")
    await expect(green).to_have_count(0)
    await expect(visitor.button("Test discord:general")).to_be_disabled()
    for name in ("Channels", "Operations"):
        await expect(visitor.page.get_by_role("main", name=name)).to_contain_text("Stale since")
        await expect(green).to_have_count(0)
        await visitor.page.go_back()


async def test_a_row_opened_while_the_service_does_not_answer_says_what_is_known(visitor: Visitor, town: ServiceRig):
    await town.settled(await town.report("RTX 5090", sku="6634940"), DeliveryState.SENT)
    await visitor.open()
    port = int(town.alerts.url.rpartition(":")[2])
    await town.close()
    await visitor.sees_state("waiting")
    await visitor.button("RTX 5090").click()
    await expect(visitor.details.get_by_role("heading", name="RTX 5090")).to_be_visible()
    for told in ("$1,999.99", "6634940", "The service does not answer. Its deliveries"):
        await expect(visitor.details).to_contain_text(told)
    await expect(visitor.details.get_by_role("link", name="Open the shop")).to_be_visible()
    assert await visitor.barriers() == []
    await town.open(server={"port": port})
    await visitor.sees_state("live")
    await expect(visitor.details).to_contain_text("The provider took it")
    await expect(visitor.details).not_to_contain_text("does not answer")


@pytest.mark.parametrize("width", [1024, 1440])
async def test_a_panel_leaves_the_filters_as_they_are(visitor: Visitor, town: ServiceRig, width: int):
    await resize(visitor, width)
    await town.report("RTX 5090")
    await visitor.open()
    filters = visitor.page.get_by_role("search")
    before = [(part["y"], part["width"]) for part in await boxes(filters.locator("button, input, select"))]
    await visitor.button("RTX 5090").click()
    await expect(visitor.details).to_be_visible()
    assert [(part["y"], part["width"]) for part in await boxes(filters.locator("button, input, select"))] == before
    assert apart(await box(visitor.details), await box(visitor.rows.first))
    bar = await box(filters)
    assert bar["x"] + bar["width"] == width, "what is scrolled below the bar is seen beside it"


async def test_on_a_phone_a_panel_fills_the_screen(chromium: Browser, town: ServiceRig):
    visitor = await Visitor.come(chromium, town, viewport=PHONE, has_touch=True)
    for number in range(8):
        await town.report(f"Card {number}")
    await visitor.open()
    await visitor.button("Card 7").click()
    await expect(visitor.details).to_contain_text("high_priority")
    assert await box(visitor.details) == {"x": 0, "y": 0, "width": PHONE["width"], "height": PHONE["height"]}
    assert await visitor.barriers() == []
    await visitor.leave()


SHADOW: dict[str, Any] = {"mode": "shadow"}


@pytest.mark.parametrize(
    ("settings", "told"), [(SHADOW, "nothing is sent"), ({"discord": SHADOW}, "nothing is sent"), ({}, "")]
)
async def test_shadow_is_told_in_the_head_and_ends_with_a_reload(
    visitor: Visitor, town: ServiceRig, settings: dict[str, Any], told: str
):
    town.write(**settings)
    await town.alerts.reload()
    await visitor.open()
    badge = visitor.page.locator("header").get_by_text("Shadow")
    await expect(visitor.page.get_by_title("Half of")).to_have_attribute("title", re.compile("last minute took"))
    await expect(badge).to_have_count(1 if told else 0)
    if told:
        await expect(visitor.page.locator("header")).to_contain_text(told)
        assert await visitor.barriers() == []
    town.write()
    await town.alerts.reload()
    await expect(badge).to_have_count(0)


async def test_a_target_that_is_disabled_while_one_looks_can_be_enabled_at_once(visitor: Visitor, town: ServiceRig):
    await visitor.page.add_init_script("setInterval = () => 0")  # it asks now and then, too: that would not be at once
    await visitor.open()
    room = await visitor.enter("Channels")
    await expect(visitor.button("Test discord:high_priority")).to_be_visible()
    town.sandbox.discord.kill("high_priority")
    await town.report("RTX 5090")
    await expect(visitor.button("Enable discord:high_priority")).to_be_visible()
    await expect(room).not_to_contain_text("Paused: disabled")


async def test_what_needs_a_human_pushes_the_alerts_down_and_covers_none(visitor: Visitor, town: ServiceRig):
    for number in range(4):
        await town.report(f"Card {number}")
    await visitor.open()
    await expect(visitor.rows).to_have_count(4)
    for shop in ("bestbuy", "newegg", "amazon", "target", "walmart"):
        town.alerts._hear(ClockWrong(retailer=shop, ahead_s=90))
    await expect(visitor.strip.get_by_text("5 things need you", exact=True)).to_be_visible()
    for width in (PHONE["width"], *SCREENS):
        await resize(visitor, width)
        await free(visitor)
    await visitor.strip.get_by_role("button").click()
    await expect(visitor.strip.get_by_role("listitem")).to_have_count(5)
    await free(visitor)
    assert await visitor.barriers() == []


async def free(visitor: Visitor) -> None:
    """The strip is one thing, the rows another, and a click on a name's middle lands on that name."""
    strip = await box(visitor.strip)
    assert all(apart(strip, row) for row in await boxes(visitor.rows))
    hit = "name => { const box = name.getBoundingClientRect(); const x = box.x + 20, y = box.y + box.height / 2;"
    hit += " return y > innerHeight || name.contains(document.elementFromPoint(x, y)); }"
    for name in await visitor.names.all():
        assert await name.evaluate(hit)
