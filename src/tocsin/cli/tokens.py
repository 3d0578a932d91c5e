"""token create, list, revoke."""

from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from tocsin.cli.console import answers, print_json, run
from tocsin.cli.service import ConfigFile, Json, Token, Url, client
from tocsin.client import Client
from tocsin.config.values.quantities import duration
from tocsin.core.clock import SystemClock

app = typer.Typer(help="Who may call the service.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whom it is for.")],
    scope: Annotated[list[str], typer.Option(help="ingest, read, contacts or admin; may be repeated.")],
    expires: Annotated[str | None, typer.Option(help="When it ends: 30d, 12h.")] = None,
    link: Annotated[bool, typer.Option("--link", help="Print a link to the dashboard with it.")] = False,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Make a token. It is shown this once.

    Example: `tocsin token create moderator --scope read --expires 30d --link`
    """
    wanted: dict[str, Any] = {"name": name, "scopes": scope}
    if expires:
        wanted["expires_at"] = (SystemClock().now() + _duration(expires)).isoformat()
    service = client(url, token, config)
    told = run(_call(service, "POST", "/api/v1/tokens", wanted))
    if as_json:
        print_json(told)
    elif link:
        answers.print(f"{service.url}/#token={told['token']}", markup=False)
    else:
        answers.print(told["token"], markup=False)


@app.command("list")
def list_(config: ConfigFile = None, url: Url = None, token: Token = None, as_json: Json = False) -> None:
    """List the tokens; their secrets are not kept.

    Example: `tocsin token list`
    """
    told = run(_call(client(url, token, config), "GET", "/api/v1/tokens", None))
    if as_json:
        print_json(told)
        return
    table = Table("id", "name", "scopes", "expires", "last used", "revoked")
    for row in told["tokens"]:
        ends, used, revoked = (row.get(key) or "" for key in ("expires_at", "last_used_at", "revoked_at"))
        table.add_row(row["id"], row["name"], " ".join(row["scopes"]), ends, used, revoked)
    answers.print(table)


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
    run(_call(client(url, token, config), "DELETE", f"/api/v1/tokens/{identifier}", None))
    answers.print("revoked")


async def _call(service: Client, method: str, path: str, value: Any) -> Any:
    async with service:
        return await service.call(method, path, value)


def _duration(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--expires") from None
