"""The namespace `/`, with python-socketio as the client."""

import pytest
from tests.gateway.station import Station, listening

TRANSPORTS = [("websocket",), ("polling",), ("polling", "websocket")]


@pytest.mark.parametrize("transports", TRANSPORTS, ids="-".join)
async def test_an_alert_reaches_whoever_subscribed(station: Station, transports: tuple[str, ...]):
    async with listening(station, transports=transports) as phone:
        answer = await phone.client.call("subscribe", {"skus": ["6634940"]})
        assert answer == {"ok": True, "after": "e1.0"}
        receipt = await phone.client.call("send_alert", {"sku": "6634940"})
        (alert,) = await phone.wait_for("alert")
    assert alert["id"] == receipt["id"]
    assert alert["cursor"] == "e1.1"
    assert alert["price"] == "1999.99"
