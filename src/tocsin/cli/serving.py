"""serve, demo, sandbox: the commands that stay."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.console import answers, run, say
from tocsin.cli.detector import detect
from tocsin.core.errors import InvalidConfigError
from tocsin.pipeline.tokens import local_secret
from tocsin.sandbox import Sandbox
from tocsin.sandbox import serve as serve_sandbox
from tocsin.service import AlertService
from tocsin.telemetry import log_to

ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file; none: the defaults.")]


def serve(
    config: ConfigFile = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on, before that of the file.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on, before that of the file.")] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the service until it is told to stop (SIGTERM, Ctrl-C). SIGHUP reads the configuration again.

    Example: `tocsin serve --config alerts.json`
    """
    log_to(sys.stderr, _level(log_level))
    flags = {"server.host": host, "server.port": None if port is None else str(port)}
    overrides = {path: value for path, value in flags.items() if value is not None}
    run(_serve(AlertService.from_config(config, overrides=overrides)))


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


def sandbox(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8766,
    webhook: Annotated[list[str] | None, typer.Option(help="A Discord webhook to make; may be repeated.")] = None,
    journal: Annotated[Path | None, typer.Option(help="Write what arrives to this file, a JSON object a line.")] = None,
    limits: Annotated[bool, typer.Option(help="Hold callers to the providers' rate limits.")] = True,
) -> None:
    """Run the providers, simulated: their limits, their errors, and faults on demand.

    Example: `tocsin sandbox --webhook high_priority --webhook general`
    """
    names = webhook or ["high_priority", "general"]
    with contextlib.suppress(KeyboardInterrupt):
        run(serve_sandbox(host, port, webhooks=names, limits=limits, journal=journal, ready=_say_sandbox(names)))


async def _serve(service: AlertService) -> None:
    if service.config.open_to_strangers:
        host = service.config.settings.server.host
        raise InvalidConfigError(f"{host} can be reached by strangers: configure `tokens`, or listen on 127.0.0.1")
    async with service:
        _say_service(service)
        await _until_told_to_stop(service.reload)


async def _demo(port: int, sandbox_port: int, folder: Path | None) -> None:
    async with _folder(folder) as place:
        sandbox = Sandbox()
        await sandbox.start(port=sandbox_port)
        try:
            async with AlertService.from_config(_demo_config(place, port, sandbox)) as service:
                _say_service(service)
                answers.print(f"What the providers got   {sandbox.url}/")
                detector = asyncio.create_task(detect(service))
                await _until_told_to_stop(service.reload)
                detector.cancel()
        finally:
            await sandbox.stop()


def _demo_config(folder: Path, port: int, sandbox: Sandbox) -> Path:
    hooks = {name: sandbox.discord.webhook(name) for name in ("high_priority", "general")}
    file = folder / "demo.json"
    settings = {
        "server": {"port": port},
        "alerts": {"channels": {"discord": {"enabled": True, "api_base": sandbox.url, "webhooks": hooks}}},
        "retailers": {"bestbuy": {"name": "Best Buy", "aliases": ["best_buy"]}, "newegg": {"name": "Newegg"}},
    }
    file.write_text(json.dumps(settings))
    return file


@contextlib.asynccontextmanager
async def _folder(given: Path | None) -> AsyncIterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as name:
        yield Path(name)


def _say_service(service: AlertService) -> None:
    config = service.config
    answers.print(f"Ledger                   {config.settings.storage.file or 'PostgreSQL'}")
    if config.settings.server.local and not config.settings.tokens:
        answers.print(f"Dashboard                {service.url}/#token={local_secret(config.local_token_file).reveal()}")
    else:
        answers.print(f"Dashboard                {service.url}/")


def _say_sandbox(names: list[str]) -> Callable[[Sandbox], None]:
    def say(sandbox: Sandbox) -> None:
        answers.print(f"What arrives             {sandbox.url}/")
        for name in names:
            answers.print(f"discord:{name:<16} {sandbox.discord.webhook(name)}")

    return say


async def _until_told_to_stop(reload: Callable[[], Awaitable[object]]) -> None:
    """SIGTERM and Ctrl-C end the wait; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def told(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told, number)
    async with asyncio.TaskGroup() as reloads:
        loop.add_signal_handler(signal.SIGHUP, lambda: reloads.create_task(_reload(reload)))
        await stop.wait()


async def _reload(reload: Callable[[], Awaitable[object]]) -> None:
    try:
        await reload()
    except InvalidConfigError as problem:
        say(problem)


def _level(name: str) -> int:
    level = logging.getLevelNamesMapping().get(name.upper())
    if level is None:
        raise typer.BadParameter(f"{name!r} is not one of debug, info, warning, error", param_hint="--log-level")
    return level
