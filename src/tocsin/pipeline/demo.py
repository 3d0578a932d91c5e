"""A demo beside the service, for whoever asks for one on the page."""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from typing import Any

from tocsin.core.errors import TocsinError

LASTS = "15m"  # it ends by itself, should nobody end it
_START_S = 30.0
_STOP_S = 10.0
_COMMAND = (sys.executable, "-m", "tocsin", "demo", "--json", "--port", "0", "--sandbox-port", "0", "--for", LASTS)


class DemoFailedError(TocsinError):
    """The demo did not start."""

    code = "demo_failed"


class Demo:
    """`tocsin demo` in a process of its own, at most one: it touches neither the service's ledger nor its loop."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._links: Mapping[str, Any] = {}
        self._starting = asyncio.Lock()

    async def show(self) -> Mapping[str, Any]:
        """Where its two pages are: `dashboard`, `sandbox`. Raises DemoFailedError."""
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                self._process = await asyncio.create_subprocess_exec(*_COMMAND, stdin=DEVNULL, stdout=PIPE)
                self._links = await self._read(self._process)
            return self._links

    async def stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _read(self, process: Process) -> Mapping[str, Any]:
        """Its first line, once it is ready."""
        assert process.stdout is not None, "it was asked for"
        line = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                line = await process.stdout.readline()
        if not line:
            await self.stop()
            raise DemoFailedError("the demo did not start: the service's standard error says why")
        links: Mapping[str, Any] = json.loads(line)
        return links
