"""kill -9 in the middle of a replay, start again, replay again: every line once in the ledger, every message once in
Discord, whatever was under way.
"""

import asyncio
import json
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from tests.cli.program import Process, Serving, tocsin
from tests.deadline import DEADLINE_S
from tests.material import FEED, needs

from tocsin.channels.discord.reference import reference_of
from tocsin.core.clock import from_micros
from tocsin.core.delivery import FINAL, DeliveryState
from tocsin.sandbox import Sandbox

LINES = 600
AT_REST = {*FINAL, DeliveryState.SENT}


def generated() -> Iterator[str]:
    """Three visits to each of two hundred shelves; every third shelf costs less at the second."""
    for number in range(LINES):
        shelf, visit = number % 200, number // 200
        price = 100 if shelf % 3 or not visit else 80
        kind = ("in_stock", "price_drop", "restock_soon", "back_order")[shelf % 4]
        yield json.dumps({"type": kind, "sku": f"S{shelf}", "retailer": "bestbuy", "price": price})


@dataclass(frozen=True)
class Books:
    """What the ledger holds once nobody writes to it."""

    alerts: list[sqlite3.Row]
    deliveries: list[sqlite3.Row]

    @classmethod
    def read(cls, file: Path) -> "Books":
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as ledger:
            ledger.row_factory = sqlite3.Row
            assert ledger.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            return cls(
                ledger.execute("SELECT * FROM alerts").fetchall(),
                ledger.execute("SELECT * FROM deliveries").fetchall(),
            )

    @property
    def lines(self) -> int:
        """Each alert stands for one line, and each of its repeats for another."""
        return sum(1 + alert["repeats"] for alert in self.alerts)

    def references(self) -> dict[str, sqlite3.Row]:
        """The deliveries by the name that Discord shows in the footer."""
        named = [SimpleNamespace(key=row["key"], planned_at=from_micros(row["planned_at"])) for row in self.deliveries]
        return {reference_of(name): row for name, row in zip(named, self.deliveries, strict=True)}


class Crash:
    """A service whose Discord is the sandbox of the test, on a port that it keeps when it is started again."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self._port = 0

    async def start(self) -> Serving:
        self._write()
        service = await asyncio.to_thread(Serving, self.folder, "--config", "alerts.json", "--log-level", "error")
        self._port = int(service.url.rpartition(":")[2])
        return service

    async def replay(self, service: Serving, file: Path) -> dict[str, Any]:
        where = ("--url", service.url, "--token", service.token)
        ended = await asyncio.to_thread(tocsin, self.folder, "replay", str(file), "--json", *where)
        assert ended.returncode == 0, ended.stderr
        account: dict[str, Any] = json.loads(ended.stdout)
        return account

    def _write(self) -> None:
        hooks = {name: self.sandbox.discord.webhook(name) for name in ("high_priority", "general")}
        channel = {"enabled": True, "api_base": self.sandbox.url, "webhooks": hooks, "rate_limit": "1000/1s"}
        blocks = {"server": {"port": self._port}, "alerts": {"channels": {"discord": channel}}}
        (self.folder / "alerts.json").write_text(json.dumps(blocks))


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with Sandbox(limits=False, journal=tmp_path / "journal.ndjson") as sandbox:
        yield sandbox


async def test_a_kill_in_the_middle_of_a_replay_loses_and_doubles_nothing(tmp_path: Path, sandbox: Sandbox):
    file = tmp_path / "generated.ndjson"
    file.write_text("\n".join(generated()) + "\n")
    await kill_and_replay(Crash(tmp_path, sandbox), file, LINES, rate=120)


@needs(FEED)
async def test_a_kill_in_the_middle_of_the_recorded_feed_loses_and_doubles_nothing(tmp_path: Path, sandbox: Sandbox):
    lines = sum(1 for line in FEED.read_bytes().splitlines() if line.strip())
    await kill_and_replay(Crash(tmp_path, sandbox), FEED.resolve(), lines, rate=400)


async def kill_and_replay(crash: Crash, file: Path, lines: int, *, rate: int) -> None:
    with await crash.start() as first:
        where = ("--url", first.url, "--token", first.token)
        replaying = Process(crash.folder, "replay", str(file), "--rate", str(rate), "--json", *where)
        with replaying:
            await crash.sandbox.journal.until(lambda: len(crash.sandbox.journal.references()) >= 40 or None, DEADLINE_S)
            first.tell(signal.SIGKILL)
            assert await asyncio.to_thread(first.wait) == -signal.SIGKILL
            assert 0 < Books.read(crash.folder / "tocsin.db").lines < lines, "it was in the middle"
            with await crash.start() as second:
                # The replay was not told: it waited, and asked again what had no answer.
                account = json.loads((await asyncio.to_thread(replaying.says, r"\{.*\}"))[0])
                assert (account["lines"], account["unanswered"]) == (lines, 0)
                assert await crash.replay(second, file) == account
                await everything_is_at_rest(second)
                assert await asyncio.to_thread(second.stop) == 0
    books = Books.read(crash.folder / "tocsin.db")
    assert books.lines == lines
    check_messages(books, crash.sandbox)


async def everything_is_at_rest(service: Serving) -> None:
    """Ask until no delivery is on its way."""
    headers = {"Authorization": f"Bearer {service.token}"}
    async with asyncio.timeout(DEADLINE_S), aiohttp.ClientSession(service.url, headers=headers) as http:
        for state in (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.PENDING):
            moving = True
            while moving:
                async with http.get("/api/v1/deliveries", params={"state": state.value, "limit": 1}) as answer:
                    moving = (await answer.json())["deliveries"]


def check_messages(books: Books, sandbox: Sandbox) -> None:
    assert {row["state"] for row in books.deliveries} <= {state.value for state in AT_REST}
    deliveries, times = books.references(), sandbox.journal.references("discord")
    assert not times.keys() - deliveries.keys(), "what was sent is in the ledger"
    unflagged = [name for name, count in times.items() if count > 1 and not deliveries[name]["possibly_repeated"]]
    assert not unflagged, "nothing is repeated that is not flagged"
    sent = {name for name, row in deliveries.items() if row["state"] == "sent"}
    assert sent <= times.keys(), "what counts as sent has arrived"
    accepted = {alert["key"] for alert in books.alerts if alert["decision"] == "accepted"}
    assert {row["alert"] for row in books.deliveries} == accepted, "every accepted alert was planned"
