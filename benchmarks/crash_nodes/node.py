"""One node: the real program in a process of its own, and its own way to the database."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.crash_nodes.way import Way
from benchmarks.program import free_port

START_S = 120  # for what surely comes, on however busy a machine
ASK = aiohttp.ClientTimeout(total=5)


class Node:
    """`settings` lack what is its own: its port, and its way to the database, whose socket is named."""

    def __init__(self, name: str, folder: Path, database: Path, settings: Mapping[str, Any]) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.way = Way(str(database))
        self._config = folder / f"{name}.json"
        self._log = folder / f"{name}.log"
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *, ready: bool = True) -> None:
        """`ready`: return once it takes requests."""
        await self.way.open()
        storage = {"url": f"postgresql://postgres@127.0.0.1:{self.way.port}/postgres"}
        server = {**self._settings.get("server", {}), "port": self.port}
        self._config.write_text(json.dumps({**self._settings, "server": server, "storage": storage}))
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tocsin", "serve", "--config", str(self._config), stdout=log, stderr=log
            )
        if ready:
            await self.ready()

    async def ready(self) -> None:
        """Return once it takes requests. Raises RuntimeError with the end of its log where it has ended."""
        async with asyncio.timeout(START_S), aiohttp.ClientSession(timeout=ASK) as session:
            while self.runs:
                try:
                    async with session.get(self.url + "/readyz") as answer:
                        if answer.status == 200:
                            return
                except (aiohttp.ClientError, TimeoutError):
                    pass
                await asyncio.sleep(0.05)
        raise RuntimeError(self.log[-3000:])

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def kill(self) -> None:
        """As a power cut would: at once, and nobody is told."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> int:
        """In good order; returns the exit code."""
        assert self._process is not None, "it was started"
        self._tell(signal.SIGTERM)
        return await self._process.wait()

    def pause(self) -> None:
        """As the pause of a virtual machine: it does nothing, and does not know of it."""
        self._tell(signal.SIGSTOP)

    def wake(self) -> None:
        self._tell(signal.SIGCONT)

    async def close(self) -> None:
        """Whatever state it is in."""
        await self.kill()
        await self.way.cut()

    def _tell(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, number)
