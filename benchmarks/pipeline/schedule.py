"""POSTs at an even pace, whatever becomes of those before: a late answer holds back nothing."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from time import perf_counter

from benchmarks.wire import Wire

WIRES = 128


@dataclass(frozen=True)
class Post:
    skus: tuple[str, ...]
    body: bytes


@dataclass(frozen=True)
class Sent:
    """By the clock of `perf_counter`: when the POST was to begin, and when its 2xx was read."""

    due: float
    accepted: float


class Schedule:
    """`sent` has the alerts that were accepted, by SKU."""

    def __init__(self, free: "asyncio.Queue[Wire]") -> None:
        self.sent: dict[str, Sent] = {}
        self._free = free

    async def run(self, posts: Sequence[Post], per_second: float) -> None:
        """Return once each is answered. Raises RuntimeError (in a group) for an answer that is not 2xx."""
        began = perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, post in enumerate(posts):
                due = began + number / per_second
                await asyncio.sleep(max(0.0, due - perf_counter()))
                group.create_task(self._send(post, due))

    async def _send(self, post: Post, due: float) -> None:
        wire = await self._free.get()
        status, answer = await wire.post(post.body)
        sent = Sent(due, perf_counter())
        self._free.put_nowait(wire)
        if status // 100 != 2:
            raise RuntimeError(f"{status}: {answer[:200]!r}")
        self.sent.update(dict.fromkeys(post.skus, sent))


@asynccontextmanager
async def schedule(urls: Sequence[str], headers: Mapping[str, str]) -> AsyncIterator[Schedule]:
    """Connections are opened before anything is measured, to each of these in turn."""
    async with AsyncExitStack() as stack:
        free: asyncio.Queue[Wire] = asyncio.Queue()
        for url in islice(cycle(urls), WIRES):
            free.put_nowait(await stack.enter_async_context(Wire(url, headers)))
        yield Schedule(free)
