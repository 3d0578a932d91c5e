"""The command line reaches everything that the service can do. Exit codes: 0 good, 1 failed, 2 wrong use."""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from tocsin.cli.commands import Commands, load
from tocsin.cli.console import prepare_streams

app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(version("tocsin"))
        raise typer.Exit


@app.callback()
def tocsin(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Real-time product alerts: durable, deduplicated, the important first, on every channel.

    Example: `tocsin demo`, then `tocsin COMMAND --help` for each of these.
    """


def main() -> None:
    prepare_streams()
    load(sys.argv[1:])
    try:
        app(prog_name="tocsin")
    except BrokenPipeError:
        # Whoever read our answers has seen enough; the interpreter must not complain about the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
