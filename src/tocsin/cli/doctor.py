"""`tocsin doctor` looks at everything that can be looked at from outside, and says what to mend."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from tocsin.cli.console import answers, run, tell, tell_json
from tocsin.cli.reach import ADDRESS, LEDGER, ConfigFile, Json, Token, Url, address, local_token, located
from tocsin.client import Client
from tocsin.config.configuration import Config
from tocsin.config.reading.loading import load
from tocsin.config.report import check
from tocsin.core.errors import InvalidConfigError, LedgerError, TocsinError, UnreachableError
from tocsin.ledger.engine.integrity import verify

LITTLE_SPACE = 1_000_000_000  # bytes

_COLOURS = {"good": "green", "note": "yellow", "bad": "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding is good, a note or bad; only the last needs mending."""

    what: str
    state: str
    detail: str


def doctor(config: ConfigFile = None, url: Url = None, token: Token = None, as_json: Json = False) -> None:
    """Look at the configuration, the ledger, the disk and the running service, and say what to mend.

    Example: `tocsin doctor --config alerts.json`
    """
    findings = run(_examine(config, url, token))
    if as_json:
        tell_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            answers.print(f"[{_COLOURS[finding.state]}]{finding.state:<6}[/]", end="")
            tell(f"{finding.what:<15}{finding.detail}")
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)


async def _examine(file: Path | None, url: str | None, token: str | None) -> list[Finding]:
    findings = list(_configuration(file))
    try:
        found = located(file, *ADDRESS, *LEDGER)
    except InvalidConfigError:
        return findings
    if found.settings.storage.file:
        findings.append(_ledger(found.settings.storage.file))
        findings.append(_disk(found.settings.storage.file.parent))
    findings.extend([finding async for finding in _service(found, url, token)])
    return findings


def _configuration(file: Path | None) -> Iterator[Finding]:
    try:
        found = load(file, os.environ)
    except InvalidConfigError as problem:
        yield Finding("configuration", "bad", problem.message)
        return
    yield Finding("configuration", "good", str(found.file or "defaults"))
    for caution in check(found).cautions:
        yield Finding("configuration", "note", f"{caution.place or caution.path}: {caution.message}")


def _ledger(file: Path) -> Finding:
    if not file.exists():
        return Finding("ledger", "note", f"{file} will be made at the first start")
    try:
        verify(file)
    except LedgerError as problem:
        return Finding("ledger", "bad", problem.message)
    return Finding("ledger", "good", f"{file} ({file.stat().st_size:,} bytes) is whole")


def _disk(folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding("disk", "bad", f"{folder} is not there: make it, or mend storage.url")
    free = shutil.disk_usage(folder).free
    if free < LITTLE_SPACE:
        return Finding("disk", "bad", f"{free / 1e9:.1f} GB free in {folder}: a full disk takes no alerts")
    return Finding("disk", "good", f"{free / 1e9:.1f} GB free in {folder}")


async def _service(config: Config, url: str | None, token: str | None) -> AsyncIterator[Finding]:
    where = url or address(config)
    async with Client(where, token or _kept(config, url)) as service:
        try:
            told = await service.get("/readyz")
        except UnreachableError as problem:
            yield Finding("service", "bad" if url else "note", f"{problem.message}: start it with `tocsin serve`")
            return
        except TocsinError as problem:
            yield Finding("service", "bad", f"{where}: {problem.message}")
            return
        yield (
            Finding("service", "good", f"{where} takes alerts")
            if told["ready"]
            else Finding("service", "bad", f"{where} takes no alerts: {'; '.join(told['problems'])}")
        )
        async for finding in _nodes(service):
            yield finding
        async for finding in _conditions(service):
            yield finding


async def _nodes(service: Client) -> AsyncIterator[Finding]:
    """Ask it which others there are; one that is alone has none."""
    try:
        told = await service.get("/api/v1/nodes")
    except TocsinError as problem:
        yield Finding("nodes", "note", f"cannot be looked at: {problem.message}")
        return
    for node in told["nodes"]:
        if len(told["nodes"]) > 1 or node["lease_left_s"] is not None:
            state = "note" if node["state"] == "dead" else "good"
            yield Finding("nodes", state, f"{node['name']} is {node['state']}, and works {len(node['lanes'])} lanes")
    for what, who in told["differences"].items():
        yield Finding("nodes", "bad", f"their {what} differs: {who}")


async def _conditions(service: Client) -> AsyncIterator[Finding]:
    """Ask the service what it would tell its operators now."""
    try:
        lasting = (await service.get("/api/v1/conditions"))["conditions"]
    except TocsinError as problem:
        yield Finding("conditions", "note", f"cannot be looked at: {problem.message}")
        return
    for condition in lasting:
        yield Finding("conditions", "bad", f"{condition['headline']}: {condition['detail']}. {condition['mend']}")
    if not lasting:
        yield Finding("conditions", "good", "nothing needs a human")


def _kept(config: Config, url: str | None) -> str:
    """Find the local token; without one the service is looked at from outside."""
    try:
        return local_token(config, url)
    except typer.BadParameter:
        return ""
