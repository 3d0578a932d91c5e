"""A way that can be cut and blocked: a link in a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from benchmarks.program import free_port

OPEN_S = 60  # for a process to start on a busy machine


class Way:
    """From `port` on this machine to one of the places."""

    def __init__(self, *places: str) -> None:
        self.port = free_port()
        self._places: Sequence[str] = places
        self._link: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        if self._link is None or self._link.returncode is not None:
            self._link = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.crash_nodes.link", str(self.port), *self._places
            )
            await self._opened()

    async def cut(self) -> None:
        """Every connection breaks, and none can be made."""
        if self._link is not None and self._link.returncode is None:
            self._link.kill()
            await self._link.wait()

    def block(self) -> None:
        """Nothing comes through, and nobody is told."""
        self._tell(signal.SIGSTOP)

    def unblock(self) -> None:
        self._tell(signal.SIGCONT)

    def _tell(self, number: signal.Signals) -> None:
        if self._link is not None and self._link.returncode is None:
            os.kill(self._link.pid, number)

    async def _opened(self) -> None:
        async with asyncio.timeout(OPEN_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return
