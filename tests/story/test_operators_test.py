"""A test by an operator is a message on the real path, and an alert to nobody."""

from tests.deadline import DEADLINE_S
from tests.story.service_rig import TOKEN, ServiceRig
from tests.story.socket import Socket

from tocsin.core.facts import DeliveryMoved


async def test_a_test_says_so_in_discord_and_rings_out_to_nobody(town: ServiceRig):
    everyone = [{"match": {}, "everyone": True}]
    hook = {"url": town.sandbox.discord.webhook("general"), "mentions": everyone}
    await town.open(discord={"webhooks": {"general": hook}})
    answer = await town.call("POST", "/api/v1/channels/discord/test", {"target": "general"})
    assert (answer["state"], answer["status"]) == ("sent", 200)
    message = await town.room("general").expect("TEST · Test alert")
    assert "nothing is for sale" in message.text
    for word in ("IN STOCK", "Buy", "$", "@everyone"):
        assert word not in message.text


async def test_no_socket_hears_of_a_test_and_no_figure_counts_it(town: ServiceRig):
    await town.open()
    async with Socket() as reader:
        auth = {"token": TOKEN, "subscribe": {}}
        await reader.connect(town.alerts.url, auth=auth, transports=["websocket"])
        before = await figures(town)
        await town.call("POST", "/api/v1/channels/discord/test", {"target": "general"})
        town.sandbox.discord.kill("high_priority")
        refused = await town.call("POST", "/api/v1/channels/discord/test", {"target": "high_priority"})
        assert refused["state"] == "refused"
        assert await figures(town) == before
        assert all(fact.delivery.is_test for fact in town.facts if isinstance(fact, DeliveryMoved))
        await town.report("after the tests", retailer="newegg")
        name, heard = await reader.receive(timeout=DEADLINE_S)
    assert (name, heard["product_name"]) == ("alert", "after the tests")


async def test_the_end_of_a_test_ends_no_episode(town: ServiceRig):
    """Whoever closes the test of a product that is really in stock has not sold it out."""
    await town.open()
    test = await town.call("POST", "/api/v1/channels/discord/test", {"target": "general"})
    real = await town.report("Test alert", sku="TEST", retailer="tocsin")
    closed = await town.call("POST", f"/api/v1/alerts/{test['alert']}/close")
    assert closed == {"closed": [], "cancelled": 0}
    assert (await town.get(f"/api/v1/alerts/{real.id}"))["state"] == "open"


async def figures(town: ServiceRig) -> list[str]:
    """All that is counted of alerts, attempts, deliveries, latency and the objective."""
    lines = town.alerts.telemetry.exposition().decode().splitlines()
    counted = ("tocsin_alert", "tocsin_attempt", "tocsin_deliveries", "tocsin_objective")
    return [line for line in lines if line.startswith(counted) and "_created" not in line]
