"""How a command reaches the running service: flags before the environment before the local token."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tocsin.client import Client
from tocsin.config import load

Url = Annotated[str | None, typer.Option(envvar="TOCSIN_URL", help="Where the service is.", show_default=False)]
Token = Annotated[str | None, typer.Option(envvar="TOCSIN_TOKEN", help="What to call it with.", show_default=False)]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="The service's configuration file, for its port and local token.")
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


def client(url: str | None, token: str | None, file: Path | None) -> Client:
    """The service named by flags or environment, else the one of this user on this machine."""
    if url and token:
        return Client(url, token)
    config = load(file, os.environ)
    server = config.settings.server
    here = config.local_token_file
    if token is None and not here.exists():
        raise typer.BadParameter(
            f"no token: give --token or TOCSIN_TOKEN, or run this beside the service's ledger ({here} is not there)"
        )
    return Client(url or f"http://{server.host}:{server.port}", token or here.read_text().strip())
