"""demo: the service wired to the provider sandbox, with a detector that never sleeps."""

import asyncio
import contextlib
import json
import logging
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.console import run, tell
from tocsin.cli.detector import detect
from tocsin.cli.orders import Orders
from tocsin.cli.serve import announce, reload
from tocsin.core.errors import CannotListenError
from tocsin.sandbox import Sandbox
from tocsin.service import AlertService
from tocsin.telemetry import log_to


def demo(
    port: Annotated[int, typer.Option(help="The port of the service.")] = 8765,
    sandbox_port: Annotated[int, typer.Option(help="The port of the sandbox's page.")] = 8766,
    folder: Annotated[Path | None, typer.Option(help="Where to keep its ledger; none: nowhere.")] = None,
) -> None:
    """Run the service wired to the provider sandbox, with a synthetic detector: alerts on every channel, no account.

    Example: `tocsin demo`
    """
    log_to(sys.stderr, logging.WARNING)
    run(_demo(port, sandbox_port, folder))


async def _demo(port: int, sandbox_port: int, folder: Path | None) -> None:
    orders = Orders()
    async with _folder(folder) as place, _sandbox(sandbox_port) as sandbox:
        service = AlertService.from_config(_configuration(place, port, sandbox), environ={})
        async with service:
            announce(service)
            tell(f"Sandbox        {sandbox.url}/")
            tell("Alerts arrive on both pages within seconds. Ctrl-C ends it.")
            async with _detector(service):
                await orders.obey(lambda: reload(service))


@contextlib.asynccontextmanager
async def _folder(given: Path | None) -> AsyncIterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as name:
        yield Path(name)


@contextlib.asynccontextmanager
async def _sandbox(port: int) -> AsyncIterator[Sandbox]:
    """It outlives the service: what is still on its way arrives."""
    sandbox = Sandbox()
    try:
        await sandbox.start(port=port)
    except OSError as problem:
        await sandbox.stop()
        raise CannotListenError(f"port {port}", problem, "choose another --sandbox-port") from None
    try:
        yield sandbox
    finally:
        await sandbox.stop()


@contextlib.asynccontextmanager
async def _detector(service: AlertService) -> AsyncIterator[None]:
    detector = asyncio.create_task(detect(service))
    try:
        yield
    finally:
        detector.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await detector


def _configuration(folder: Path, port: int, sandbox: Sandbox) -> Path:
    hooks = {name: sandbox.discord.webhook(name) for name in ("high_priority", "general", "staff")}
    file = folder / "demo.json"
    settings = {
        "server": {"port": port},
        "operators": {"to": ["discord:staff"]},
        "alerts": {"channels": {"discord": {"enabled": True, "api_base": sandbox.url, "webhooks": hooks}}},
        "retailers": {
            "bestbuy": {"name": "Best Buy", "aliases": ["best_buy"]},
            "newegg": {"name": "Newegg"},
            "amazon": {"name": "Amazon"},
        },
        "dedup": {"cooldown": "20s", "reopen_after_close": "5s"},  # a demo has no hour to wait for the next alert
    }
    file.write_text(json.dumps(settings, indent=2) + "\n")
    return file
