"""Two hundred people on connections that break at random while alerts come in and the service dies once.

The minute of it that was asked for is scaled to a tenth, by counts: 600 alerts, and a cut for each of them.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from benchmarks.program import free_port
from tests.cli.program import Serving
from tests.gateway.station import until
from tests.story.crowd import Follower
from tests.story.service_rig import TOKEN

FOLLOWERS = 200
ALERTS = 600
MONITORS = 4  # who report at the same time
RETAILERS = ("bestbuy", "newegg", "walmart")
DEADLINE_S = 120


def crowd() -> list[Follower]:
    kinds = (
        ({}, lambda _: True),
        ({"retailers": ["newegg"]}, lambda alert: alert["retailer"] == "newegg"),
        ({"min_priority": 8}, lambda alert: alert["priority"] >= 8),
        ({"skus": ["S*7"], "retailers": ["bestbuy"]}, lambda alert: alert["sku"][-1] + alert["retailer"] == "7bestbuy"),
    )
    return [Follower(*kinds[number % len(kinds)]) for number in range(FOLLOWERS)]


def detection(number: int) -> dict[str, Any]:
    return {
        "type": "in_stock",
        "sku": f"S{number:04d}",
        "retailer": RETAILERS[number % len(RETAILERS)],
        "price": 1,
        "priority": 1 + number % 10,
        "idempotency_key": f"storm {number}",
    }


class Storm:
    """The service in a process of its own, which can be killed; detections are reported until they are answered."""

    def __init__(self, folder: Path, followers: list[Follower]) -> None:
        self._folder = folder
        self._followers = followers
        self._chance = Random(5)
        self._waiting = list(reversed(range(ALERTS)))
        self._port = free_port()
        config = {"server": {"port": self._port}, "tokens": {"storm": {"secret": TOKEN, "scopes": ["admin"]}}}
        (folder / "tocsin.json").write_text(json.dumps(config))

    async def run(self) -> None:
        with await self._start() as doomed:
            async with asyncio.TaskGroup() as group:
                following = [
                    group.create_task(follower.follow(self._port, TOKEN, self._chance)) for follower in self._followers
                ]
                for follower in self._followers:
                    await follower.welcomed.wait()
                reporting = [group.create_task(self._report()) for _ in range(MONITORS)]
                await until(lambda: len(self._waiting) < ALERTS // 2)
                await asyncio.to_thread(doomed.kill)
                with await self._start():
                    await asyncio.gather(*reporting)
                    await until(self._all_heard)
                    for task in following:
                        task.cancel()

    async def _start(self) -> Serving:
        return await asyncio.to_thread(Serving, self._folder, "--config", "tocsin.json")

    async def _report(self) -> None:
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{self._port}"))
            while self._waiting:
                await self._deliver(http, detection(self._waiting.pop()))
                self._chance.choice(self._followers).cut()

    async def _deliver(self, http: aiohttp.ClientSession, alert: Mapping[str, Any]) -> None:
        """Who gets no answer asks again, with the same key."""
        while True:
            try:
                async with http.post("/api/v1/alerts", json=alert, headers={"Authorization": f"Bearer {TOKEN}"}) as got:
                    assert (await got.json())["decision"] == "accepted"
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)

    def _all_heard(self) -> bool:
        return all(len(follower.heard) >= len(wanted(follower)) for follower in self._followers)


def wanted(follower: Follower) -> list[str]:
    return [alert["sku"] for alert in map(detection, range(ALERTS)) if follower.wants(alert)]


async def test_two_hundred_broken_connections_and_a_kill_lose_nothing_and_repeat_nothing(tmp_path: Path):
    followers = crowd()
    async with asyncio.timeout(DEADLINE_S):
        await Storm(tmp_path, followers).run()
    order = {sku: place for place, sku in enumerate(followers[0].heard)}
    for follower in followers:
        assert follower.heard == sorted(wanted(follower), key=order.__getitem__)
    assert sum(follower.cuts for follower in followers) >= FOLLOWERS + ALERTS // 2
    assert not any(follower.incomplete for follower in followers)
