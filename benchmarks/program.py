"""The real program in a process of its own, with a configuration and a ledger that live as long as the measurement."""

import asyncio
import json
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Any

import aiohttp
import psutil

TOKEN = "benchmark-token-0123456789abcdef"
START_S = 90  # on however busy a machine
PORTS = range(20_000, 32_000)  # below those that Linux gives to whoever calls (`ip_local_port_range`)


@dataclass(frozen=True)
class Program:
    url: str
    folder: Path
    process: asyncio.subprocess.Process

    @property
    def rss(self) -> int:
        """Bytes of memory that the process holds now."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time that the process has used."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)


@asynccontextmanager
async def program(settings: Mapping[str, Any]) -> AsyncIterator[Program]:
    """`tocsin serve` on a free port, with the given settings and one token that may do everything."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        folder = Path(name)
        config = {
            "server": {"port": port},
            "tokens": {"bench": {"secret": TOKEN, "scopes": ["admin"]}},
            **settings,
        }
        (folder / "tocsin.json").write_text(json.dumps(config))
        with (folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tocsin", "serve", "--config", str(folder / "tocsin.json"),
                stdout=log, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        try:
            running = Program(f"http://127.0.0.1:{port}", folder, process)
            await _ready(running)
            yield running
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _ready(running: Program) -> None:
    async with asyncio.timeout(START_S), aiohttp.ClientSession() as session:
        while True:
            if running.process.returncode is not None:
                raise RuntimeError((running.folder / "log").read_text())
            try:
                async with session.get(running.url + "/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


def free_port() -> int:
    """Find a port where nobody listens: below those that the system gives to whoever calls somebody, so that none of
    them takes it before it is used.
    """
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", SystemRandom().choice(PORTS)))
            return int(probe.getsockname()[1])
