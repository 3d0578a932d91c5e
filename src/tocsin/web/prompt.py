"""A server that stops as soon as everybody has their answer: uvicorn looks ten times a second whether it is to stop,
and waits another tenth for whoever goes.
"""

import asyncio
import contextlib
import logging
import socket

import uvicorn

log = logging.getLogger(__name__)

_TICK_S = 0.1  # as uvicorn counts its ticks
_TICKS = 864_000  # a day's
_LOOK_S = 0.01  # between two looks whether everybody has gone


class PromptServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    def stop(self) -> None:
        """Let nobody in any more; `serve` ends once those who are in have their answers."""
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % _TICKS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), _TICK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                await self._all_gone()
        except TimeoutError:
            log.warning("a stop waits no longer for %d requests", len(self.server_state.tasks))
            for task in self.server_state.tasks:
                task.cancel()

    async def _all_gone(self) -> None:
        """Those too who were let in at the very last."""
        await asyncio.sleep(_LOOK_S)
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 - uvicorn keeps sets, no events
            await asyncio.sleep(_LOOK_S)
        for server in self.servers:
            await server.wait_closed()
