"""`tocsin close` says that a product is sold out."""

from typing import Annotated, Any
from uuid import UUID

import typer

from tocsin.cli.console import run, tell, tell_json
from tocsin.cli.reach import ConfigFile, Json, Token, Url, client
from tocsin.client import Client


def close(
    sku: Annotated[str, typer.Argument(help="The retailer's SKU; or, alone, the id of an alert.")],
    retailer: Annotated[str | None, typer.Argument(help="The retailer.")] = None,
    variant: Annotated[str | None, typer.Option(help="The variant, where its alerts have one.")] = None,
    seller: Annotated[str | None, typer.Option(help="The seller, where its alerts have one.")] = None,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Say that a product is sold out: what waits is cancelled, messages say so, and the next restock is news again.

    Example: `tocsin close 6634940 bestbuy`
    """
    if retailer is None:
        path, body = f"/api/v1/alerts/{_identifier(sku)}/close", None
    else:
        given = {"sku": sku, "retailer": retailer, "variant": variant, "seller": seller}
        told = {field: value for field, value in given.items() if value is not None}
        path, body = "/api/v1/stock", {**told, "in_stock": False}
    answer = run(_post(client(url, token, config), path, body))
    if as_json:
        tell_json(answer)
    elif answer["closed"]:
        tell(f"sold out: {len(answer['closed'])} closed, {answer['cancelled']} waiting cancelled")
    else:
        tell("nothing was open")


def _identifier(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no id of an alert: name the retailer behind a SKU", param_hint="RETAILER"
        ) from None


async def _post(service: Client, path: str, body: dict[str, Any] | None) -> Any:
    async with service:
        return await service.post(path, body)
