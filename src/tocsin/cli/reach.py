"""A command reaches the running service by flags before the environment before the file before the defaults."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from tocsin.client import Client
from tocsin.config.configuration import Config
from tocsin.config.reading.loading import locate
from tocsin.core.file import cause, read_text

Url = Annotated[str | None, typer.Option(envvar="TOCSIN_URL", help="Where the service is.", show_default=False)]
Token = Annotated[str | None, typer.Option(envvar="TOCSIN_TOKEN", help="What to call it with.", show_default=False)]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", exists=True, dir_okay=False, help="The service's configuration file; none: the defaults."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]

ADDRESS = ("server.host", "server.port")  # the settings that say where the service listens
LEDGER = ("storage.url",)  # and what it keeps, its token beside it
OPENED = (*LEDGER, "people.key")  # for whoever opens the ledger itself, in place of the service

_LONGEST = 4096  # bytes of a file with a token


def client(url: str | None, token: str | None, file: Path | None) -> Client:
    """Make a client of the service named by flags or environment, else of the one of this user on this machine."""
    where = _checked(url) if url else address(located(file, *ADDRESS))
    return Client(where, token or local_token(located(file, *LEDGER), url))


def located(file: Path | None, *keys: str) -> Config:
    """Read these settings of the service's file, without its other secrets: a client needs none of them, and may not
    have them.
    """
    return locate(file, os.environ, *keys)


def address(config: Config) -> str:
    """Tell where the service of this configuration is, seen from its own machine."""
    return config.address(config.settings.server.port)


def local_token(config: Config, url: str | None = None) -> str:
    """Read what the service has put beside its ledger for the commands of the same user. It never leaves
    this machine.
    """
    if url and not _is_loopback(url):
        raise typer.BadParameter(f"{url} is another machine: say --token or TOCSIN_TOKEN")
    here = config.local_token_file
    try:
        return read_text(here, _LONGEST).strip()
    except FileNotFoundError:
        raise typer.BadParameter(
            f"no token: {here} is not there, so no service has been started with this configuration."
            " Start one with `tocsin serve`, or say --token or TOCSIN_TOKEN"
        ) from None
    except (OSError, ValueError) as problem:
        raise typer.BadParameter(f"no token: {here} cannot be read ({cause(problem)}); say --token") from None


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
        good = good and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        hint = "--url or TOCSIN_URL"
        raise typer.BadParameter(f"{url!r} is not an address like http://127.0.0.1:8765", param_hint=hint)
    return url


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
