"""send: one alert in."""

from typing import Annotated, Any

import typer

from tocsin.cli.console import run, tell, tell_json
from tocsin.cli.reach import ConfigFile, Json, Token, Url, client
from tocsin.client import Client


def send(
    sku: Annotated[str, typer.Argument(help="The retailer's SKU.")],
    retailer: Annotated[str, typer.Argument(help="The retailer.")],
    type_: Annotated[
        str, typer.Option("--type", help="in_stock, price_drop, restock_soon or back_order.")
    ] = "in_stock",
    price: Annotated[str | None, typer.Option(help="A decimal; in_stock and price_drop need one.")] = None,
    name: Annotated[str | None, typer.Option(help="What the product is called.")] = None,
    link: Annotated[str | None, typer.Option(help="The product's page.")] = None,
    priority: Annotated[int | None, typer.Option(help="1 to 10; the type has a default.")] = None,
    key: Annotated[str | None, typer.Option(help="An idempotency key: sent twice, it counts once.")] = None,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Send one alert and print what became of it. A lost answer is asked for again, and counts once.

    Example: `tocsin send 6634940 bestbuy --price 1999.99 --name "GeForce RTX 5090"`
    """
    given = {
        "type": type_, "sku": sku, "retailer": retailer, "price": price, "product_name": name, "url": link,
        "priority": priority, "idempotency_key": key,
    }  # fmt: skip
    alert = {field: value for field, value in given.items() if value is not None}
    answer = run(_send(client(url, token, config), alert))
    if as_json:
        tell_json(answer)
    else:
        tell(f"{answer['decision']} ({answer['reason']})  {answer.get('id') or answer.get('duplicate_of')}")
        for note in answer.get("notes", ()):
            tell(f"  {note['path']}: {note['message']}")


async def _send(service: Client, alert: dict[str, Any]) -> Any:
    async with service:
        return (await service.send_alert(**alert)).as_json()
