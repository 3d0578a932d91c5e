"""`tocsin tail` follows the live stream: alerts, as they come."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from rich.text import Text

from tocsin.channels.money import money, percent_saved
from tocsin.channels.text import plain
from tocsin.cli.console import answers, errors, hint, run, tell_json
from tocsin.cli.reach import ConfigFile, Json, Token, Url, client
from tocsin.client import Client
from tocsin.core.clock import SystemClock
from tocsin.core.errors import TocsinError

# By type: how it is called, and the colour that its row has on the page.
_KINDS: Mapping[str, tuple[str, str]] = {
    "in_stock": ("In stock", "bold green"),
    "price_drop": ("Price drop", "bold blue"),
    "restock_soon": ("Restock soon", "yellow"),
    "back_order": ("Back order", "magenta"),
}
_WIDEST = max(len(kind) for kind, _ in _KINDS.values())


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
    conditions = _conditions(match or [])
    run(_tail(client(url, token, config), conditions, after, as_json=as_json))


async def _tail(service: Client, match: Mapping[str, str], after: str | None, *, as_json: bool) -> None:
    async with service:
        async for event in service.subscribe(match, after=after, watch=_Watch(service.url)):
            if as_json:
                tell_json(event)
            else:
                answers.print(_line(event))


class _Watch:
    """A watch says what the reader waits for: a silent terminal looks the same with a quiet market and without a
    service.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting = False

    def __call__(self, problem: TocsinError | None) -> None:
        if problem is not None and not self._waiting:
            hint(f"waiting: {problem.message}. `tocsin serve` starts one; --url or TOCSIN_URL say where it is")
        elif problem is None and (self._waiting or errors.is_terminal):
            hint(f"following {self._url}: alerts appear here as they are accepted")
        self._waiting = problem is not None


def _line(event: Mapping[str, Any]) -> Text:
    """Write an alert as one line without controls: what comes from outside can neither move the cursor nor forge a
    second one.
    """
    return Text("  ").join(_closed(event) if event["event"] == "alert_closed" else _alert(event))


def _alert(event: Mapping[str, Any]) -> Iterator[Text]:
    kind, colour = _KINDS.get(event["type"], (event["type"], ""))
    yield Text(_clock(datetime.fromisoformat(event["accepted_at"])), "dim")
    yield Text(f"{kind:<{_WIDEST}} {event['priority']:>2}", colour)
    yield Text.assemble((plain(event["product_name"] or event["sku"]), "bold"), f" at {plain(event['retailer'])}")
    yield Text(" ".join(plain(event[key]) for key in ("sku", "variant", "seller") if event[key]), "cyan")
    if event["price"]:
        yield _price(Decimal(event["price"]), _amount(event["metadata"].get("previous_price")), event["currency"])
    if cart := event["metadata"].get("cart_url"):
        yield Text(f"cart {plain(str(cart))}", "green")
    elif event["url"]:
        yield Text(plain(event["url"]), "dim")


def _closed(event: Mapping[str, Any]) -> Iterator[Text]:
    lasted = event["sold_out_after_s"]
    yield Text(_clock(SystemClock().now()), "dim")
    yield Text(f"{'Sold out':<{_WIDEST}}   ", "dim")
    yield Text(f"{plain(event['sku'])} at {plain(event['retailer'])}")
    if lasted is not None:
        yield Text(f"after {lasted:,.0f} s", "dim")


def _price(price: Decimal, before: Decimal | None, currency: str) -> Text:
    told = Text(money(price, currency), "bold")
    if before is not None and before != price:
        percent = percent_saved(price, before)
        told.append(f" (was {money(before, currency)}{f', {percent}% less' if percent else ''})", "blue")
    return told


def _amount(named: object) -> Decimal | None:
    """Write an amount, if it is one: `metadata` has what its sender wrote, a number, a decimal text, or
    anything else.
    """
    try:
        amount = Decimal(str(named))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount > 0 else None


def _clock(moment: datetime) -> str:
    """Write a time in the reader's own zone."""
    return moment.astimezone().strftime("%H:%M:%S")


def _conditions(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    wrong = [name for name, equals, _ in pairs if not equals]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is not of the form key=value, as in retailers=bestbuy")
    return {name: value for name, _, value in pairs}
