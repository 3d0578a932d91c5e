"""The main job: a detection reaches the people who asked, once, and can be explained afterwards."""

import pytest
from tests.deadline import DEADLINE_S
from tests.story.service_rig import TOKEN, ServiceRig
from tests.story.socket import Socket

from tocsin.core.decision import Decision, Reason
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import InvalidAlertError


async def test_a_detection_is_a_message_in_discord(town: ServiceRig):
    await town.open()
    receipt = await town.report("RTX 5090")
    assert (receipt.decision, receipt.reason) == (Decision.ACCEPTED, Reason.NEW)
    message = await town.room().expect("RTX 5090")
    assert "$1,999.99" in message.text
    await town.settled(receipt, DeliveryState.SENT)
    (delivery,) = await town.deliveries(receipt)
    assert delivery["state"] == "sent"
    assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["sent"]


async def test_a_detection_is_an_event_on_every_socket_that_asked(town: ServiceRig):
    await town.open()
    async with Socket() as keen, Socket() as picky:
        await keen.connect(town.alerts.url, auth={"token": TOKEN, "subscribe": {}}, transports=["websocket"])
        await picky.connect(
            town.alerts.url, auth={"token": TOKEN, "subscribe": {"retailers": ["newegg"]}}, transports=["websocket"]
        )
        await town.report("RTX 5090")
        await town.report("Ryzen 9800X3D", retailer="newegg")
        names = [(await keen.receive(timeout=DEADLINE_S))[1]["product_name"] for _ in range(2)]
        assert names == ["RTX 5090", "Ryzen 9800X3D"]
        assert (await picky.receive(timeout=DEADLINE_S))[1]["product_name"] == "Ryzen 9800X3D"


async def test_the_same_detection_again_is_counted_and_not_sent(town: ServiceRig):
    await town.open()
    first = await town.report("RTX 5090")
    again = await town.report("RTX 5090", price="2001.00")
    assert (again.decision, again.reason, again.duplicate_of) == (Decision.DUPLICATE, Reason.REPEAT, first.id)
    await town.settled(first, DeliveryState.SENT)
    shown = await town.get(f"/api/v1/alerts/{first.id}")
    assert shown["repeats"] == 1
    assert len(town.room().messages) == 1


async def test_what_the_filters_hold_back_is_kept_with_its_reason_and_sent_to_nobody(town: ServiceRig):
    await town.open(alerts={"filters": {"excluded_retailers": ["walmart"]}})
    held = await town.report("RTX 5090", retailer="Walmart")
    assert (held.decision, held.reason) == (Decision.FILTERED, Reason.EXCLUDED_RETAILER)
    listed = await town.get("/api/v1/alerts?decision=filtered")
    assert [alert["id"] for alert in listed["alerts"]] == [str(held.id)]
    await town.report("PS5 Pro")
    await town.room().expect("PS5 Pro")
    assert len(town.room().messages) == 1


async def test_a_rise_that_is_sent_as_a_price_drop_is_told_to_nobody(town: ServiceRig):
    await town.open()
    await town.settled(await town.report("RTX 5090", price="1999.99"), DeliveryState.SENT)
    rise = {"type": "price_drop", "price": "2199.99"}
    told = await town.report("RTX 5090", **rise)
    named = await town.report("PS5 Pro", **rise, metadata={"previous_price": "1999.99"})
    assert [(each.decision, each.reason) for each in (told, named)] == [(Decision.FILTERED, Reason.PRICE_ROSE)] * 2
    drop = await town.report("Switch 2", type="price_drop", price="19.99", metadata={"previous_price": "19.994"})
    await town.settled(drop, DeliveryState.SENT)
    message = await town.room().expect("Switch 2")
    assert "less" not in str(message.embeds[0])
    assert len(town.room().messages) == 2


async def test_one_currency_never_equals_another_anywhere(town: ServiceRig):
    limits = {"filters": {"products": {"ps5": {"max_price": 500, "currency": "EUR"}}}}
    await town.open(alerts=limits, products={"ps5": {"skus": ["PS5-Pro"]}})
    dollars, euros = await town.report("RTX 5090"), await town.report("RTX 5090", currency="EUR")
    assert (euros.decision, euros.reason) == (Decision.ACCEPTED, Reason.PRICE_CHANGED)
    again = [await town.report("RTX 5090", currency=currency) for currency in ("USD", "EUR")]
    assert [each.duplicate_of for each in again] == [dollars.id, euros.id]
    limited, free = await town.report("PS5 Pro", currency="EUR"), await town.report("PS5 Pro", currency="GBP")
    assert limited.reason is Reason.ABOVE_MAX_PRICE
    assert free.decision is Decision.ACCEPTED


async def test_what_is_wrong_is_named_and_nothing_is_kept(town: ServiceRig):
    await town.open()
    with pytest.raises(InvalidAlertError) as problem:
        await town.report("RTX 5090", price=-1, priority=11)
    assert {detail.path for detail in problem.value.details} == {"price", "priority"}
    assert (await town.get("/api/v1/alerts"))["alerts"] == []


async def test_bands_go_to_their_webhooks(town: ServiceRig):
    await town.open()
    await town.report("RTX 5090")
    await town.report("Steam Deck", type="restock_soon", price=None)
    await town.room("high_priority").expect("RTX 5090")
    await town.room("general").expect("Steam Deck")
    assert len(town.room("high_priority").messages) == len(town.room("general").messages) == 1


async def test_sold_out_ends_the_episode_for_sockets_and_what_still_waits(town: ServiceRig):
    await town.open(discord={"rate_limit": "1/1h"})
    await town.report("First in line")
    await town.room().expect("First in line")
    waiting = await town.report("RTX 5090")
    async with Socket() as socket:
        await socket.connect(town.alerts.url, auth={"token": TOKEN, "subscribe": {}}, transports=["websocket"])
        await town.call("POST", "/api/v1/stock", {"sku": "RTX-5090", "retailer": "BestBuy", "in_stock": False}, 200)
        name, closed = await socket.receive(timeout=DEADLINE_S)
        assert (name, closed["id"]) == ("alert_closed", str(waiting.id))
        assert closed["sold_out_after_s"] >= 0
    (delivery,) = await town.deliveries(waiting)
    assert (delivery["state"], delivery["why"]) == ("cancelled", "closed")


async def test_shadow_mode_decides_and_shows_everything_and_sends_nothing(town: ServiceRig):
    await town.open(mode="shadow")
    receipt = await town.report("RTX 5090")
    assert receipt.decision is Decision.ACCEPTED
    (delivery,) = await town.deliveries(receipt)
    assert (delivery["state"], delivery["why"]) == ("cancelled", "shadow")
    assert len(town.sandbox.journal) == 0


async def test_a_message_shows_in_place_that_its_product_is_sold_out(town: ServiceRig):
    await town.open()
    receipt = await town.report("RTX 5090")
    await town.room().expect("RTX 5090")
    await town.settled(receipt, DeliveryState.SENT)
    await town.call("POST", f"/api/v1/alerts/{receipt.id}/close")
    message = await town.room().expect_edit("RTX 5090")
    assert "~~" in message.text
    assert "**Sold out** after" in message.text
    assert len(town.room().messages) == 1
