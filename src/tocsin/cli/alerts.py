"""send, replay, tail: detections in, alerts out."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tocsin.cli.console import answers, errors, print_json, run
from tocsin.cli.service import ConfigFile, Json, Token, Url, client
from tocsin.client import Client
from tocsin.core.clock import SystemClock

BATCH = 100  # lines a request; with --rate, at most a tenth of a second's worth


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
    """Send one alert and print what became of it.

    Example: `tocsin send 6634940 bestbuy --price 1999.99 --name "GeForce RTX 5090"`
    """
    given = {
        "type": type_, "sku": sku, "retailer": retailer, "price": price, "product_name": name, "url": link,
        "priority": priority, "idempotency_key": key,
    }  # fmt: skip
    alert = {field: value for field, value in given.items() if value is not None}
    answer = run(_post(client(url, token, config), json.dumps(alert).encode()))
    if as_json:
        print_json(answer)
    else:
        answers.print(f"{answer['decision']} ({answer['reason']})  {answer.get('id') or answer.get('duplicate_of')}")


def replay(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Detections, a JSON object a line.")],
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Alerts a second; none: as fast as they are taken.")
    ] = None,
    keep_times: Annotated[bool, typer.Option("--keep-times", help="Send the timestamps of the file.")] = False,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Send a file of detections. Each line has a key made of the file and its number: a second run changes nothing.

    Example: `tocsin replay feed.ndjson --rate 50`
    """
    lines = list(_keyed(file, keep_times=keep_times))
    counts = run(_replay(client(url, token, config), lines, rate))
    if as_json:
        print_json({f"{decision}: {reason}": count for (decision, reason), count in counts.items()})
        return
    for (decision, reason), count in sorted(counts.items(), key=lambda entry: -entry[1]):
        answers.print(f"{count:>8,}  {decision}: {reason}")
    if any(decision == "invalid" for decision, _ in counts):
        raise typer.Exit(1)


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
    """Follow the live stream.

    Example: `tocsin tail bands=high retailers=bestbuy`
    """
    run(_tail(client(url, token, config), _conditions(match or []), after, as_json=as_json))


async def _post(service: Client, body: bytes) -> Any:
    async with service:
        return await service.post("/api/v1/alerts", body=body)


async def _replay(service: Client, lines: list[bytes], rate: float | None) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    clock = SystemClock()
    size = BATCH if rate is None else max(1, min(BATCH, int(rate / 10)))
    started = clock.monotonic()
    async with service:
        with _progress() as progress:
            bar = progress.add_task("replay", total=len(lines))
            for begin in range(0, len(lines), size):
                if rate is not None:
                    await clock.sleep(started + begin / rate - clock.monotonic())
                told = await service.post("/api/v1/alerts", body=b"\n".join(lines[begin : begin + size]) + b"\n")
                results = told.get("results", [told])
                counts.update(map(_outcome, results))
                progress.advance(bar, len(results))
    return counts


async def _tail(service: Client, match: Mapping[str, str], after: str | None, *, as_json: bool) -> None:
    async with service:
        async for event in service.subscribe(match, after=after):
            if as_json:
                print_json(event)
            else:
                answers.print(_line(event), markup=False)


def _keyed(file: Path, *, keep_times: bool) -> Iterator[bytes]:
    """The lines with their keys. Without their times a second run is the same request, however much later."""
    content = file.read_bytes()
    name = hashlib.sha256(content).hexdigest()[:16]
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            alert = json.loads(line)
        except ValueError:
            alert = None
        if not isinstance(alert, dict):
            yield line  # the service says what is wrong with it
            continue
        if not keep_times:
            alert.pop("timestamp", None)
        yield json.dumps({"idempotency_key": f"{name}:{number}", **alert}).encode()


def _outcome(result: Mapping[str, Any]) -> tuple[str, str]:
    if result["decision"] != "invalid":
        return result["decision"], result["reason"]
    details = result["error"]["details"]
    return "invalid", f"{details[0]['path']}: {details[0]['message']}" if details else result["error"]["message"]


def _line(event: Mapping[str, Any]) -> str:
    if "type" not in event:
        return f"{'closed':<13} {event.get('sku')} at {event.get('retailer')}"
    price = f"{event['currency']} {event['price']}" if event["price"] else ""
    name = event["product_name"] or event["sku"]
    return f"{event['type']:<13} {event['priority']:>2}  {name} at {event['retailer']}  {price}  {event['url'] or ''}"


def _conditions(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    wrong = [name for name, equals, _ in pairs if not equals]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is not of the form key=value, as in retailers=bestbuy")
    return {name: value for name, _, value in pairs}


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=errors
    )
