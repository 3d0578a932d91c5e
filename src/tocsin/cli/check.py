"""`tocsin check` looks at a configuration file before it counts."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.console import answers, tell, tell_json
from tocsin.cli.reach import Json
from tocsin.config.reading.loading import load
from tocsin.config.report import Report
from tocsin.config.report import check as look
from tocsin.core.errors import InvalidConfigError
from tocsin.wiring import judge


def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The configuration file.")],
    as_json: Json = False,
) -> None:
    """Check a configuration file: every problem with its line, and what it would do. Nothing is started.

    Example: `tocsin check alerts.json`
    """
    try:
        config = load(file, os.environ)
        judge(config)
    except InvalidConfigError as problem:
        if as_json:
            tell_json(problem.as_json())
            raise typer.Exit(1) from None
        raise
    report = look(config)
    if as_json:
        tell_json(report.as_json())
    else:
        _tell(report)


def _tell(report: Report) -> None:
    answers.print("[bold green]SUCCESS[/] ", end="")
    tell(str(report.file))
    tell("  found: " + ", ".join(f"{count} {what}" for what, count in report.found.items()))
    for caution in report.cautions:
        answers.print("  [yellow]warning[/] ", end="")
        tell(f"{caution.place or caution.path}: {caution.message}")
    for note in report.notes:
        answers.print("  [dim]note[/]    ", end="")
        tell(f"{note.place or note.path}: {note.message}")
