"""`tocsin contacts` takes files of people, and finds, gives out and erases one of them."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import typer

from tocsin.cli.console import hint, run, tell, tell_json, tell_table
from tocsin.cli.reach import ConfigFile, Json, Token, Url, client
from tocsin.cli.source import read
from tocsin.client import Client

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="markdown")

PATH = "/api/v1/contacts"
LONGEST_S = 600.0  # a large file is taken in small parts, so that alerts come between
RESULTS = ("created", "updated", "unchanged", "suppressed", "invalid")
PAGE = 500

Who = Annotated[str, typer.Argument(help="Its id; or your own id of the person (external_id).")]


class State(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    UNVERIFIED = "unverified"
    SUPPRESSED = "suppressed"
    DEAD = "dead"


@app.callback()
def contacts() -> None:
    """People: who is kept.

    Example: `tocsin contacts list --tag vip`
    """


@app.command("import")
def import_(
    file: Annotated[str, typer.Argument(help="CSV or NDJSON, with a header; - is standard input.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be, and change nothing.")] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Send a code or a link to whoever was added without proof.")
    ] = False,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Take a file of people. Each row is taken or refused by itself; a second run changes nothing.

    The answer counts the rows, and names those that were refused or left something out, with the reason.

    Example: `tocsin contacts import members.csv --dry-run`
    """
    report = run(_import(client(url, token, config), read(file, "FILE"), dry_run=dry_run, confirm=confirm))
    if as_json:
        tell_json(report)
    else:
        _tell_report(report)
    if report["invalid"]:
        raise typer.Exit(1)


@app.command("list")
def list_(
    words: Annotated[str, typer.Argument(help="Words of the name, or a whole number or mailbox.")] = "",
    tag: Annotated[str | None, typer.Option(help="Those with this tag.")] = None,
    state: Annotated[State | None, typer.Option(help="Of the contact, or of one of its addresses.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most that are listed.")] = 50,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """List contacts, the newest first. Numbers and mailboxes are masked.

    Example: `tocsin contacts list ada --state unverified`
    """
    asked = {"q": words, "tag": tag, "state": state and state.value}
    given = {key: value for key, value in asked.items() if value}
    found, more = run(_list(client(url, token, config), given, limit))
    if as_json:
        tell_json({"contacts": found})
        return
    tell_table([_row(one) for one in found], ("id", "external id", "name", "tags", "addresses"))
    if more:
        hint("There are more: --limit shows them.")


@app.command()
def export(who: Who, config: ConfigFile = None, url: Url = None, token: Token = None) -> None:
    """Write everything that is held of a person, as JSON, values in the clear: for the person.

    Example: `tocsin contacts export discord:1180 > ada.json`
    """
    tell_json(run(_export(client(url, token, config), who)))


@app.command()
def erase(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Forget a person. What is left are hashes: they keep an import from bringing the person back.

    Example: `tocsin contacts erase discord:1180`
    """
    if not yes:
        typer.confirm(f"Erase {who}? This cannot be undone.", abort=True, err=True)
    erased = run(_erase(client(url, token, config), who))
    if as_json:
        tell_json(erased)
    else:
        tell(f"erased; kept: {', '.join(erased['kept'])}")


async def _import(service: Client, content: bytes, **flags: bool) -> Any:
    query = {name: "1" for name, said in flags.items() if said}
    async with service:
        return await service.call("POST", f"{PATH}/import", body=content, query=query, within_s=LONGEST_S)


async def _list(service: Client, given: Mapping[str, str], limit: int) -> tuple[list[dict[str, Any]], bool]:
    """Fetch so many of them, and say whether there are more."""
    found: list[dict[str, Any]] = []
    page: dict[str, str] = {}
    async with service:
        while True:
            answer = await service.get(PATH, **given, **page, limit=min(PAGE, limit - len(found)))
            found += answer["contacts"]
            if answer["next"] is None or len(found) >= limit:
                return found, answer["next"] is not None
            page = {"page": answer["next"]}


async def _export(service: Client, who: str) -> Any:
    async with service:
        return await service.get(f"{PATH}/{await _identifier(service, who)}/export")


async def _erase(service: Client, who: str) -> Any:
    async with service:
        return await service.call("DELETE", f"{PATH}/{await _identifier(service, who)}")


async def _identifier(service: Client, who: str) -> str:
    try:
        return str(UUID(who))
    except ValueError:
        return str((await service.get(f"{PATH}/by/{quote(who, safe='')}"))["id"])


def _tell_report(report: Mapping[str, Any]) -> None:
    for result in RESULTS:
        if report[result]:
            tell(f"{report[result]:>8,}  {result}")
    for row in (one for one in report["rows"] if one["result"] != "unchanged"):
        tell(f"row {row['row']}: {row['result']}: {'; '.join(_reasons(row))}")
    for note in report["notes"]:
        hint(note)
    if report["unverified"]:
        hint(f"Addresses that are told nothing before they are confirmed: {report['unverified']:,}")
    if report["confirmations"]:
        hint("codes and links: {sent} sent, {failed} failed, {left} left".format(**report["confirmations"]))
    if report["dry_run"]:
        hint("Nothing was changed: this was a dry run.")


def _reasons(row: Mapping[str, Any]) -> Sequence[str]:
    error = row["error"]
    if error is None:
        return (row["note"],)
    details = [f"{detail['path']}: {detail['message']}" for detail in error["details"] if detail["path"]]
    return details or (error["message"],)


def _row(contact: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    addresses = ", ".join(f"{one['shown']} ({one['state']})" for one in contact["addresses"])
    return contact["id"], contact["external_id"] or "-", contact["name"], " ".join(contact["tags"]), addresses
