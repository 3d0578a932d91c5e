"""Who gets in, how often they may speak, and how they are put out."""

import asyncio
import json
from datetime import timedelta

import aiohttp
import pytest
from socketio.exceptions import ConnectionError as RefusedError
from tests.deadline import DEADLINE_S
from tests.gateway.station import NOW, Log, Station, listening, running

from tocsin.core.clock import ManualClock
from tocsin.gateway.allowance import Allowance
from tocsin.gateway.settings import GatewaySettings


@pytest.mark.parametrize(
    ("token", "namespace", "code"),
    [
        ("nobody", "/", "unauthorized"),
        ("", "/", "unauthorized"),
        (None, "/", "unauthorized"),
        (7, "/", "unauthorized"),
        ({"$ne": ""}, "/", "unauthorized"),
        ("people", "/", "forbidden"),
        ("engine", "/ops", "forbidden"),
        ("nobody", "/ops", "unauthorized"),
    ],
)
async def test_a_wrong_token_is_refused_with_its_code(station: Station, token: object, namespace: str, code: str):
    async with aiohttp.ClientSession() as session:
        refused = await connect_by_hand(session, station, namespace, {"token": token})
    assert refused["data"]["code"] == code
    assert station.gateway.gauges.refusals[code] == 1


async def connect_by_hand(session: aiohttp.ClientSession, station: Station, namespace: str, auth: dict) -> dict:
    url = f"{station.url}/socket.io/?EIO=4&transport=websocket"
    async with session.ws_connect(url) as ws:
        await ws.receive_str()
        prefix = "" if namespace == "/" else namespace + ","
        await ws.send_str(f"40{prefix}{json.dumps(auth)}")
        answer = await ws.receive_str()
        assert answer.startswith("44" + prefix)
        return json.loads(answer[2 + len(prefix) :])


async def test_a_client_without_any_auth_is_refused(station: Station):
    with pytest.raises(RefusedError):
        async with listening(station, token=None):
            pass


async def test_who_may_only_send_may_not_listen(station: Station):
    async with listening(station, token="engine") as engine:
        answer = await engine.client.call("subscribe", {})
        assert answer["error"]["code"] == "forbidden"
        assert (await engine.client.call("send_alert", {"sku": "a"}))["decision"] == "accepted"


async def test_who_may_only_listen_may_not_send(station: Station):
    async with listening(station, token="reader") as reader:
        answer = await reader.client.call("send_alert", {"sku": "a"})
    assert answer["error"]["code"] == "forbidden"
    assert station.log.all == []


async def test_a_revoked_token_takes_its_sockets_along(station: Station):
    async with listening(station, "reader") as gone, listening(station, "both", subscribe={}) as stays:
        for emit in station.tokens.revoked:
            emit("reader")
        (goodbye,) = await gone.wait_for("goodbye")
        assert goodbye["code"] == "token_revoked"
        async with asyncio.timeout(DEADLINE_S):
            await gone.disconnected.wait()
        station.publish()
        await stays.wait_for("alert")


async def test_a_token_that_ends_takes_its_sockets_along():
    clock = ManualClock(NOW)
    async with running(Station(Log(), clock=clock)) as station:
        station.tokens.ends["reader"] = NOW + timedelta(seconds=5)
        async with listening(station, "reader") as phone:
            clock.advance(6)
            (goodbye,) = await phone.wait_for("goodbye")
    assert goodbye["code"] == "token_expired"


async def test_one_token_has_no_more_sockets_than_it_may():
    async with running(Station(Log(), settings=GatewaySettings(max_sockets_per_token=1))) as station:
        async with listening(station, "reader"), listening(station, "both"):
            with pytest.raises(RefusedError):
                async with listening(station, "reader"):
                    pass
        async with listening(station, "reader"):
            pass


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_one_address_has_no_more_sockets_than_it_may(transport: str):
    async with running(Station(Log(), settings=GatewaySettings(max_sockets_per_address=1))) as station:
        async with listening(station, transports=(transport,)):
            with pytest.raises(RefusedError):
                async with listening(station, transports=(transport,)):
                    pass
        async with listening(station, transports=(transport,)):
            pass


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_who_shows_no_token_makes_room_for_those_who_come_later(transport: str):
    async with (
        running(Station(Log(), settings=GatewaySettings(max_newcomers=2))) as station,
        listening(station) as phone,
        aiohttp.ClientSession() as session,
    ):
        url = f"{station.url}/socket.io/?EIO=4&transport={transport}"
        come = session.get if transport == "polling" else session.ws_connect
        kept = [await come(url) for _ in range(4)]
        gauges = station.gateway.gauges
        assert gauges.evictions == {"crowded": 2}
        assert gauges.polling + gauges.websocket == 3
        assert await phone.client.call("subscribe", {}) == {"ok": True, "after": "e1.0"}
        assert len(kept) == 4


async def test_too_many_messages_are_refused_and_then_the_socket_is_closed(station: Station):
    async with listening(station, "reader") as phone:
        answers = [await phone.client.call("unsubscribe") for _ in range(20)]
        assert answers[0] == {"ok": True}
        assert answers[-1]["error"]["code"] == "rate_limited"
        for _ in range(200):
            await phone.client.emit("unsubscribe")
        async with asyncio.timeout(DEADLINE_S):
            await phone.disconnected.wait()
    assert station.gateway.gauges.evictions["rate_limited"] == 1


async def test_who_may_send_alerts_may_speak_faster(station: Station):
    async with listening(station, "engine") as engine:
        answers = [await engine.client.call("send_alert", {"sku": "a"}) for _ in range(60)]
    assert {answer.get("decision") for answer in answers} == {"accepted"}


def test_an_allowance_refills_steadily():
    allowance = Allowance(10, 0.0)
    assert [allowance.take(0.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert [allowance.take(0.2) for _ in range(3)] == [True, True, False]
    assert [allowance.take(100.0) for _ in range(11)] == [True] * 10 + [False]


@pytest.mark.parametrize("size", [65_000, 66_000])
async def test_a_message_has_at_most_64_kib(station: Station, size: int):
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{station.url}/socket.io/?EIO=4&transport=websocket") as ws,
    ):
        await ws.receive_str()
        await ws.send_str('40{"token":"both"}')
        await ws.receive_str()
        await ws.send_str('420["send_alert",{"sku":"' + "x" * (size - 30) + '"}]')
        answer = await ws.receive(DEADLINE_S)
    assert (answer.type is aiohttp.WSMsgType.TEXT) == (size < 65_536)
    if size > 65_536:
        assert ws.close_code == 1009


async def test_a_post_has_at_most_64_kib(station: Station):
    async with aiohttp.ClientSession() as session:
        url = f"{station.url}/socket.io/?EIO=4&transport=polling"
        async with session.get(url) as opening:
            sid = (await opening.text())[9:29]
        async with session.post(f"{url}&sid={sid}", data="4" + "x" * 70_000) as answer:
            assert answer.status == 413
        async with session.get(f"{url}&sid={sid}") as answer:
            assert answer.status == 400


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_foreign_page_is_told_so(station: Station, transport: str):
    async with aiohttp.ClientSession() as session:
        url = f"{station.url}/socket.io/?EIO=4&transport={transport}"
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        headers = {"Origin": "https://evil.example", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        async with session.get(url, headers=headers | (upgrade if transport == "websocket" else {})) as answer:
            assert answer.status == 403
