"""Monitors over HTTP: registered, heard, lost and back."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.web.house import House, open_house

from tocsin.core.clock import ManualClock
from tocsin.core.facts import MonitorBack, MonitorLost
from tocsin.pipeline.watch.monitors import MOST

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = "/api/v1/monitors/bestbuy-1"
WATCH = {"retailer": "bestbuy", "skus": ["6634940"], "interval": 10}


async def listed(house: House) -> dict[str, Any]:
    status, told = await house.call("GET", "/api/v1/monitors", token="reader")
    assert status == 200
    return {monitor["id"]: monitor for monitor in told["monitors"]}


async def registered(house: House, **changes: Any) -> Any:
    return await house.call("PUT", ONE, token="engine", json=WATCH | changes)


def news(house: House) -> list[Any]:
    return [fact for fact in house.facts if isinstance(fact, MonitorLost | MonitorBack)]


async def test_a_monitor_is_registered_heard_and_forgotten(house: House):
    status, made = await registered(house)
    assert (status, made["state"], made["skus"], made["interval"]) == (200, "active", ["6634940"], 10.0)
    status, heard = await house.call("POST", ONE + "/heartbeat", token="engine")
    assert status == 200
    assert heard["heard_at"] >= made["heard_at"]
    assert heard["registered_at"] == made["registered_at"]
    status, changed = await registered(house, retailer="newegg", skus=[])
    assert (changed["retailer"], changed["registered_at"]) == ("newegg", made["registered_at"])
    assert await listed(house) == {"bestbuy-1": changed}
    assert (await house.call("DELETE", ONE, token="engine"))[0] == 200
    assert await listed(house) == {}
    assert (await house.call("DELETE", ONE, token="engine"))[0] == 404
    assert (await house.call("POST", ONE + "/heartbeat", token="engine"))[0] == 404


async def test_a_silent_monitor_is_lost_once_and_back_with_its_next_sign_of_life(tmp_path: Path):
    clock = ManualClock(NOON)
    async with open_house(tmp_path, clock=clock) as house:
        await registered(house)
        clock.advance(30)
        await house.services.pipeline.watch.monitors.watch()
        assert (await listed(house))["bestbuy-1"]["state"] == "active"
        clock.advance(1)
        await house.services.pipeline.watch.monitors.watch()
        await house.services.pipeline.watch.monitors.watch()
        assert (await listed(house))["bestbuy-1"]["state"] == "lost"
        assert house.services.pipeline.watch.monitors.counted() == {"active": 0, "lost": 1}
        await house.call("POST", ONE + "/heartbeat", token="engine")
        await house.call("POST", ONE + "/heartbeat", token="engine")
        assert (await listed(house))["bestbuy-1"]["state"] == "active"
        assert [type(fact) for fact in news(house)] == [MonitorLost, MonitorBack]


async def test_our_own_absence_makes_nobody_lost_and_lost_ones_stay_lost(tmp_path: Path):
    clock = ManualClock(NOON)
    async with open_house(tmp_path, clock=clock) as house:
        await registered(house)
        await house.call("PUT", "/api/v1/monitors/newegg-1", token="engine", json=WATCH | {"interval": 1})
        clock.advance(20)
        await house.services.pipeline.watch.monitors.watch()
    clock.advance(3600)
    async with open_house(tmp_path, clock=clock) as house:
        await house.services.pipeline.watch.monitors.watch()
        states = {name: monitor["state"] for name, monitor in (await listed(house)).items()}
        assert states == {"bestbuy-1": "active", "newegg-1": "lost"}
        clock.advance(31)
        await house.services.pipeline.watch.monitors.watch()
        assert (await listed(house))["bestbuy-1"]["state"] == "lost"


@pytest.mark.parametrize(
    "changes",
    [
        {"interval": 0},
        {"interval": "soon"},
        {"interval": 1e9},
        {"retailer": ""},
        {"skus": "6634940"},
        {"colour": "red"},
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_kept(house: House, changes: dict[str, Any]):
    status, told = await registered(house, **changes)
    assert status == 422
    assert [detail["path"] for detail in told["error"]["details"]] == list(changes)
    assert await listed(house) == {}


async def test_only_who_brings_alerts_speaks_for_monitors(house: House):
    for method, path in (("PUT", ONE), ("DELETE", ONE), ("POST", ONE + "/heartbeat")):
        assert (await house.call(method, path, token="reader", json=WATCH))[0] == 403
    assert (await house.call("GET", "/api/v1/monitors", token="engine"))[0] == 403


async def test_there_is_room_for_a_bounded_number(house: House):
    monitors = house.services.pipeline.watch.monitors
    minute = timedelta(minutes=1)
    await asyncio.gather(*(monitors.register(str(number), "bestbuy", (), minute) for number in range(MOST)))
    status, told = await registered(house)
    assert (status, told["error"]["code"]) == (422, "invalid_request")
