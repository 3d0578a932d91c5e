"""`tocsin consents` writes the history of consent down, for whoever has to show it."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from tocsin.cli.console import run
from tocsin.cli.reach import ConfigFile, Token, Url, client
from tocsin.client import Client

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="markdown")


class Format(StrEnum):
    NDJSON = "ndjson"
    CSV = "csv"


@app.callback()
def consents() -> None:
    """Consent: a history that only grows.

    Example: `tocsin consents export --as csv > consents.csv`
    """


@app.command()
def export(
    since: Annotated[str | None, typer.Option(help="What was entered since then: 2026-11-01T00:00:00Z.")] = None,
    form: Annotated[Format, typer.Option("--as", help="How it is written.")] = Format.NDJSON,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Write every entry of consent, in the order in which they were entered, one a line.

    Example: `tocsin consents export --since 2026-11-01T00:00:00Z --as csv > consents.csv`
    """
    run(_export(client(url, token, config), since, form))


async def _export(service: Client, since: str | None, form: Format) -> None:
    given = {"format": form.value} | ({"since": since} if since else {})
    async with service:
        async for part in service.read("/api/v1/consents", **given):
            sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()
