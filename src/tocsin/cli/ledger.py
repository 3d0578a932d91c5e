"""db upgrade, backup."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.console import answers, run
from tocsin.cli.service import ConfigFile
from tocsin.config import Config, load
from tocsin.core.clock import SystemClock
from tocsin.core.errors import InvalidRequestError
from tocsin.core.facts import Fact
from tocsin.ledger.opening import open_ledger
from tocsin.ledger.upgrade import copy

app = typer.Typer(help="The ledger.", no_args_is_help=True)


@app.command()
def upgrade(config: ConfigFile = None) -> None:
    """Bring the ledger's schema up to date, after a backup copy. `serve` does the same by itself.

    Example: `tocsin db upgrade --config alerts.json`
    """
    run(_upgrade(load(config, os.environ)))


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="The file to write.", dir_okay=False)], config: ConfigFile = None
) -> None:
    """Write a consistent copy of the ledger, whether the service runs or not.

    Example: `tocsin db backup tocsin-2026-11-23.db`
    """
    ledger = load(config, os.environ).settings.storage.file
    if ledger is None:
        raise InvalidRequestError("a ledger in PostgreSQL is backed up with pg_dump")
    if not ledger.exists():
        raise InvalidRequestError(f"there is no ledger at {ledger}")
    copy(ledger, to)
    answers.print(f"{ledger} → {to} ({to.stat().st_size:,} bytes)", markup=False)


async def _upgrade(config: Config) -> None:
    async with open_ledger(config.settings.storage.url.reveal(), clock=SystemClock(), tell=_unheard):
        answers.print(f"{config.settings.storage.file or 'the ledger'} is up to date", markup=False)


def _unheard(_fact: Fact) -> None:
    """Nobody listens to a ledger that is open for a moment."""
