"""The gateway over the real ledger, decisions included: the service restarts, and nobody misses or repeats an alert."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from tests.deadline import DEADLINE_S
from tests.gateway.station import listening

from tocsin import AlertService, AlertType

TOKEN = "a-token-that-is-long-enough"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "tocsin.json"
    tokens = {"all": {"secret": TOKEN, "scopes": ["read", "ingest"]}}
    path.write_text(json.dumps({"server": {"port": 0}, "tokens": tokens}))
    return path


class Running:
    """What `listening` needs to know of a service."""

    def __init__(self, service: AlertService) -> None:
        self.url = f"http://127.0.0.1:{service.front.port}"


async def send(service: AlertService, sku: str) -> None:
    receipt = await service.send_alert(type=AlertType.IN_STOCK, sku=sku, retailer="bestbuy", price=1)
    assert receipt.decision == "accepted"


async def test_what_came_while_the_service_and_the_client_were_away_is_replayed(config: Path):
    async with AlertService.from_config(config) as service:
        async with listening(Running(service), TOKEN, subscribe={}) as phone:
            answer = await phone.client.call(
                "send_alert", {"type": "in_stock", "sku": "a", "retailer": "Best Buy", "price": "1999.99"}
            )
            repeat = await phone.client.call(
                "send_alert", {"type": "in_stock", "sku": "a", "retailer": "Best Buy", "price": "1999.99"}
            )
            await send(service, "b")
            first, last = await phone.wait_for("alert", 2)
        await send(service, "c")
    assert answer == {"decision": "accepted", "reason": "new", "id": first["id"]}
    assert repeat["duplicate_of"] == first["id"]
    async with AlertService.from_config(config) as service:
        await send(service, "d")
        async with listening(Running(service), TOKEN, subscribe={"after": last["cursor"]}) as phone:
            (resumed,) = await phone.wait_for("resumed")
            await send(service, "e")
            await phone.wait_for("alert", 3)
    assert [alert["sku"] for alert in phone.all("alert")] == ["c", "d", "e"]
    assert (resumed["count"], resumed["complete"]) == (2, True)


async def test_an_invalid_alert_is_answered_as_over_http(config: Path):
    async with AlertService.from_config(config) as service, listening(Running(service), TOKEN) as phone:
        answer = await phone.client.call("send_alert", {"type": "in_stock", "sku": "a"})
    assert (answer["ok"], answer["decision"]) == (False, "invalid")
    assert {detail["path"] for detail in answer["error"]["details"]} == {"retailer", "price"}


async def test_a_number_that_is_none_is_answered_and_the_socket_goes_on(config: Path):
    def sent(ack: int, price: str) -> str:
        half = '"type":"in_stock","sku":"a","retailer":"b","product_name":"a \\ud83d"'
        return f'42{ack}["send_alert",{{{half},"price":{price}}}]'

    async with (
        AlertService.from_config(config) as service,
        aiohttp.ClientSession(Running(service).url) as session,
        session.ws_connect("/socket.io/?EIO=4&transport=websocket") as ws,
    ):
        await ws.receive_str()
        await ws.send_str(f'40{{"token":"{TOKEN}"}}')
        await ws.receive_str()
        await ws.send_str(sent(1, "1e400"))
        await ws.send_str('422["subscribe",NaN]')
        await ws.send_str(sent(3, "1.5"))
        answers = {}
        async with asyncio.timeout(DEADLINE_S):
            while len(answers) < 3:
                text = await ws.receive_str()
                answers[text[2]] = json.loads(text[3:])[0]
    for ack in ("1", "2"):
        assert (answers[ack]["ok"], answers[ack]["error"]["code"]) == (False, "not_json")
    assert (answers["3"]["decision"], answers["3"]["notes"][0]["path"]) == ("accepted", "product_name")


async def test_the_end_of_stock_is_told_with_how_long_it_lasted(config: Path):
    async with (
        AlertService.from_config(config) as service,
        listening(Running(service), TOKEN, subscribe={"skus": ["a"]}) as phone,
    ):
        await send(service, "a")
        await service.pipeline.intake.close(sku="a", retailer="bestbuy")
        (closed,) = await phone.wait_for("alert_closed")
    assert closed["sku"] == "a"
    assert 0 <= closed["sold_out_after_s"] < 60
