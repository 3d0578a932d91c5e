"""The real service in a process of its own, watched from outside while a flood runs: a probe asks each second, its
answers are timed and the memory of the process is sampled.
"""

import asyncio
import http.client
import itertools
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from tests.cli.program import Serving
from tests.deadline import DEADLINE_S

TOKEN = "a-token-for-sieges-0123456789"
ROUNDS = 2  # probes for one flood, one each second; the first when it has had one to rise
SAMPLE_S = 0.05
MIB = 1024 * 1024


@dataclass(frozen=True)
class Endured:
    """What was seen during one flood. `answers` are the seconds that each probe took, None where none came."""

    answers: tuple[float | None, ...]
    calm: int  # bytes of memory before the first flood
    peak: int

    @property
    def grown(self) -> int:
        return self.peak - self.calm

    def __str__(self) -> str:
        worst = "none" if None in self.answers else f"after {max(filter(None, self.answers)):.3f} s"
        return f"worst answer {worst}; memory at most {self.peak / MIB:.0f} MiB, {self.calm / MIB:.0f} MiB at rest"


class Siege:
    """`through` is what stands before the command line; `blocks` are added to the configuration."""

    def __init__(self, folder: Path, *through: str, **blocks: Any) -> None:
        config = {"server": {"port": 0}, "tokens": {"siege": {"secret": TOKEN, "scopes": ["admin"]}}, **blocks}
        (folder / "tocsin.json").write_text(json.dumps(config))
        self.serving = Serving(folder, "--config", "tocsin.json", through=through)
        self.port = int(self.serving.url.rpartition(":")[2])
        pid = int((folder / "tocsin.db.lock").read_text())  # of the service itself, whatever stands before it
        self._process = psutil.Process(pid)
        self._calm = self._memory()
        self._number = itertools.count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.serving.kill()

    def post(self, alerts: Any) -> int:
        """The status with which they are answered."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            line.request("POST", "/api/v1/alerts", json.dumps(alerts), headers)
            answer = line.getresponse()
            answer.read()
            return answer.status
        finally:
            line.close()

    async def endure(self, flood: Coroutine[Any, Any, None], rounds: int = ROUNDS) -> Endured:
        """Probe while this goes on; then it is cancelled. It must not end by itself."""
        over = threading.Event()
        sampling = asyncio.create_task(asyncio.to_thread(self._peak, over))
        flooding = asyncio.create_task(flood)
        try:
            probes = []
            for _ in range(rounds):
                await asyncio.wait([flooding], timeout=1)
                probes.append(asyncio.create_task(asyncio.to_thread(self._probe)))
            answers = await asyncio.gather(*probes)
            assert not flooding.done(), f"the flood came to an end: {flooding}"
        finally:
            flooding.cancel()
            over.set()
            peak = await sampling
        return Endured(tuple(answers), self._calm, peak)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """To the service, from an address that is not the probe's; it is cut at the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=("127.0.0.2", 0))
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    def _probe(self) -> float | None:
        """Somebody else reports an alert, over a connection of its own: after how many seconds it was taken."""
        alert = {"type": "in_stock", "sku": f"probe-{next(self._number)}", "retailer": "bestbuy", "price": 1}
        began = time.perf_counter()
        try:
            status = self.post(alert)
        except (OSError, http.client.HTTPException):
            return None
        return time.perf_counter() - began if status == 202 else None

    def _peak(self, over: threading.Event) -> int:
        peak = self._memory()
        while not over.wait(SAMPLE_S):
            peak = max(peak, self._memory())
        return max(peak, self._memory())

    def _memory(self) -> int:
        return int(self._process.memory_info().rss)


async def again(attack: Callable[[], Awaitable[None]]) -> None:
    """Attack without end: who is thrown out comes back at once."""
    while True:
        with suppress(OSError, EOFError):
            await attack()
        await asyncio.sleep(0)


async def at_once(count: int, attack: Callable[[], Awaitable[None]]) -> None:
    """So many attack without end, side by side."""
    async with asyncio.TaskGroup() as crowd:
        for _ in range(count):
            crowd.create_task(again(attack))


async def pour(writer: asyncio.StreamWriter, data: bytes) -> None:
    """The same again and again, as fast as it is taken. Raises OSError where the other side has enough."""
    while not writer.transport.is_closing():
        writer.write(data)
        await writer.drain()
    raise ConnectionResetError
