"""One alert explained, and the channels: what happened, why not, and what can be done about it."""

import re
from typing import Any

import pytest
from playwright.async_api import expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import TOKEN, ServiceRig

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import TargetDisabled
from tocsin.sandbox import Fault

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


READER: dict[str, Any] = {"secret": "a-token-for-reading-0123456789", "scopes": ["read"]}


async def test_the_details_tell_the_way_of_an_alert(visitor: Visitor, town: ServiceRig):
    receipt = await town.report("RTX 5090", metadata={"cart_url": "https://bestbuy.example/cart"})
    await town.settled(receipt, DeliveryState.SENT)
    await visitor.open()
    await visitor.button("RTX 5090").click()
    steps = ("Detected", "Accepted", "Request leaves", "The provider took it", "discord:high_priority (high band)")
    for told in (*steps, "by the route high band"):
        await expect(visitor.details).to_contain_text(told)
    cart = visitor.details.get_by_role("link", name="Add to cart")
    await expect(cart).to_have_attribute("href", "https://bestbuy.example/cart")
    await expect(cart).to_have_attribute("rel", "noopener noreferrer")


async def test_details_have_an_address_and_back_closes_them(visitor: Visitor, town: ServiceRig):
    receipt = await town.report("RTX 5090")
    await visitor.open()
    await visitor.button("RTX 5090").click()
    await expect(visitor.details).to_be_visible()
    assert visitor.page.url.endswith(f"/?alert={receipt.id}")
    await visitor.page.reload()
    await expect(visitor.details.get_by_role("heading", name="RTX 5090")).to_be_visible()
    await visitor.page.go_back()
    await expect(visitor.details).to_have_count(0)


async def test_open_details_follow_what_happens(visitor: Visitor, town: ServiceRig):
    town.sandbox.discord.kill("high_priority")
    await visitor.open()
    receipt = await town.report("RTX 5090")
    await visitor.button("RTX 5090").click()
    await town.settled(receipt, DeliveryState.REFUSED)
    await expect(visitor.details).to_contain_text("the provider refused it")


async def test_a_refused_delivery_is_sent_again_by_hand(visitor: Visitor, town: ServiceRig):
    town.sandbox.discord.kill("high_priority")
    receipt = await town.report("RTX 5090")
    await town.settled(receipt, DeliveryState.REFUSED)
    await visitor.open()
    await visitor.button("RTX 5090").click()
    await visitor.button("Retry discord:high_priority").click()
    await expect(visitor.page.get_by_text("discord:high_priority is queued again")).to_be_visible()


async def test_a_dead_target_is_shown_with_its_remedy_and_enabled_again(visitor: Visitor, town: ServiceRig):
    town.sandbox.discord.kill("high_priority")
    await town.report("RTX 5090")
    await town.told(TargetDisabled)
    await visitor.open()
    room = await visitor.enter("Channels")
    await expect(room).to_contain_text("target gone")
    await expect(room).to_contain_text("put it into the configuration, reload, then enable it")
    await visitor.button("Enable discord:high_priority").click()
    await expect(visitor.button("Test discord:high_priority")).to_be_visible()


async def test_a_lane_that_stands_still_says_why_and_until_when(visitor: Visitor, town: ServiceRig, clock: ManualClock):
    await visitor.open()
    row = (await visitor.enter("Channels")).get_by_role("listitem").filter(has_text="high_priority")
    await expect(row).to_contain_text("Open")
    town.sandbox.faults.next(
        "discord", Fault.too_many(600, "seconds", "user"), target="high_priority", action="execute"
    )
    await town.settled(await town.report("RTX 5090"), DeliveryState.PENDING)
    clock.advance(3)  # until it is worth a word
    await expect(row).to_contain_text(re.compile(r"Paused until \d\d:\d\d:\d\d: Discord asked us to wait \(429\)"))
    assert await visitor.barriers() == []
    clock.advance(601)
    await expect(row).to_contain_text("Open")
    await expect(row).not_to_contain_text("Paused")


async def test_a_test_takes_the_real_path_and_says_what_the_provider_said(visitor: Visitor, town: ServiceRig):
    await visitor.open()
    await visitor.enter("Channels")
    await visitor.button("Test discord:general").click()
    await expect(visitor.page.get_by_text("discord:general: sent (200")).to_be_visible()
    await town.room("general").expect("TEST · Test alert")
    await visitor.door("Now").click()
    await expect(visitor.rows).to_have_count(0)


async def test_a_test_looks_like_no_alert(visitor: Visitor, town: ServiceRig):
    await town.call("POST", "/api/v1/channels/discord/test", {"target": "general"})
    await visitor.open()
    row = visitor.row("Test alert")
    await expect(row).to_contain_text("TEST")
    for alerting in ("In stock", "$", "no price"):
        await expect(row).not_to_contain_text(alerting)
    await visitor.button("Test alert").click()
    await expect(visitor.details).to_contain_text("TEST, nothing is for sale")
    assert await visitor.barriers() == []


async def test_a_configuration_that_was_not_taken_is_told(visitor: Visitor, town: ServiceRig):
    town.write(discord={"rate_limit": "many"})
    await town.call("POST", "/api/v1/config/reload", status=422)
    await visitor.open()
    await expect(visitor.strip).to_contain_text("The configuration was not reloaded")


async def test_who_may_only_read_is_offered_nothing_more(visitor: Visitor, town: ServiceRig):
    await town.close()
    await town.open(tokens={"reader": READER, "story": {"secret": TOKEN, "scopes": ["admin"]}})
    town.sandbox.discord.kill("high_priority")
    await town.settled(await town.report("RTX 5090"), DeliveryState.REFUSED)
    for token, offers in ((TOKEN, 1), (READER["secret"], 0)):
        await visitor.open(token=token)
        room = await visitor.enter("Channels")
        await expect(room).to_contain_text("target gone")
        actions = ("Test discord:general", "Disable discord:general", "Enable discord:high_priority")
        for action in actions:
            await expect(visitor.button(action)).to_have_count(offers)
        await expect(room.get_by_text("by a link with the scope admin")).to_have_count(1 - offers)
        await visitor.door("Now").click()
        await visitor.button("RTX 5090").click()
        await expect(visitor.details).to_contain_text("Refused")
        await expect(visitor.button("Retry discord:high_priority")).to_have_count(offers)
