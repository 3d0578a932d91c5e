"""Coming back: what was missed is sent once, in order, and then it is live."""

import asyncio
from random import Random

import aiohttp
import pytest
import socketio
from tests.deadline import DEADLINE_S
from tests.gateway.station import Listener, Log, Station, listening, running

from tocsin.gateway.packets import Packets
from tocsin.gateway.replay import STEP, Shelf
from tocsin.gateway.settings import GatewaySettings


async def test_what_was_missed_is_replayed_before_what_is_live(station: Station):
    station.publish(5)
    async with listening(station) as phone:
        answer = await phone.client.call("subscribe", {"after": "e1.2"})
        assert answer == {"ok": True, "after": "e1.2"}
        (resumed,) = await phone.wait_for("resumed")
        station.publish(2)
        await phone.wait_for("alert", 5)
    assert resumed == {"after": "e1.5", "count": 3, "complete": True}
    assert phone.positions == [3, 4, 5, 6, 7]
    assert [name for name, _ in phone.heard].index("resumed") == 3


async def test_only_what_meets_the_interest_is_replayed(station: Station):
    for sku in "abcab":
        station.publish(sku=sku)
    async with listening(station, subscribe={"skus": ["b"], "after": "e1.0"}) as phone:
        (resumed,) = await phone.wait_for("resumed")
    assert resumed["count"] == 2
    assert phone.positions == [2, 5]


async def test_a_long_absence_is_replayed_while_alerts_go_on(station: Station):
    station.publish(5 * STEP)
    async with listening(station) as phone:
        resume = asyncio.create_task(phone.client.call("subscribe", {"after": "e1.0"}))
        while not phone.all("resumed"):
            station.publish()
            await asyncio.sleep(0.002)
        await resume
        station.publish()
        await phone.wait_for("alert", len(station.log.all))
    assert phone.positions == list(range(1, len(station.log.all) + 1))


async def test_the_cursor_outlives_a_restart():
    log = Log()
    async with running(Station(log)) as before, listening(before, subscribe={}) as phone:
        before.publish(3)
        seen = (await phone.wait_for("alert", 3))[1]["cursor"]
    log.add()
    async with running(Station(log)) as after, listening(after, subscribe={"after": seen}) as phone:
        (resumed,) = await phone.wait_for("resumed")
        assert phone.positions == [3, 4]
    assert resumed == {"after": "e1.4", "count": 2, "complete": True}


async def test_past_retention_it_is_said_that_something_is_missing():
    log = Log()
    for _ in range(10):
        log.add()
    log.prune(up_to=6)
    async with running(Station(log)) as station, listening(station, subscribe={"after": "e1.2"}) as phone:
        (resumed,) = await phone.wait_for("resumed")
    assert resumed == {"after": "e1.10", "count": 4, "complete": False}
    assert phone.positions == [7, 8, 9, 10]


async def test_everything_past_retention_is_an_end_too():
    log = Log()
    for _ in range(10):
        log.add()
    async with running(Station(log)) as station:
        log.prune(up_to=10)
        async with listening(station, subscribe={"after": "e1.2"}) as phone:
            (resumed,) = await phone.wait_for("resumed")
    assert resumed == {"after": "e1.10", "count": 0, "complete": False}


async def test_a_cursor_of_another_ledger_begins_now_and_says_so(station: Station):
    station.publish(3)
    async with listening(station, subscribe={"after": "another.2"}) as phone:
        (resumed,) = await phone.wait_for("resumed")
        station.publish()
        await phone.wait_for("alert")
    assert resumed == {"after": "e1.3", "count": 0, "complete": False}
    assert phone.positions == [4]


@pytest.mark.parametrize("after", ["e1.4", "e1", "", "e1.x", "e1.-1", "e1." + "9" * 30, 3, {}])
async def test_a_cursor_that_nobody_gave_out_is_a_clear_error(station: Station, after: object):
    station.publish(3)
    async with listening(station) as phone:
        answer = await phone.client.call("subscribe", {"after": after})
    assert answer["error"]["code"] == "invalid_request"
    assert "after" in answer["error"]["message"]


