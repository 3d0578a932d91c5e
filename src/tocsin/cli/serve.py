"""`tocsin serve` runs the service itself."""

import contextlib
import gc
import logging
import resource
import sys
from enum import StrEnum
from typing import Annotated

import typer

from tocsin.access.tokens import local_secret
from tocsin.cli.console import run, tell
from tocsin.cli.orders import Orders
from tocsin.cli.reach import ConfigFile
from tocsin.core.errors import InvalidConfigError
from tocsin.service import AlertService
from tocsin.telemetry import log_to

log = logging.getLogger("tocsin")

_COLLECTIONS = (10_000, 20, 50)  # objects more before a look at the young ones; how many of those to one at older ones


class LogFormat(StrEnum):
    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def serve(
    config: ConfigFile = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on, before that of the file.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port, before that of the file; 0 takes a free one.")
    ] = None,
    log_level: Annotated[Level, typer.Option(help="The least that is worth a line.")] = Level.INFO,
    log_format: Annotated[
        LogFormat, typer.Option(help="json: an object a line. auto: text at a terminal, else json.")
    ] = LogFormat.AUTO,
) -> None:
    """Run the service until it is told to stop.

    SIGTERM or Ctrl-C stops it in good order, a second one at once. SIGHUP reads the configuration again.

    Example: `tocsin serve --config alerts.json`
    """
    text = log_format is LogFormat.TEXT or (log_format is LogFormat.AUTO and sys.stderr.isatty())
    log_to(sys.stderr, logging.getLevelNamesMapping()[log_level.upper()], as_json=not text)
    flags = {"server.host": host, "server.port": None if port is None else str(port)}
    overrides = {path: value for path, value in flags.items() if value is not None}
    run(_serve(AlertService.from_config(config, overrides=overrides)))


async def _serve(service: AlertService) -> None:
    orders = Orders()
    async with service:
        own_the_process()
        announce(service)
        await orders.obey(lambda: reload(service))
        log.info("stopping: a second signal ends it at once")


def own_the_process() -> None:
    """Take as many sockets as the process may have, and make no pause that a reader could notice: it is ours alone.

    The usual soft limit of 1,024 files is for programs that call `select`: we do not. A full collection stops
    everything. It would look each time at what stands since the start and stays until the end: 140 to 220 ms, in the
    middle of every storm of a thousand sockets.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTIONS)


def announce(service: AlertService) -> None:
    """Say where everything is. The link with the local token is for who may read this terminal, on loopback only."""
    config = service.config
    tell(f"Configuration  {config.file or 'defaults'}")
    tell(f"Ledger         {config.settings.storage.file or 'PostgreSQL'}")
    tell(f"Dashboard      {link(service)}")


def link(service: AlertService) -> str:
    """Make the page's address, with the local token where it may be shown."""
    config = service.config
    if config.settings.server.local and not config.settings.tokens:
        return f"{service.url}/#token={local_secret(config.local_token_file).reveal()}"
    return f"{config.page_url or service.url}/"


async def reload(service: AlertService) -> None:
    """Take the configuration as it is now; of a bad one the service has told, and nothing has changed."""
    with contextlib.suppress(InvalidConfigError):
        await service.reload()
