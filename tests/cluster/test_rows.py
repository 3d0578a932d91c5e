"""Rows 4, 12, 28, 29, 30 and 39 of the faults that must be survived, with two nodes on PostgreSQL and Valkey."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from random import Random
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio
from benchmarks.crash_nodes.listener import Listener
from benchmarks.crash_nodes.node import Node
from benchmarks.program import TOKEN
from tests.cluster.pair import PARTNER, Pair

from tocsin.sandbox import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")

SENT = ("sent", False)
MOST_TRIES = 200  # of a monitor that repeats until it is answered


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def whole(pair: Pair) -> AsyncIterator[None]:
    """What a test leaves behind, the next one does not find."""
    yield
    pair.sandbox.faults.clear()
    await pair.cluster.database.start()
    await pair.cluster.cache.start()
    for node in pair.nodes:
        node.wake()
        node.way.unblock()
        await node.way.open()
        await pair.work(node)


def requests(pair: Pair, alert: str) -> int:
    """How often the partner was told of it."""
    return sum(str(entry.body).count(alert) for entry in pair.sandbox.journal if entry.provider == "webhook")


async def test_row_04_a_node_that_was_stopped_neither_sends_nor_settles_when_it_wakes(pair: Pair):
    own, other = await pair.owner(PARTNER)
    pair.sandbox.faults.next("webhook", Fault.lost(), action="deliver")
    alert = await pair.report(own)
    await pair.sandbox.faults.expect_hanging()
    own.pause()
    waiting = [await pair.report(other) for _ in range(3)]
    assert await pair.told(alert, *waiting) == 4 * [SENT]
    moves = await pair.moves(alert)
    own.wake()
    pair.sandbox.faults.release()  # the answer that it waited for comes now
    await pair.work(own)
    later = await pair.report(own)
    assert await pair.told(later) == [SENT]
    assert await pair.moves(alert) == moves == ["sending", "unknown", "pending", "sending", "sent"]
    assert [requests(pair, one) for one in (alert, *waiting, later)] == [2, 1, 1, 1, 1]
    assert pair.sandbox.webhook.hook("partner").dropped >= 1


async def test_row_12_what_was_answered_is_there_when_the_database_lost_what_it_had_in_memory(pair: Pair):
    alerts = await asyncio.gather(*(pair.report(node) for node in pair.nodes for _ in range(10)))
    await pair.cluster.database.stop("immediate")
    await pair.cluster.database.start()
    assert await pair.told(*alerts) == 20 * [SENT]


@pytest.mark.parametrize("injury", ["killed", "flushed", "full", "read-only", "slow"])
async def test_row_28_without_its_help_alerts_come_to_lanes_and_sockets_of_the_other_node(pair: Pair, injury: str):
    own, other = await pair.owner(PARTNER)
    async with listening(pair, own) as listener:
        await injured(pair, injury)
        alert = await pair.report(other)
        assert await pair.told(alert) == [SENT]
        await pair.until(lambda: heard(listener, alert))
    assert requests(pair, alert) == 1
    assert listener.heard.count(UUID(alert)) == 1
    await healed(pair, injury)


async def injured(pair: Pair, injury: str) -> None:
    cache = pair.cluster.cache
    match injury:
        case "killed":
            await cache.kill()
        case "flushed":
            await cache.tell("FLUSHALL")
        case "full":
            await cache.tell("CONFIG", "SET", "maxmemory", "1")
        case "read-only":
            await cache.tell("REPLICAOF", "127.0.0.1", "9")
        case "slow":
            await cache.tell("CLIENT", "PAUSE", "5000", "ALL")


async def healed(pair: Pair, injury: str) -> None:
    match injury:
        case "full":
            await pair.cluster.cache.tell("CONFIG", "SET", "maxmemory", "0")
        case "read-only":
            await pair.cluster.cache.tell("REPLICAOF", "NO", "ONE")


@contextlib.asynccontextmanager
async def listening(pair: Pair, node: Node) -> AsyncIterator[Listener]:
    """A socket at this node, live."""
    listener = Listener([node.url], TOKEN, {}, Random(0))
    async with aiohttp.ClientSession() as session:
        task = asyncio.create_task(listener.listen(session))
        await listener.connected.wait()
        yield listener
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def heard(listener: Listener, alert: str) -> bool:
    return UUID(alert) in listener.heard


async def test_row_29_while_the_database_is_away_senders_are_told_so_and_nothing_is_lost(pair: Pair):
    own, other = await pair.owner(PARTNER)
    before = await pair.report(own)
    await pair.cluster.database.stop("fast")
    for node in (own, other):
        status, answer, headers = await pair.post(node)
        assert (status, answer["error"]["code"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "ledger_unavailable")
        assert int(headers["Retry-After"]) >= 1
    await pair.cluster.database.start()
    for node in (own, other):
        await pair.work(node)
    after = [await pair.report(node) for node in (own, other)]
    assert await pair.told(before, *after) == 3 * [SENT]
    assert [requests(pair, one) for one in (before, *after)] == 3 * [1]


async def test_row_29_sessions_that_are_terminated_under_load_lose_and_repeat_nothing(pair: Pair):
    monitors = [asyncio.create_task(insistent(pair, node, f"row-29-{n}")) for n in range(15) for node in pair.nodes]
    for _ in range(5):
        await pair.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    alerts = await asyncio.gather(*monitors)
    assert len(set(alerts)) == 15  # the twins at the other node were given the answer of the first
    assert await pair.told(*alerts) == 15 * [SENT]
    assert [requests(pair, one) for one in set(alerts)] == 15 * [1]


async def insistent(pair: Pair, node: Node, key: str) -> str:
    """A monitor that repeats its report until it is taken: the alert's id."""
    for _ in range(MOST_TRIES):
        status, answer, _ = await pair.post(node, sku=key, idempotency_key=key)
        if status == HTTPStatus.ACCEPTED:
            return str(answer["id"])
    raise AssertionError(answer)


async def test_row_30_a_lane_is_worked_by_one_node_also_when_the_other_is_cut_off(pair: Pair):
    own, other = await pair.owner(PARTNER)
    pair.sandbox.faults.next("webhook", Fault.slow(0.05), times=None, action="deliver")
    early = [await pair.report(node) for _ in range(5) for node in (own, other)]
    own.way.block()
    late = [await pair.report(other) for _ in range(10)]
    states = await pair.told(*early, *late)
    own.way.unblock()
    await pair.work(own)
    assert states == 20 * [SENT]
    assert pair.sandbox.journal.repeated("webhook") == {}
    assert [requests(pair, one) for one in late] == 10 * [1]


async def test_row_39_what_a_provider_reports_counts_once_wherever_it_arrives(pair: Pair):
    caller = pair.sandbox.twilio.caller
    caller.held = True
    alert = await pair.report(pair.nodes[0], retailer=Pair.TEXTED)
    await pair.until(lambda: held(pair, 4))
    url, fields = caller.waiting[-1]
    forged = await caller.call_now(url, {**fields, "MessageStatus": "failed"}, token="somebody else")
    strange = await caller.call_now(url, {**fields, "MessageSid": "SM" + 32 * "0"})
    assert (forged.status, strange.status) == (403, 200)
    calls = await caller.release(backwards=True, times=6)  # each at one node or the other
    assert {call.status for call in calls} == {200}
    assert await pair.told(alert) == 2 * [("delivered", False)]
    assert (await pair.moves(alert)).count("delivered") == 2


async def held(pair: Pair, calls: int) -> bool:
    """So many calls of Twilio wait: two for each text."""
    return len(pair.sandbox.twilio.caller.waiting) >= calls
