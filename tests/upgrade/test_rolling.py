"""Row 46: two versions on one PostgreSQL. One goes on beside the other, or is refused and says why."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest
from benchmarks.program import free_port
from tests.cli.program import Process
from tests.contract.conftest import postgresql
from tests.deadline import DEADLINE_S
from tests.story.service_rig import TOKEN
from tests.upgrade.program import ALONE, Version, committed, later

from tocsin.sandbox import Sandbox

__all__ = ["postgresql"]  # the same server that the ledger's contract is held on

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Machines:
    """Each has a folder, a port and a version; all have the same ledger and send to the same Discord."""

    def __init__(self, folder: Path, storage: str, sandbox: Sandbox) -> None:
        self._folder = folder
        self._storage = storage
        self.sandbox = sandbox
        self._stack = ExitStack()
        self.taken = 0

    def run(self, name: str, sources: Path | None = None) -> tuple[str, Process]:
        """Where it will be, and the program: ours where no other sources are named."""
        folder, port = self._folder / name, free_port()
        folder.mkdir(exist_ok=True)
        hooks = {name: self.sandbox.discord.webhook(name) for name in ("high_priority", "general")}
        config = {
            "server": {"port": port},
            "storage": {"url": self._storage},
            "tokens": {"story": {"secret": TOKEN, "scopes": ["admin"]}},
            "alerts": {"channels": {"discord": {"enabled": True, "api_base": self.sandbox.url, "webhooks": hooks}}},
        }
        (folder / "tocsin.json").write_text(json.dumps(config))
        return f"http://127.0.0.1:{port}", self._stack.enter_context(Version(sources or OURS, folder))

    def close(self) -> None:
        self._stack.close()

    async def report(self, *doors: str) -> None:
        """One alert to each of these."""
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            for door in doors:
                self.taken += 1
                item = {"type": "in_stock", "sku": str(self.taken), "retailer": "bestbuy", "price": "9.99"}
                async with session.post(f"{door}/api/v1/alerts", json=item) as answer:
                    assert answer.status == 202, await answer.text()

    async def until_told(self) -> None:
        """Every alert that was taken has arrived, and none twice."""
        journal = self.sandbox.journal
        await journal.until(lambda: len(journal.references()) >= self.taken or None, DEADLINE_S)
        assert not journal.repeated()


OURS = Path(__file__).parents[2] / "src"


@pytest.fixture
async def machines(postgresql: str, worker_id: str, tmp_path: Path) -> AsyncIterator[Machines]:
    name = f"upgrade_{worker_id}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    async with Sandbox() as sandbox:
        made = Machines(tmp_path, postgresql.replace("/postgres?", f"/{name}?"), sandbox)
        yield made
        await asyncio.to_thread(made.close)


async def ready(program: Any) -> None:
    await asyncio.to_thread(program.ready)


async def test_row_46_an_older_version_that_needs_the_ledger_to_itself_is_waited_for(
    machines: Machines, tmp_path: Path
):
    sources = committed(ALONE, tmp_path)
    if sources is None:
        pytest.skip(f"the history of this clone does not reach back to {ALONE}: git fetch --unshallow")
    door, older = machines.run("older", sources)
    await ready(older)
    await machines.report(door)
    _, early = machines.run("newer")
    assert "stop it first" in await asyncio.to_thread(early.refused)
    await machines.report(door)
    await machines.until_told()
    assert await asyncio.to_thread(older.stop) == 0
    door, newer = machines.run("newer")
    await ready(newer)
    await machines.report(door)
    await machines.until_told()
    assert await asyncio.to_thread(newer.stop) == 0
    _, late = machines.run("older", sources)
    assert "newer Tocsin" in await asyncio.to_thread(late.refused)


async def test_row_46_versions_that_know_of_nodes_work_beside_each_other(machines: Machines, tmp_path: Path):
    door, ours = machines.run("ours")
    await ready(ours)
    await machines.report(door)
    next_door, newer = machines.run("later", later(tmp_path))
    await ready(newer)
    await machines.report(door, next_door, door, next_door)
    await machines.until_told()
    with psycopg.connect(machines._storage, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    await machines.report(door, next_door, door, next_door)
    await machines.until_told()
    assert await asyncio.to_thread(ours.stop) == 0
    await machines.report(next_door)
    await machines.until_told()
    _, late = machines.run("ours")
    assert "newer Tocsin" in await asyncio.to_thread(late.refused)
