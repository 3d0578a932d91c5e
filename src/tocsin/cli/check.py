"""`tocsin check` looks at a configuration file before it counts."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tocsin.channels.transport import Transport
from tocsin.cli.console import answers, run, tell, tell_json
from tocsin.cli.reach import Json
from tocsin.config.configuration import Config
from tocsin.config.reading.loading import load
from tocsin.config.report import Caution, Report
from tocsin.config.report import check as look
from tocsin.core.clock import SystemClock
from tocsin.core.errors import InvalidConfigError
from tocsin.wiring import judge, mirrors


def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The configuration file.")],
    offline: Annotated[bool, typer.Option("--offline", help="Ask no service where the history is copied to.")] = False,
    as_json: Json = False,
) -> None:
    """Check a configuration file: every problem with its line, and what it would do. Nothing is started; where the
    history is copied to, its token, base, table and columns are proved.

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
    if not offline:
        report = replace(report, cautions=(*report.cautions, *run(_mirrors(config))))
    if as_json:
        tell_json(report.as_json())
    else:
        _tell(report)


async def _mirrors(config: Config) -> Sequence[Caution]:
    """What stands in the way of copies of the history."""
    cautions: list[Caution] = []
    async with Transport() as transport:
        for mirror in mirrors(config, transport, SystemClock()):
            path = ("history", mirror.name)
            cautions += [Caution(".".join(path), problem, config.where(path)) for problem in await mirror.look()]
            await mirror.close()
    return cautions


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
