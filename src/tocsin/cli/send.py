"""`tocsin send` sends one alert."""

import json
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
    previous_price: Annotated[str | None, typer.Option(help="What it cost before.")] = None,
    currency: Annotated[str | None, typer.Option(help="ISO 4217; none: USD.")] = None,
    name: Annotated[str | None, typer.Option(help="What the product is called.")] = None,
    link: Annotated[str | None, typer.Option(help="The product's page.")] = None,
    variant: Annotated[str | None, typer.Option(help="A size, a colour: episodes are told apart by it.")] = None,
    seller: Annotated[str | None, typer.Option(help="Who sells it at that retailer.")] = None,
    metadata: Annotated[
        str | None, typer.Option(help='A JSON object: \'{"stock": 4, "cart_url": "https://…"}\'.')
    ] = None,
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
    known = {} if previous_price is None else {"previous_price": previous_price}
    given = {
        "type": type_, "sku": sku, "retailer": retailer, "price": price, "currency": currency, "product_name": name,
        "url": link, "variant": variant, "seller": seller, "priority": priority, "idempotency_key": key,
        "metadata": (_object(metadata) | known) or None,
    }  # fmt: skip
    alert = {field: value for field, value in given.items() if value is not None}
    answer = run(_send(client(url, token, config), alert))
    if as_json:
        tell_json(answer)
    else:
        tell(f"{answer['decision']} ({answer['reason']})  {answer.get('id') or answer.get('duplicate_of')}")
        for note in answer.get("notes", ()):
            tell(f"  {note['path']}: {note['message']}")


def _object(text: str | None) -> dict[str, Any]:
    try:
        value = {} if text is None else json.loads(text)
    except ValueError as problem:
        raise typer.BadParameter(f"this is not JSON: {problem}", param_hint="--metadata") from None
    if not isinstance(value, dict):
        raise typer.BadParameter('a JSON object is needed, as {"stock": 4}', param_hint="--metadata")
    return value


async def _send(service: Client, alert: dict[str, Any]) -> Any:
    async with service:
        return (await service.send_alert(**alert)).as_json()
