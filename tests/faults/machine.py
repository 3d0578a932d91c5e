"""The real program in a process of its own, on a machine that is short of something."""

import asyncio
import resource
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import aiohttp
from tests.cli.program import Serving
from tests.faults.village import Village
from tests.story.town import TOKEN

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Machine:
    """`through` is what stands before the command line. The village's folder holds the configuration."""

    def __init__(self, village: Village, *through: str, ledger: str = "tocsin.db") -> None:
        self._village = village
        self._through = through
        self._ledger = ledger

    async def __aenter__(self) -> Self:
        folder = self._village.folder
        self.serving = await asyncio.to_thread(Serving, folder, "--config", "tocsin.json", through=self._through)
        self._http = aiohttp.ClientSession(headers=HEADERS, timeout=aiohttp.ClientTimeout(total=10))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()
        await asyncio.to_thread(self.serving.kill)

    @property
    def pid(self) -> int:
        """Of the service itself, whatever stands before it."""
        return int((self._village.folder / f"{self._ledger}.lock").read_text())

    @property
    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    @property
    def address_space(self) -> int:
        """Bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[0]) * resource.getpagesize()

    async def post(self, body: Any) -> tuple[int, Any]:
        """The status and the answer. A connection that breaks is an answer of status 0."""
        try:
            async with self._http.post(self.serving.url + "/api/v1/alerts", json=body) as answer:
                return answer.status, await answer.json(content_type=None)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return 0, None

    async def status(self, path: str) -> int:
        async with self._http.get(self.serving.url + path) as answer:
            await answer.read()
            return answer.status

    async def post_until(self, status: int, batches: Sequence[Sequence[Mapping[str, Any]]]) -> list[str]:
        """Post these until one is answered so; the ids of all that were taken."""
        taken: list[str] = []
        for batch in batches:
            told, answer = await self.post(batch)
            if told == 202:
                taken += [item["id"] for item in answer["results"] if "id" in item]
            if told == status:
                return taken
            assert told in (202, 503, 0), answer
        raise AssertionError(f"{status} never came")

    async def stop(self) -> int:
        return await asyncio.to_thread(self.serving.stop)


def kept(ledger: Path) -> set[str]:
    """The ids of all alerts in it, once nobody writes to it."""
    with closing(sqlite3.connect(ledger)) as reader:
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {str(UUID(row[0])) for row in reader.execute("SELECT id FROM alerts")}


def states(ledger: Path) -> set[str]:
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as reader:
        return {state for (state,) in reader.execute("SELECT DISTINCT state FROM deliveries")}
