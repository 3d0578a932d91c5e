"""The namespace `/`, with python-socketio as the client."""

import asyncio
from datetime import timedelta
from types import MappingProxyType

import pytest
from tests.deadline import DEADLINE_S
from tests.gateway.station import Log, Station, listening, running, until

from tocsin.core.alert import AlertType
from tocsin.gateway.settings import GatewaySettings

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


async def test_a_subscription_may_come_with_the_connect(station: Station):
    async with listening(station, subscribe={"types": ["price_drop"]}) as phone:
        station.publish(type=AlertType.IN_STOCK)
        station.publish(type=AlertType.PRICE_DROP)
        (alert,) = await phone.wait_for("alert")
    assert alert["type"] == "price_drop"


async def test_the_end_of_an_episode_is_told_to_whom_it_was_told_before(station: Station):
    async with listening(station, subscribe={"skus": ["a"]}) as phone, listening(station, subscribe={"skus": ["b"]}):
        (event,) = station.publish(sku="a")
        station.close(event, timedelta(minutes=3, seconds=12))
        (closed,) = await phone.wait_for("alert_closed")
    assert closed == {
        "id": str(event.record.alert.id),
        "sku": "a",
        "retailer": "bestbuy",
        "sold_out_after_s": 192.0,
        "cursor": "e1.2",
    }


async def test_the_last_subscription_counts(station: Station):
    async with listening(station) as phone:
        await phone.client.call("subscribe", {"skus": ["a"]})
        await phone.client.call("subscribe", {"skus": ["b"]})
        station.publish(sku="a")
        station.publish(sku="b")
        await phone.wait_for("alert")
        assert await phone.client.call("unsubscribe") == {"ok": True}
        station.publish(sku="b")
        await phone.client.call("subscribe")
        station.publish(sku="c")
        await phone.wait_for("alert", 2)
    assert [alert["sku"] for alert in phone.all("alert")] == ["b", "c"]
    await until(lambda: station.gateway.gauges.interests == 0)


async def test_changing_a_subscription_while_alerts_fly_neither_repeats_nor_skips(station: Station):
    async with listening(station, subscribe={"skus": ["a"]}) as phone:
        acks: list[int] = []
        for turn in range(20):
            station.publish(3, sku="a")
            change = asyncio.create_task(phone.client.call("subscribe", {"skus": ["a", f"other {turn}"]}))
            for _ in range(30):
                station.publish(sku="a")
                await asyncio.sleep(0)
            acks.append(int((await change)["after"].partition(".")[2]))
        await phone.wait_for("alert", len(station.log.all))
    assert phone.positions == list(range(1, len(station.log.all) + 1))
    assert acks == sorted(acks)


@pytest.mark.parametrize(
    ("wish", "path"),
    [
        ({"sku": ["a"]}, "sku"),
        ({"types": ["sold_out"]}, "types"),
        ({"min_priority": 11}, "min_priority"),
        ({"unrouted": True}, "unrouted"),
    ],
)
async def test_a_wrong_subscription_is_told_what_is_wrong(station: Station, wish: dict, path: str):
    async with listening(station) as phone:
        answer = await phone.client.call("subscribe", wish)
    assert answer["ok"] is False
    assert answer["error"]["code"] == "invalid_request"
    assert [detail["path"] for detail in answer["error"]["details"]] == [path]


@pytest.mark.parametrize("wish", ["everything", 7, ["a"], {"after": 7}, {"after": "garbage"}, {"after": "e1.99"}])
async def test_garbage_in_a_subscription_is_told_apart(station: Station, wish: object):
    async with listening(station) as phone:
        answer = await phone.client.call("subscribe", wish)
    assert answer["ok"] is False
    assert answer["error"]["code"] == "invalid_request"


@pytest.mark.parametrize("value", ["buy!", '{"sku": "a"}', None, [{"sku": "a"}], b"a", {"no": "sku"}])
async def test_an_alert_that_is_none_is_answered_with_the_error(station: Station, value: object):
    async with listening(station) as phone:
        answer = await phone.client.call("send_alert", value)
    assert (answer["ok"], answer["error"]["code"], answer["error"]["details"]) == (False, "invalid_alert", [])


async def test_an_event_that_nobody_knows_is_answered(station: Station):
    async with listening(station) as phone, listening(station, namespace="/ops") as operator:
        answer = await phone.client.call("send_alarm", {"sku": "a"})
        assert (answer["ok"], answer["error"]["code"], answer["error"]["details"]) == (False, "invalid_request", [])
        assert "'send_alert'" in answer["error"]["message"]
        assert "subscribe, unsubscribe, send_alert" in (await phone.client.call("\ud83d"))["error"]["message"]
        answer = await operator.client.call("retry", namespace="/ops")
        assert (answer["ok"], answer["error"]["code"]) == (False, "invalid_request")
    assert station.gateway.gauges.unknown_events == 3


async def test_who_asks_for_no_answer_gets_none(station: Station):
    async with listening(station) as phone:
        await phone.client.emit("subscribe", {})
        await phone.client.emit("send_alert", {"sku": "a"})
        await phone.client.emit("no such event", {"sku": "a"})
        await phone.wait_for("alert")
    assert station.gateway.gauges.unknown_events == 1


async def test_bookmarks_carry_the_cursor_of_the_head():
    settings = GatewaySettings(bookmark_every=0.05, ping_timeout=0.1)
    async with running(Station(Log(), settings=settings)) as station, listening(station) as phone:
        await phone.client.call("subscribe", {"skus": ["none"]})
        station.publish(5, sku="other")
        async with asyncio.timeout(DEADLINE_S):
            while "e1.5" not in await phone.wait_for("cursor", len(phone.all("cursor")) + 1):
                pass
    assert phone.all("alert") == []


async def test_a_stop_tells_everyone_when_to_come_back(station: Station):
    async with listening(station) as one, listening(station, transports=("polling",)) as other:
        await station.gateway.stop()
        for phone in (one, other):
            (goodbye,) = await phone.wait_for("goodbye")
            assert goodbye["code"] == "restart"
            assert 0 <= goodbye["retry_after_s"] <= station.settings.reconnect_spread
            async with asyncio.timeout(DEADLINE_S):
                await phone.disconnected.wait()


async def test_a_burst_of_thousands_makes_nobody_a_slow_reader(station: Station):
    async with listening(station, subscribe={}) as phone, listening(station, subscribe={"skus": ["b"]}) as other:
        station.publish(3000, product_name="x" * 1000)
        assert (await phone.client.call("subscribe", {"skus": ["b"]}))["ok"] is True
        station.publish(sku="b")
        await phone.wait_for("alert", 3001)
        await other.wait_for("alert")
    assert phone.positions == list(range(1, 3002))
    assert not station.gateway.gauges.evictions


@pytest.mark.parametrize("metadata", [{"n": 10**40}, {"text": "\ud800"}, {"deep": MappingProxyType({"a": {1, 2}})}])
async def test_an_odd_alert_of_our_own_process_is_told_like_any_other(station: Station, metadata: dict):
    async with listening(station, subscribe={}) as phone:
        station.publish(metadata=metadata)
        station.publish()
        await phone.wait_for("alert", 2)
    assert phone.positions == [1, 2]
    assert list(phone.all("alert")[0]["metadata"]) == list(metadata)
