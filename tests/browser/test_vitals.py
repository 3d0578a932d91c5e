"""How the service does, at the top of the page."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Locator, expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import ServiceRig

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState
from tocsin.rules.objective import LEAST_MISSED
from tocsin.sandbox import Fault

pytestmark = pytest.mark.asyncio(loop_scope="session")


def figure(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator("dl > div", has=visitor.page.get_by_text(name, exact=True)).locator("dd")


async def test_the_figures_are_the_same_after_a_reload_and_for_everybody(
    visitor: Visitor, chromium: Browser, town: ServiceRig, clock: ManualClock
):
    """Also of what happened before anybody looked."""
    for number in range(3):
        await told_late(town, number)
    other = await Visitor.come(chromium, town)
    for somebody in (visitor, other, visitor):
        await somebody.open()
        await expect(figure(somebody, "Alerts/min")).to_have_text("3")
        await expect(figure(somebody, "p50")).to_have_text(re.compile(r"^5\.\d s$"))
        await expect(figure(somebody, "p99")).to_have_text(re.compile(r"^5\.\d s$"))
    await other.leave()


async def test_who_waits_is_in_the_figures(visitor: Visitor, town: ServiceRig, clock: ManualClock):
    town.sandbox.faults.next("discord", Fault.too_many(600, "seconds", "user"), action="execute")
    await town.settled(await town.report("RTX 5090"), DeliveryState.PENDING)
    clock.advance(3)
    await visitor.open()
    await expect(figure(visitor, "p50")).to_have_text(re.compile(r"^3\.\d s$"))
    await expect(figure(visitor, "Queue")).to_have_text(re.compile("High ?1"))


async def told_late(town: ServiceRig, number: int) -> None:
    detected_at = town.clock.now() - timedelta(seconds=5)
    receipt = await town.report(f"Card {number}", timestamp=detected_at.isoformat())
    await town.settled(receipt, DeliveryState.SENT)


async def test_the_page_says_which_channel_tells_too_late_and_how_much(visitor: Visitor, town: ServiceRig):
    await visitor.open()
    for number in range(LEAST_MISSED):
        await told_late(town, number)
    objective = visitor.page.get_by_title("burn rate")
    await expect(objective).to_contain_text("discord: too late 100")
    await expect(objective).to_have_attribute("title", re.compile("99 % of deliveries.*5 of 5 missed it", re.DOTALL))


async def test_a_delivery_says_how_long_after_its_detection_it_was_told(
    visitor: Visitor, town: ServiceRig, clock: ManualClock
):
    await told_late(town, 1)
    await visitor.open()
    await visitor.row("Card 1").locator("[data-row]").click()
    await expect(visitor.details.get_by_title("From detection to the provider's answer")).to_contain_text("after 5.0")
    await expect(visitor.details.get_by_text("before it came here")).to_be_visible()
