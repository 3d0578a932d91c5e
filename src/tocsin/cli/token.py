"""`tocsin token` makes, lists and revokes tokens."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli.console import run, tell, tell_json, tell_table
from tocsin.cli.reach import ADDRESS, ConfigFile, Json, Token, Url, address, located
from tocsin.cli.registry import registry
from tocsin.cli.span import span
from tocsin.core.clock import SystemClock

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="markdown")


class Scope(StrEnum):
    INGEST = "ingest"
    READ = "read"
    CONTACTS = "contacts"
    ADMIN = "admin"


@app.callback()
def token() -> None:
    """Who may call the service. Asks the running one; opens the ledger where none runs.

    Example: `tocsin token create monitor --scope ingest`
    """


@app.command()
def create(
    *,
    name: Annotated[str, typer.Argument(help="Whom it is for.")] = "guest",
    scope: Annotated[list[Scope], typer.Option(help="What it allows; may be repeated.")],
    expires: Annotated[str | None, typer.Option(help="When it ends: 30d, 12h; none: never.")] = None,
    link: Annotated[bool, typer.Option("--link", help="Print a link to the dashboard with it.")] = False,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Make a token. It is shown this once.

    Example: `tocsin token create moderator --scope read --expires 30d --link`
    """
    ends = None if expires is None else SystemClock().now() + span(expires, "--expires")
    wanted = {"name": name, "scopes": scope, "expires_at": ends}
    told = run(_create(url, token, config, wanted))
    page = _link(url, config, told["token"])
    if as_json:
        tell_json({**told, "link": page})
    else:
        tell(page if link else told["token"])


@app.command("list")
def list_(config: ConfigFile = None, url: Url = None, token: Token = None, as_json: Json = False) -> None:
    """List the tokens; their secrets are not kept.

    Example: `tocsin token list`
    """
    rows = run(_list(url, token, config))
    if as_json:
        tell_json({"tokens": rows})
        return
    times = ("expires_at", "last_used_at", "revoked_at")
    table = [(row["id"], row["name"], " ".join(row["scopes"]), *(row[key] or "-" for key in times)) for row in rows]
    tell_table(table, ("id", "name", "scopes", "expires", "last used", "revoked"))


@app.command()
def revoke(
    identifier: Annotated[str, typer.Argument(help="Its id, as `token list` shows it.")],
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """End a token at once; its sockets are closed.

    Example: `tocsin token revoke k3x9a0b2`
    """
    run(_revoke(url, token, config, identifier))
    tell("revoked")


async def _create(url: str | None, token: str | None, file: Path | None, wanted: Mapping[str, Any]) -> Any:
    async with registry(url, token, file) as tokens:
        return await tokens.create(wanted)


async def _list(url: str | None, token: str | None, file: Path | None) -> Any:
    async with registry(url, token, file) as tokens:
        return await tokens.listed()


async def _revoke(url: str | None, token: str | None, file: Path | None, identifier: str) -> None:
    async with registry(url, token, file) as tokens:
        await tokens.revoke(identifier)


def _link(url: str | None, file: Path | None, secret: str) -> str:
    """Make the page's link for a token, by the address that its reader can reach."""
    config = located(file, *ADDRESS, "server.public_url")
    return f"{(url or config.page_url or address(config)).rstrip('/')}/#token={secret}"
