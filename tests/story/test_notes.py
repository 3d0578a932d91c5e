"""A detail that cannot be used costs the detail, not the alert; and whoever sent it is told so, at whatever door."""

from typing import Any

from tests.story.service_rig import TOKEN, ServiceRig
from tests.story.socket import Socket

from tocsin import Client
from tocsin.core.decision import Decision
from tocsin.core.errors import Detail

FLAWED = {
    "type": "in_stock",
    "retailer": "bestbuy",
    "price": 299.96999999999997,
    "url": "https://bestbuy.example/p/RTX 5090\n",
    "metadata": {"image_url": "//images.example/1.jpg", "previous_price": "$399", "lot": 7},
}
NOTED = {"url", "metadata.image_url", "metadata.previous_price"}


def paths(answer: Any) -> set[str]:
    return {note["path"] for note in answer["notes"]}


async def test_an_alert_with_a_useless_picture_goes_out_without_it(town: ServiceRig):
    await town.open()
    receipt = await town.report("RTX 5090", **FLAWED)
    message = await town.room().expect("RTX 5090")
    (embed,) = message.shown["embeds"]
    assert "image" not in embed
    assert "thumbnail" not in embed
    assert embed["url"] == "https://bestbuy.example/p/RTX%205090"
    told = await town.get(f"/api/v1/alerts/{receipt.id}")
    assert (told["price"], told["url"]) == ("299.97", "https://bestbuy.example/p/RTX%205090")
    assert told["metadata"] == {"lot": 7}


async def test_every_door_says_what_it_mended(town: ServiceRig):
    await town.open()
    receipt = await town.alerts.send_alert(**FLAWED, sku="python")
    assert {note.path for note in receipt.notes} == NOTED
    assert all(isinstance(note, Detail) for note in receipt.notes)

    async with Client(town.alerts.url, TOKEN) as client:
        assert {note.path for note in (await client.send_alert(**FLAWED, sku="client")).notes} == NOTED
        assert (await client.send_alert(**FLAWED, sku="client")).decision is Decision.DUPLICATE
        half = await client.send_alert(**FLAWED, sku="half", product_name="Pok\ud83d")
        assert {note.path for note in half.notes} == {*NOTED, "product_name"}

    one = await town.call("POST", "/api/v1/alerts", {**FLAWED, "sku": "http"}, status=202)
    assert (one["decision"], paths(one)) == ("accepted", NOTED)
    clean = {"type": "in_stock", "sku": "clean", "retailer": "bestbuy", "price": 1}
    many = await town.call("POST", "/api/v1/alerts", [{**FLAWED, "sku": "array"}, clean], status=202)
    assert paths(many["results"][0]) == NOTED
    assert "notes" not in many["results"][1]
    assert paths(await town.call("POST", "/api/v1/routes/test", {**FLAWED, "sku": "http"})) == NOTED

    async with Socket() as socket:
        await socket.connect(town.alerts.url, auth={"token": TOKEN})
        assert paths(await socket.call("send_alert", {**FLAWED, "sku": "socket"})) == NOTED


async def test_a_repeat_is_answered_with_the_same_notes(town: ServiceRig):
    await town.open()
    keyed = {**FLAWED, "sku": "keyed", "idempotency_key": "line 1"}
    first = await town.call("POST", "/api/v1/alerts", keyed, status=202)
    assert paths(first) == NOTED
    assert await town.call("POST", "/api/v1/alerts", keyed, status=202) == first
    assert (await town.call("POST", "/api/v1/alerts", [keyed], status=202))["results"] == [first]
    again = await town.call("POST", "/api/v1/alerts", {**FLAWED, "sku": "keyed"}, status=202)
    assert (again["decision"], paths(again)) == ("duplicate", NOTED)
