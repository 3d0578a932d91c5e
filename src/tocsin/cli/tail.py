"""tail: alerts out, as they come."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tocsin.cli.console import run, tell, tell_json
from tocsin.cli.reach import ConfigFile, Json, Token, Url, client
from tocsin.client import Client


def tail(
    match: Annotated[
        list[str] | None, typer.Argument(help="Conditions: types=in_stock retailers=bestbuy,newegg")
    ] = None,
    after: Annotated[str | None, typer.Option(help="A cursor: first what came after it.")] = None,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Follow the live stream until Ctrl-C. A lost connection is made again, and nothing is missed.

    Example: `tocsin tail bands=high retailers=bestbuy`
    """
    run(_tail(client(url, token, config), _conditions(match or []), after, as_json=as_json))


async def _tail(service: Client, match: Mapping[str, str], after: str | None, *, as_json: bool) -> None:
    async with service:
        async for event in service.subscribe(match, after=after):
            if as_json:
                tell_json(event)
            else:
                tell(_line(event))


def _line(event: Mapping[str, Any]) -> str:
    if event["event"] == "alert_closed":
        return f"{'closed':<13}     {event['sku']} at {event['retailer']}"
    price = f"{event['currency']} {event['price']}" if event["price"] else ""
    name = event["product_name"] or event["sku"]
    return f"{event['type']:<13} {event['priority']:>2}  {name} at {event['retailer']}  {price}  {event['url'] or ''}"


def _conditions(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    wrong = [name for name, equals, _ in pairs if not equals]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is not of the form key=value, as in retailers=bestbuy")
    return {name: value for name, _, value in pairs}
