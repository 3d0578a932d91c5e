"""`tocsin report` prints the figures: the success metrics with their bars, and a line for each channel."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tocsin.cli.console import run, tell, tell_json, tell_table
from tocsin.cli.reach import ConfigFile, Json, Token, Url, client
from tocsin.cli.span import span
from tocsin.client import Client
from tocsin.core.clock import SystemClock
from tocsin.core.record import rfc3339

PATH = "/api/v1/analytics"
METRICS = {
    "latency": "told within a second",
    "delivery_rate": "delivered",
    "duplicates": "told twice",
    "channel_uptime": "channel uptime",
    "satisfaction": "satisfaction",
}
VERDICTS = {"met": "met", "missed": "MISSED", "too_few": "too few"}
HEAD = (
    "channel",
    "due",
    "accepted",
    "failed",
    "expired",
    "p50",
    "p95",
    "p99",
    "up",
    "clicks",
    "bought",
    "profit",
    "ROI",
)


def report(
    since: Annotated[str, typer.Option(help="How far back: 24h, 7d, 90d.")] = "7d",
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Print what was told, how quickly, and what it brought.

    Example: `tocsin report --since 30d`
    """
    back = span(since, "--since")
    now = SystemClock().now()
    overview, channels = run(_ask(client(url, token, config), rfc3339(now - back), rfc3339(now)))
    if as_json:
        tell_json({**overview, "channels": channels["rows"]})
        return
    tell(f"{overview['since']} to {overview['until']}, counted up to {overview['as_of'] or 'nothing yet'}\n")
    tell_table([_metric(row) for row in overview["success"]], ("metric", "bar", "is", "of", "rate", ""))
    tell("")
    rows = [_line("all", overview["rows"][0])] + [_line(row["channel"] or "none", row) for row in channels["rows"]]
    tell_table(rows, HEAD)


async def _ask(service: Client, since: str, until: str) -> tuple[Any, Any]:
    async with service:
        asked = {"since": since, "until": until}
        return await service.get(f"{PATH}/overview", **asked), await service.get(f"{PATH}/channels", **asked)


def _metric(row: Mapping[str, Any]) -> tuple[str, ...]:
    name = METRICS[row["metric"]] + (f" ({row['channel']})" if row.get("channel") else "")
    return name, row["bar"], f"{row['is']:,}", f"{row['of']:,}", _percent(row["rate"]), VERDICTS[row["verdict"]]


def _line(name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    times = row["end_to_end_ms"]
    return (
        name,
        *(f"{row[key]:,}" for key in ("due", "accepted", "failed", "expired")),
        *(_milliseconds(times[key]) if times["of"] else "" for key in ("p50", "p95", "p99")),
        _percent(row["uptime"]["rate"]),
        f"{row['clicks']['unique']:,}",
        f"{row['purchases']:,}",
        f"{row['profit']} {row['currency']}",
        "" if row["roi"] is None else f"{row['roi']:.2f}",
    )


def _percent(part: float | None) -> str:
    return "" if part is None else f"{part * 100:.2f} %"


def _milliseconds(time: float | None) -> str:
    return "never" if time is None else f"{time:,.0f} ms"
