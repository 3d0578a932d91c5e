"""check, doctor, routes test, config show: looking before leaping."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from tocsin.cli.console import answers, print_json, run
from tocsin.cli.service import ConfigFile, Json, Token, Url, client
from tocsin.client import Client
from tocsin.config import check as look
from tocsin.config import json_schema, load, shown
from tocsin.core.errors import InvalidConfigError, TocsinError
from tocsin.ledger.integrity import verify

routes = typer.Typer(help="Who hears of what.", no_args_is_help=True)
config = typer.Typer(help="The configuration.", no_args_is_help=True)

LITTLE_SPACE = 1_000_000_000  # bytes


def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The configuration file.")],
    as_json: Json = False,
) -> None:
    """Check a configuration file: every problem with its line, and what it would do.

    Example: `tocsin check alerts.json`
    """
    try:
        report = look(load(file, os.environ))
    except InvalidConfigError as problem:
        if as_json:
            print_json(problem.as_json())
            raise typer.Exit(1) from None
        raise
    if as_json:
        print_json(report.as_json())
        return
    answers.print(
        f"[bold green]SUCCESS[/] {file}: " + ", ".join(f"{count} {what}" for what, count in report.found.items())
    )
    for caution in report.cautions:
        answers.print(f"  warning: {caution.place or caution.path}: {caution.message}", markup=False)


@routes.command("test")
def routes_test(
    alert: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="One alert as JSON.")],
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Ask the running service what it would do with an alert; nothing is stored or sent.

    Example: `tocsin routes test alert.json`
    """
    told = run(_post(client(url, token, config), "/api/v1/routes/test", alert.read_bytes()))
    if as_json:
        print_json(told)
        return
    answers.print(f"{told['decision']} ({told['reason']}), priority {told['priority']}")
    for target in told["targets"]:
        mentions = f"  mentions {' '.join(target['mentions'])}" if target["mentions"] else ""
        answers.print(f"  {target['target']}  {target['state']} {target.get('why', '')}{mentions}", markup=False)
        answers.print(json.dumps(target.get("message"), indent=2, ensure_ascii=False), markup=False)


@config.command("show")
def show(config: ConfigFile = None, as_json: Json = False) -> None:
    """Print the configuration in force, secrets masked, with the source of each value.

    Example: `tocsin config show --config alerts.json`
    """
    rows = list(shown(load(config, os.environ)))
    if as_json:
        print_json([row.as_json() for row in rows])
        return
    table = Table("key", "value", "source", box=None)
    for row in rows:
        table.add_row(row.path, json.dumps(row.value, ensure_ascii=False), row.source.place or row.source.kind)
    answers.print(table)


@config.command("schema")
def schema() -> None:
    """Print the JSON schema of the file, for editors.

    Example: `tocsin config schema > tocsin.schema.json`
    """
    print_json(json_schema())


def doctor(config: ConfigFile = None, url: Url = None, token: Token = None, as_json: Json = False) -> None:
    """Look at the configuration, the ledger and the running service, and say what to mend.

    Example: `tocsin doctor --config alerts.json`
    """
    findings = run(_examine(config, url, token))
    if as_json:
        print_json([{"what": what, "good": good, "detail": detail} for what, good, detail in findings])
    else:
        for what, good, detail in findings:
            answers.print(f"[{'green' if good else 'bold red'}]{'good' if good else 'bad ':<5}[/]{what:<16}", end="")
            answers.print(detail, markup=False)
    if not all(good for _, good, _ in findings):
        sys.exit(1)


async def _post(service: Client, path: str, body: bytes) -> Any:
    async with service:
        return await service.post(path, body=body)


async def _examine(file: Path | None, url: str | None, token: str | None) -> list[tuple[str, bool, str]]:
    """What was looked at, whether it is good, and what was found there."""
    try:
        found = load(file, os.environ)
    except InvalidConfigError as problem:
        return [("configuration", False, str(problem.message))]
    findings = [("configuration", True, str(found.file or "defaults"))]
    findings.extend(("configuration", False, caution.message) for caution in look(found).cautions)
    if found.settings.storage.file:
        findings.append(_ledger(found.settings.storage.file))
        findings.append(_disk(found.settings.storage.file.parent))
    findings.append(await _service(file, url, token))
    return findings


def _ledger(file: Path) -> tuple[str, bool, str]:
    if not file.exists():
        return "ledger", True, f"{file} will be made at the first start"
    try:
        verify(file)
    except TocsinError as problem:
        return "ledger", False, problem.message
    return "ledger", True, f"{file} ({file.stat().st_size:,} bytes) is whole"


def _disk(folder: Path) -> tuple[str, bool, str]:
    free = shutil.disk_usage(folder).free
    return "disk", free > LITTLE_SPACE, f"{free / 1e9:.1f} GB free in {folder}"


async def _service(file: Path | None, url: str | None, token: str | None) -> tuple[str, bool, str]:
    try:
        async with client(url, token, file) as service:
            told = await service.get("/readyz")
    except (TocsinError, typer.BadParameter) as problem:
        return "service", False, str(problem)
    return "service", True, f"{service.url}: {told}"
