"""An alert becomes a notification in somebody's browser: by its push service, encrypted, and taken back in time."""

import stat
from typing import Any

import pytest
from tests.deadline import DEADLINE_S
from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import PartRefused, TargetDisabled
from tocsin.sandbox import Fault
from tocsin.sandbox.browser.browsers import Screen

S = DeliveryState
HOME = "127.0.0.0/8"
ME = "/api/v1/me/browsers"


async def pushing(town: ServiceRig, *names: str, **web: Any) -> list[Screen]:
    """A service that tells browsers, and somebody with these: each has subscribed on the dashboard."""
    await town.open(
        alerts={"channels": {"push": {"enabled": True, "web": {**WEB, **web}}}},
        retailers={"bestbuy": {"name": "Best Buy"}},
        routes=[{"name": "all", "match": {}, "to": ["push:everyone"]}],
    )
    return [await subscribed(town, name) for name in names]


WEB = {"contact": "mailto:ops@example.org", "allow_networks": [HOME]}


async def subscribed(town: ServiceRig, name: str) -> Screen:
    key = (await town.get(f"{ME}/key"))["key"]
    browser = town.sandbox.browser.browser(name)
    browser.server_key = key
    await town.call("POST", ME, given(browser.subscription), 201)
    return town.sandbox.browser.screen(name)


def given(subscription: dict[str, Any]) -> dict[str, Any]:
    return {name: subscription[name] for name in ("endpoint", "keys")}


async def standing(town: ServiceRig) -> list[tuple[str, str | None]]:
    """Of each browser that is known: its state, and why."""
    contacts = (await town.get("/api/v1/contacts"))["contacts"]
    return sorted((one["state"], one.get("why")) for contact in contacts for one in contact["addresses"])


async def test_an_alert_is_shown_in_the_browser(town: ServiceRig):
    (screen,) = await pushing(town, "ada")
    receipt = await town.report("GeForce RTX 5090")
    shown = await screen.expect("RTX 5090", DEADLINE_S)
    assert "Best Buy" in shown["body"]
    assert "$1,999.99" in shown["body"]
    assert shown["navigate"] == "https://bestbuy.example/GeForce-RTX-5090"
    sent = await town.settled(receipt, S.SENT)
    (push,) = screen.browser.pushes
    assert push.urgency == "high"
    assert 0 < push.ttl <= 600
    assert shown["data"]["id"] == str(sent.id)
    key = town.folder / "vapid.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert screen.browser.endpoint not in repr(town.facts)


async def test_a_browser_whose_permission_was_taken_back_is_forgotten_and_the_others_go_on(town: ServiceRig):
    ada, bob = await pushing(town, "ada", "bob")
    ada.browser.gone = True
    refused = await town.settled(await town.report("RTX 5090"), S.REFUSED)
    assert "gone" in refused.detail
    await bob.expect("RTX 5090", DEADLINE_S)
    await town.settled(await town.report("RTX 5080"), S.SENT)
    await bob.expect("RTX 5080", DEADLINE_S)
    assert ada.shown == []
    assert await standing(town) == [("active", None), ("dead", "gone")]
    asked = [entry for entry in town.sandbox.journal if entry.provider == "browser" and entry.target == "ada"]
    assert len(asked) == 1
    assert not [fact for fact in town.facts if isinstance(fact, TargetDisabled)]
    await town.call("POST", ME, given(ada.browser.subscription))  # its owner allows it again
    ada.browser.gone = False
    await town.report("RTX 5070")
    await ada.expect("RTX 5070", DEADLINE_S)


async def test_sold_out_takes_back_what_nobody_has_seen(town: ServiceRig):
    away, there = await pushing(town, "away", "there")
    away.browser.online = False
    receipt = await town.report("RTX 5090")
    await there.expect("RTX 5090", DEADLINE_S)
    await town.until(lambda: len(away.browser.waiting) == 1 or None)
    await town.settled(receipt, S.SENT)
    await town.alerts.close(sku="RTX-5090", retailer="bestbuy")
    over = await there.expect("Sold out", DEADLINE_S)
    assert (over["silent"], len(there.shown)) == (True, 1)
    await town.sandbox.journal.until(lambda: True if not away.browser.waiting else None, DEADLINE_S)
    town.sandbox.browser.come("away")
    assert away.browser.pushes == []


