"""`tocsin db` looks after the ledger: its schema, and a copy of it."""

import sqlite3
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from tocsin.cli.console import errors, run, tell, tell_json
from tocsin.cli.reach import LEDGER, OPENED, ConfigFile, Json, located
from tocsin.config.configuration import Config
from tocsin.core.clock import SystemClock
from tocsin.core.errors import InvalidRequestError, LedgerUnavailableError
from tocsin.ledger.contract import Ledger
from tocsin.ledger.engine.upgrade import copy
from tocsin.ledger.opening import open_ledger
from tocsin.ledger.transfer import transfer

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def db() -> None:
    """The ledger.

    Example: `tocsin db backup tocsin-2026-11-23.db`
    """


@app.command()
def upgrade(config: ConfigFile = None) -> None:
    """Bring the ledger's schema up to date, after a backup copy. `serve` does the same by itself.

    Example: `tocsin db upgrade --config alerts.json`
    """
    run(_upgrade(located(config, *OPENED)))


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="The file to write.", dir_okay=False)],
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Write a consistent copy of the ledger, whether the service runs or not; a file that is there is replaced.

    Example: `tocsin db backup tocsin-2026-11-23.db`
    """
    ledger = _file(located(config, *LEDGER), to)
    try:
        copy(ledger, to)
    except (OSError, sqlite3.Error) as problem:
        raise LedgerUnavailableError(f"{to} cannot be written: {problem}") from None
    size = to.stat().st_size
    if as_json:
        tell_json({"ledger": str(ledger), "backup": str(to.absolute()), "bytes": size})
    else:
        tell(f"{ledger} → {to.absolute()} ({size:,} bytes)")


@app.command()
def rollup(config: ConfigFile = None, as_json: Json = False) -> None:
    """Count all figures anew from what the ledger still holds; those of what was forgotten stay.

    A running service keeps them by itself: stop it first.

    Example: `tocsin db rollup --config alerts.json`
    """
    counted = run(_rollup(located(config, *OPENED)))
    if as_json:
        tell_json({"hours": counted})
    else:
        tell(f"{counted:,} hours were counted anew")


@app.command(name="copy")
def copy_over(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="The SQLite file.", exists=True, dir_okay=False)],
    target: Annotated[str, typer.Argument(metavar="URL", help="An empty database: postgresql://user@host/name.")],
    as_json: Json = False,
) -> None:
    """Copy a ledger in SQLite to PostgreSQL, and prove that both are the same. Stop the service before; what is broken
    off goes on where it was.

    Example: `tocsin db copy tocsin.db postgresql://tocsin@127.0.0.1/tocsin`
    """
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        bar = progress.add_task("copy")
        copied = transfer(
            f"sqlite:///{source.absolute()}",
            target,
            lambda table, done, total: progress.update(bar, description=table, completed=done, total=total),
        )
    if as_json:
        tell_json({"rows": copied.rows, "total": copied.total})
    else:
        tell(f"{copied.total:,} rows of {len(copied.rows)} tables are copied and proved.")
        tell("Set storage.url to the new place and start the service; the file stays as it was.")


def _file(config: Config, to: Path) -> Path:
    """The ledger to copy. Raises InvalidRequestError where there is none, or where the copy would be its end."""
    ledger = config.settings.storage.file
    if ledger is None:
        raise InvalidRequestError("a ledger in PostgreSQL is backed up with pg_dump")
    if not ledger.exists():
        raise InvalidRequestError(f"there is no ledger at {ledger}")
    if to.exists() and to.samefile(ledger):
        raise InvalidRequestError(f"{to} is the ledger itself: name another file")
    return ledger


async def _upgrade(config: Config) -> None:
    async with _opened(config):
        tell(f"{config.settings.storage.file or 'the ledger'} is up to date")


async def _rollup(config: Config) -> int:
    async with _opened(config) as ledger:
        return await ledger.analytics.follow(SystemClock().now(), whole=True)


def _opened(config: Config) -> AbstractAsyncContextManager[Ledger]:
    return open_ledger(
        config.settings.storage.url.reveal(),
        clock=SystemClock(),
        people_key=config.settings.people.key,
        people_key_file=config.people_key_file,
    )
