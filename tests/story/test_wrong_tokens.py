"""Somebody tries one token after the other, over HTTP and at the live socket alike."""

import pytest
import socketio
from socketio.exceptions import ConnectionError as RefusedError
from tests.story.service_rig import TOKEN, ServiceRig
from tests.story.socket import Socket

from tocsin.access.throttle import FREE


async def test_who_guesses_has_to_wait_at_every_door_and_whoever_is_in_goes_on(town: ServiceRig):
    await town.open()
    await town.get("/api/v1/alerts")
    for number in range(FREE):
        async with town._http.get(
            f"{town.alerts.url}/api/v1/alerts", headers={"Authorization": f"Bearer guess-{number}"}
        ) as answer:
            assert answer.status == 401
    async with Socket(reconnection=False) as client:
        refusals: list[dict[str, object]] = []
        client.client_class = _hearing(refusals)
        with pytest.raises(RefusedError):
            await client.connect(town.alerts.url, auth={"token": "one guess more"}, transports=["websocket"])
    (refused,) = refusals
    assert refused["data"]["code"] == "rate_limited"
    assert refused["data"]["retry_after_s"] >= 1
    await town.get("/api/v1/alerts")
    async with Socket(reconnection=False) as client:
        await client.connect(town.alerts.url, auth={"token": TOKEN}, transports=["websocket"])


def _hearing(refusals: list[dict[str, object]]) -> type[socketio.AsyncClient]:
    class Hearing(socketio.AsyncClient):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, **kwargs)
            self.on("connect_error", refusals.append)

    return Hearing
