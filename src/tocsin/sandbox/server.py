"""The sandbox: every provider in one process, on one port, with faults on demand and a journal of what arrived."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from aiohttp import web

from tocsin.core.clock import Clock, SystemClock
from tocsin.sandbox.handler import Handler
from tocsin.sandbox.journal import Journal
from tocsin.sandbox.page import Page
from tocsin.sandbox.providers import Providers
from tocsin.sandbox.script import Faults

LARGEST_BODY = 32 * 1024 * 1024
SHUTDOWN_S = 0.1  # what hangs on purpose must not hold up the end; 0 would mean for ever


class Sandbox(Providers):
    """`async with Sandbox() as sandbox:` in tests; `serve` for people. Limits go by `clock`."""

    def __init__(self, clock: Clock | None = None, *, limits: bool = True, journal: Path | None = None) -> None:
        self.clock = clock or SystemClock()
        self.journal = Journal(journal)
        self.faults = Faults()
        self.url = ""
        super().__init__(self.clock, self.journal, self.faults, limits=limits, base=lambda: self.url)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, host: str = "127.0.0.1", port: int = 0, *, mail_port: int = 0) -> None:
        """Listen; port 0 takes a free one. `url` says where, and `smtp.url` of the mail server."""
        await self.open(host, mail_port)
        application = web.Application(client_max_size=LARGEST_BODY)
        Page(self.journal, self.faults, self.panels).mount(application)
        for provider in self.providers:
            application.router.add_route(
                "*", f"{provider.prefix}{{rest:.*}}", Handler(self.clock, self.journal, self.faults, provider).answer
            )
        self._runner = web.AppRunner(
            application, handler_cancellation=True, shutdown_timeout=SHUTDOWN_S, access_log=None
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        name, bound = self._runner.addresses[0][:2]
        self.url = f"http://[{name}]:{bound}" if ":" in name else f"http://{name}:{bound}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        await self.close()
        self.journal.close()


async def serve(
    host: str = "127.0.0.1",
    port: int = 8766,
    *,
    mail_port: int = 0,
    webhooks: Sequence[str] = ("high_priority", "general"),
    limits: bool = True,
    journal: Path | None = None,
    clock: Clock | None = None,
    ready: Callable[[Sandbox], None] | None = None,
) -> None:
    """`tocsin sandbox`: listen until cancelled, with these webhooks from the start; `ready` is told once it does."""
    sandbox = Sandbox(clock, limits=limits, journal=journal)
    try:
        await sandbox.start(host, port, mail_port=mail_port)
        sandbox.addresses(webhooks)
        if ready:
            ready(sandbox)
        await asyncio.get_running_loop().create_future()
    finally:
        await sandbox.stop()
