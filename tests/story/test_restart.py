"""What those who listen notice of a restart: a word before, and nothing missing after."""

from tests.deadline import DEADLINE_S
from tests.story.service_rig import TOKEN, ServiceRig
from tests.story.socket import Socket


async def test_sockets_are_told_to_come_back_and_miss_nothing(town: ServiceRig):
    await town.open()
    port = town.alerts.front.port
    async with Socket() as socket:
        await socket.connect(town.alerts.url, auth={"token": TOKEN, "subscribe": {}}, transports=["websocket"])
        await town.report("Before")
        _, before = await socket.receive(timeout=DEADLINE_S)
        await town.close()
        name, goodbye = await socket.receive(timeout=DEADLINE_S)
        assert (name, goodbye["code"]) == ("goodbye", "restart")
    await town.open(server={"port": port})
    await town.report("After")
    async with Socket() as socket:
        again = {"token": TOKEN, "subscribe": {"after": before["cursor"]}}
        await socket.connect(town.alerts.url, auth=again, transports=["websocket"])
        heard = [await socket.receive(timeout=DEADLINE_S) for _ in range(2)]
    assert [event[0] for event in heard] == ["alert", "resumed"]
    assert heard[0][1]["product_name"] == "After"
    assert heard[1][1]["complete"] is True
