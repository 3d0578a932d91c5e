"""What happens to nodes, to the database and to the cache: each begins, lasts, and is over."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from benchmarks.crash_nodes.cluster import Cluster
from benchmarks.crash_nodes.node import Node


class Trouble(StrEnum):
    KILLED = "kill -9"
    PAUSED = "SIGSTOP"
    CUT = "database connection cut"
    BLOCKED = "database connection blocked"
    RESTARTED = "database restarted"
    CRASHED = "database crashed"
    CACHE_KILLED = "Valkey killed"
    CACHE_FLUSHED = "Valkey flushed"


WITHOUT_S = 1  # a database that has crashed
OF_THE_DATABASE = frozenset({Trouble.RESTARTED, Trouble.CRASHED})
OF_ONE_NODE = frozenset({Trouble.KILLED, Trouble.PAUSED, Trouble.CUT, Trouble.BLOCKED})


@dataclass(frozen=True)
class Happened:
    """Between these seconds since 1970. `node` is the one that it happened to, as the ledger calls it; `lanes` had
    nobody to work them from `since` on.
    """

    trouble: Trouble
    begun: float
    over: float
    since: float
    node: str = ""
    lanes: frozenset[str] = field(default_factory=frozenset)


@asynccontextmanager
async def _killed(cluster: Cluster, node: Node) -> AsyncIterator[None]:
    await node.kill()
    yield
    try:
        await node.start()
    except RuntimeError as problem:
        cluster.faults.append(f"{node.name} did not start again: {problem}")
        await node.start()


@asynccontextmanager
async def _paused(_: Cluster, node: Node) -> AsyncIterator[None]:
    node.pause()
    yield
    node.wake()


@asynccontextmanager
async def _cut(_: Cluster, node: Node) -> AsyncIterator[None]:
    await node.way.cut()
    yield
    await node.way.open()


@asynccontextmanager
async def _blocked(_: Cluster, node: Node) -> AsyncIterator[None]:
    node.way.block()
    yield
    node.way.unblock()


@asynccontextmanager
async def _restarted(cluster: Cluster, _: Node) -> AsyncIterator[None]:
    await cluster.database.stop("fast")
    await cluster.database.start()
    yield


@asynccontextmanager
async def _crashed(cluster: Cluster, _: Node) -> AsyncIterator[None]:
    await cluster.database.stop("immediate")
    await asyncio.sleep(WITHOUT_S)
    await cluster.database.start()
    yield


@asynccontextmanager
async def _cache_killed(cluster: Cluster, _: Node) -> AsyncIterator[None]:
    await cluster.cache.kill()
    yield
    await cluster.cache.start()


@asynccontextmanager
async def _cache_flushed(cluster: Cluster, _: Node) -> AsyncIterator[None]:
    await cluster.cache.tell("FLUSHALL")
    yield


_WAYS: Mapping[Trouble, Callable[[Cluster, Node], AbstractAsyncContextManager[None]]] = {
    Trouble.KILLED: _killed,
    Trouble.PAUSED: _paused,
    Trouble.CUT: _cut,
    Trouble.BLOCKED: _blocked,
    Trouble.RESTARTED: _restarted,
    Trouble.CRASHED: _crashed,
    Trouble.CACHE_KILLED: _cache_killed,
    Trouble.CACHE_FLUSHED: _cache_flushed,
}


async def happen(trouble: Trouble, cluster: Cluster, node: Node, lasting: float) -> Happened:
    """Let it happen, to this node where it is the trouble of one, and last for so many seconds."""
    owner, lanes = await _hurt(trouble, cluster, node)
    begun = time.time()
    async with _WAYS[trouble](cluster, node):
        since = begun if trouble in OF_ONE_NODE else time.time()  # the database is there again
        await asyncio.sleep(lasting)
    return Happened(trouble, begun, time.time(), since, owner, lanes)


async def _hurt(trouble: Trouble, cluster: Cluster, node: Node) -> tuple[str, frozenset[str]]:
    if trouble in OF_ONE_NODE:
        return await cluster.owned(node)
    each = [await cluster.owned(one) for one in cluster.nodes] if trouble in OF_THE_DATABASE else []
    return "", frozenset(lane for _, lanes in each for lane in lanes)
