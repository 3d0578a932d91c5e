"""`tocsin demo` runs the service wired to the provider sandbox, with a detector that never sleeps."""

import asyncio
import contextlib
import json
import logging
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from tocsin.cli.console import run, tell, tell_json
from tocsin.cli.detector import detect
from tocsin.cli.orders import Orders
from tocsin.cli.reach import Json, local_token
from tocsin.cli.serve import announce, link, reload
from tocsin.cli.span import span
from tocsin.client import Client
from tocsin.core.errors import CannotListenError
from tocsin.sandbox import Sandbox
from tocsin.service import AlertService
from tocsin.telemetry import log_to

READERS = """\
external_id,name,email,tags,consent_at,consent_source,consent_text
ada,Ada,ada@example.com,demo,2026-11-01,demo,Mail me about restocks.
grace,Grace,grace@example.com,demo,2026-11-01,demo,Mail me about restocks.
"""


def demo(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of the service; none: 8765, or any where that is taken.")
    ] = None,
    sandbox_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of the sandbox; none: 8766, or any where that is taken.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to keep its ledger; none: nowhere.")] = None,
    lasting: Annotated[
        str | None, typer.Option("--for", help="When it ends by itself: 15m, 1h; none: with Ctrl-C.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the service wired to the provider sandbox, with a synthetic detector: alerts in Discord, by mail and on
    phones, no account.

    Example: `tocsin demo`
    """
    log_to(sys.stderr, logging.WARNING, as_json=not sys.stderr.isatty())
    ports = (free_or_any(8765) if port is None else port, free_or_any(8766) if sandbox_port is None else sandbox_port)
    end = None if lasting is None else span(lasting, "--for").total_seconds()
    run(_demo(*ports, folder, end, as_json=as_json))


async def _demo(port: int, sandbox_port: int, folder: Path | None, end: float | None, *, as_json: bool) -> None:
    orders = Orders()
    async with _folder(folder) as place, _sandbox(sandbox_port) as sandbox:
        service = AlertService.from_config(_configuration(place, port or _free(), sandbox), environ={})
        async with service:
            sandbox.call_back(service.url)
            await _sign_up(service, sandbox)
            if as_json:
                tell_json({"dashboard": link(service), "sandbox": f"{sandbox.url}/"})
            else:
                announce(service)
                tell(f"Sandbox        {sandbox.url}/")
                tell("Alerts arrive on both pages within seconds. Ctrl-C ends it.")
            async with _detector(service):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(end):
                        await orders.obey(lambda: reload(service))


def free_or_any(port: int) -> int:
    """Keep the port, or take 0 where somebody listens there already: whoever did not ask for it can do without it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the service itself takes it
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def _free() -> int:
    """A port that nobody has now: links in messages say which, before the service listens there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _sign_up(service: AlertService, sandbox: Sandbox) -> None:
    """Some readers of mails, with evidence that they want them; one has devices of the sandbox, too."""
    async with Client(service.url, local_token(service.config)) as client:
        await client.post("/api/v1/contacts/import", body=READERS.encode())
        ada = await client.call("PUT", "/api/v1/contacts/by/ada", {"name": "Ada"})
        for place, told in sandbox.somebody().items():
            await client.call("PUT", f"/api/v1/contacts/{ada['id']}/{quote(place)}", told)


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
    """Run the sandbox for longer than the service: what is still on its way arrives."""
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
    file = folder / "demo.json"
    settings = {
        "server": {"port": port, "public_url": f"http://127.0.0.1:{port}"},
        **sandbox.configuration(folder),
        "retailers": {
            "bestbuy": {"name": "Best Buy", "aliases": ["best_buy"]},
            "newegg": {"name": "Newegg"},
            "amazon": {"name": "Amazon"},
        },
        "dedup": {"cooldown": "20s", "reopen_after_close": "5s"},  # a demo has no hour to wait for the next alert
    }
    file.write_text(json.dumps(settings, indent=2) + "\n")
    return file
