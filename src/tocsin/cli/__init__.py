"""The command line. Exit codes: 0 good, 1 failed, 2 wrong use."""

import sys

import typer

from tocsin.cli import alerts, checks, ledger, serving, tokens
from tocsin.cli.console import follow_lines, say
from tocsin.core.errors import TocsinError
from tocsin.service import VERSION

app = typer.Typer(
    name="tocsin",
    help="Real-time product alerts: durable, deduplicated, the important first, on every channel.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

app.command()(serving.serve)
app.command()(serving.demo)
app.command()(serving.sandbox)
app.command()(alerts.send)
app.command()(alerts.replay)
app.command()(alerts.tail)
app.command()(checks.check)
app.command()(checks.doctor)
app.add_typer(checks.routes, name="routes")
app.add_typer(checks.config, name="config")
app.add_typer(tokens.app, name="token")
app.add_typer(ledger.app, name="db")


@app.command()
def version() -> None:
    """Print the version. Example: `tocsin version`."""
    typer.echo(VERSION)


def main() -> None:
    follow_lines()
    try:
        app()
    except TocsinError as problem:
        say(problem)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
