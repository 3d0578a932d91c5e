"""The servers that are compared, each in a process of its own on a free port of the loopback."""

import asyncio
import json
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.gateway.echo import ADDED
from benchmarks.program import TOKEN, program
from benchmarks.wire import json_headers

HERE = Path(__file__).parent
START_S = 15


@dataclass(frozen=True)
class Server:
    port: int
    pid: int
    path: str = "/alerts"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})

    @property
    def rss(self) -> int:
        return int(psutil.Process(self.pid).memory_info().rss)

    @property
    def cpu_s(self) -> float:
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)


@dataclass(frozen=True)
class Contender:
    """`rates` are tried upwards until one is not sustained."""

    name: str
    start: Callable[[], AbstractAsyncContextManager[Server]]
    rates: tuple[int, ...]


@asynccontextmanager
async def whole_program() -> AsyncIterator[Server]:
    async with program({"dedup": {"cooldown": "1s"}}) as running:
        port = int(running.url.rpartition(":")[2])
        yield Server(port, running.process.pid, "/api/v1/alerts", json_headers(TOKEN))


@asynccontextmanager
async def spawned(*command: str, given: bytes = b"") -> AsyncIterator[Server]:
    """The command gets a free port as its last argument."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *command, str(port), stdin=asyncio.subprocess.PIPE, cwd=HERE.parents[1]
    )
    assert process.stdin is not None
    process.stdin.write(given)
    process.stdin.close()
    try:
        await _listening(port, process)
        yield Server(port, process.pid)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_S):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
    raise RuntimeError("the server did not start")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def contenders() -> dict[str, Contender]:
    node = shutil.which("node") or "node"
    added = json.dumps(ADDED).encode()
    python = sys.executable
    return {
        "tocsin": Contender("Tocsin, through the ledger", whole_program, (600, 800, 1000, 1200, 1400)),
        "direct": Contender(
            "Tocsin's gateway alone",
            lambda: spawned(python, "-m", "benchmarks.gateway.serve_direct"),
            (600, 800, 1000, 1200, 1400, 1600),
        ),
        "node": Contender(
            "Node Socket.IO 4.8",
            lambda: spawned(node, str(HERE / "serve_node.mjs"), given=added),
            (50, 75, 100, 120, 140),
        ),
        "python-socketio": Contender(
            "python-socketio",
            lambda: spawned(python, "-m", "benchmarks.gateway.serve_python_socketio"),
            (5, 10, 12, 15, 20),
        ),
    }