async def test_large_alerts_are_replayed_in_pieces_that_make_nobody_a_slow_reader():
    async with running(Station(Log(), settings=GatewaySettings(max_buffer=600_000))) as station:
        station.publish(200, metadata={"text": "x" * 15_000})
        async with listening(station, subscribe={"after": "e1.0"}) as phone:
            await phone.wait_for("resumed")
    assert phone.positions == list(range(1, 201))
    assert not station.gateway.gauges.evictions


async def test_a_change_during_the_replay_goes_on_from_where_it_stands(station: Station):
    station.publish(4 * STEP, sku="a")
    async with listening(station) as phone:
        first = asyncio.create_task(phone.client.call("subscribe", {"skus": ["a"], "after": "e1.0"}))
        second = asyncio.create_task(phone.client.call("subscribe", {"skus": ["a", "b"]}))
        await asyncio.gather(first, second)
        await phone.wait_for("resumed")
        station.publish(sku="b")
        await phone.wait_for("alert", len(station.log.all))
    assert phone.positions == list(range(1, len(station.log.all) + 1))
    assert len(phone.all("resumed")) == 1


async def test_a_failed_read_is_told_and_tried_again(station: Station):
    station.publish(3)
    station.gateway._stream.replay.shelf = Shelf(0)
    events, failed = station.log.events, asyncio.Event()

    async def fail(after: int, limit: int) -> tuple:
        station.log.events = events
        failed.set()
        raise OSError("disk")

    station.log.events = fail
    async with listening(station, subscribe={"after": "e1.0"}) as phone:
        await phone.wait_for("resumed")
    assert failed.is_set()
    assert phone.positions == [1, 2, 3]
    assert [fact.what for fact in station.facts] == ["replay_failed"]


async def test_a_storm_of_returning_clients_is_served_from_one_shelf(station: Station):
    station.publish(1000)
    async with asyncio.TaskGroup() as storm:
        for _ in range(40):
            storm.create_task(return_once(station))
    assert station.log.reads < 40
    assert station.gateway.gauges.resumes == 40
    assert station.gateway.gauges.resumed_events == 40 * 100


async def return_once(station: Station) -> None:
    async with listening(station, subscribe={"after": "e1.900"}) as phone:
        await phone.wait_for("resumed")
        assert phone.positions == list(range(901, 1001))


async def test_clients_that_are_cut_at_random_end_with_every_alert_once():
    """They lose their connection, the server once too; each remembers its last cursor."""
    log, random = Log(), Random(7)
    async with running(Station(log)) as station:
        clients = [Wanderer(random.random()) for _ in range(12)]
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(client.wander(station, rounds=4))
            group.create_task(publish_until(station, clients))
    async with running(Station(log)) as station:
        station.publish(3)
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(client.wander(station, rounds=1, until=len(log.all)))
    assert len(log.all) > 20
    for client in clients:
        assert client.seen == list(range(1, len(log.all) + 1))


async def publish_until(station: Station, clients: list["Wanderer"]) -> None:
    while any(client.rounds_left for client in clients):
        station.publish()
        await asyncio.sleep(0.02)


class Wanderer:
    def __init__(self, patience: float) -> None:
        self.seen: list[int] = []
        self.rounds_left = 1
        self._patience = patience

    async def wander(self, station: Station, rounds: int, until: int = 0) -> None:
        self.rounds_left = rounds
        while self.rounds_left:
            after = f"e1.{self.seen[-1] if self.seen else 0}"
            async with aiohttp.ClientSession() as http:
                client = socketio.AsyncClient(reconnection=False, http_session=http)
                listener = Listener(client)
                await client.connect(
                    station.url,
                    auth={"token": "both", "subscribe": {"after": after}},
                    transports=["websocket"],
                    wait_timeout=DEADLINE_S,
                )
                await listener.wait_for("alert", until - len(self.seen) if until else 1 + int(self._patience * 10))
                client.eio.ws._response.connection.transport.abort()
                await client.shutdown()
            self.seen += listener.positions
            self.rounds_left -= 1


def test_an_event_is_encoded_once_and_forgotten_past_the_bound():
    log = Log()
    first, second = log.add(), log.add()
    packets = Packets("e1", memory=1600)
    packet = packets.of(first)
    assert packets.of(first) is packet
    packets.of(second)
    assert packets.of(first) is not packet
    assert packets.of(first).text == packet.text