async def test_where_nothing_can_be_taken_back_the_end_takes_its_place(town: ServiceRig):
    town.sandbox.browser.takes_back = False
    (away,) = await pushing(town, "away")
    away.browser.online = False
    await town.settled(await town.report("RTX 5090"), S.SENT)
    await town.alerts.close(sku="RTX-5090", retailer="bestbuy")
    await town.sandbox.journal.until(
        lambda: next((one for one in away.browser.waiting if one.notification["data"]["over"]), None), DEADLINE_S
    )
    town.sandbox.browser.come("away")
    (only,) = away.browser.pushes
    assert "Sold out" in f"{only.notification['title']} {only.notification['body']}"
    assert await standing(town) == [("active", None)]


async def test_a_push_whose_answer_was_lost_is_repeated_and_stands_there_once(town: ServiceRig):
    (screen,) = await pushing(town, "ada")
    town.sandbox.faults.next("browser", Fault.lost("reset"), action="push")
    receipt = await town.report("RTX 5090")
    await town.settled(receipt, S.SENT)
    assert [one.notification["data"]["id"] for one in screen.browser.pushes] == [
        screen.shown[0]["data"]["id"],
    ] * len(screen.browser.pushes)
    assert len(screen.shown) == 1
    assert not town.sandbox.journal.repeated("browser")


@pytest.mark.parametrize("fault", [Fault.status(503), Fault.too_many(1)])
async def test_a_push_service_in_trouble_is_asked_again(town: ServiceRig, fault: Fault):
    (screen,) = await pushing(town, "ada")
    town.sandbox.faults.next("browser", fault, action="push")
    await town.report("RTX 5090")
    await screen.expect("RTX 5090", DEADLINE_S)


async def test_a_token_that_apple_does_not_take_is_no_dead_subscription(town: ServiceRig):
    await pushing(town, "ada", contact="mailto:ops@box.local")
    receipt = await town.report("RTX 5090")
    waiting = await town.settled(receipt, S.PENDING)
    assert "BadJwtToken" in waiting.detail
    assert "Web Push" in (await town.told(PartRefused)).about  # operators are told
    assert await standing(town) == [("active", None)]


async def test_a_browser_that_has_been_given_another_subscription_is_told_there(town: ServiceRig):
    (old,) = await pushing(town, "old")
    fresh = town.sandbox.browser.browser("fresh")
    renewal = {"old": given(old.browser.subscription), "new": given(fresh.subscription)}
    stolen = {**renewal["old"], "keys": {**renewal["old"]["keys"], "auth": "A" * 22}}
    await town.call("POST", "/api/v1/browsers/renew", {**renewal, "old": stolen}, 404)
    await town.call("POST", "/api/v1/browsers/renew", renewal)
    await town.report("RTX 5090")
    await town.sandbox.browser.screen("fresh").expect("RTX 5090", DEADLINE_S)
    assert old.shown == []
    assert await standing(town) == [("active", None)]


async def test_a_push_service_in_a_private_network_is_neither_kept_nor_called(town: ServiceRig):
    (screen,) = await pushing(town, "ada")
    other = {**given(screen.browser.subscription), "endpoint": "https://10.0.0.1/wpush/v2/ada"}
    told = await town.call("POST", ME, other, 422)
    assert "10.0.0.1 is not called" in told["error"]["message"]
    await town.close()
    await town.open(
        alerts={"channels": {"push": {"enabled": True, "web": {**WEB, "allow_networks": []}}}},
        routes=[{"name": "all", "match": {}, "to": ["push:everyone"]}],
    )
    refused = await town.settled(await town.report("RTX 5090"), S.REFUSED)
    assert "127.0.0.1" in refused.detail or "https" in refused.detail
    assert screen.shown == []
