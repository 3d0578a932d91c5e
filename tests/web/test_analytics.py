"""Figures over HTTP: what was counted, as JSON and as tables, and what is not understood."""

import itertools
from pathlib import Path
from typing import Any

from tests.web.house import ALERT, Board, House, bearer, open_house

from tocsin.core.analytics import hour_of
from tocsin.core.outcome import Refusal, Refused
from tocsin.ledger.contract import UptimeRow

VALUES = {
    "all": "",
    "channel": "board",
    "list": "board:general",
    "retailer": "bestbuy",
    "product": "bestbuy:6634940",
    "type": "in_stock",
    "band": "high",
}
CALLS = ("overview", "channels", "latency", "failures", "conversions", "roi")


async def asked(house: House, call: str, **params: str) -> Any:
    status, told = await house.call("GET", f"/api/v1/analytics/{call}", token="reader", params=params)
    assert status == 200, told
    return told


async def counted(house: House, *skus: str, **changes: Any) -> None:
    for sku in skus:
        await house.send(sku=sku, **changes)
    while await house.services.ledger.queue.lanes():
        await house.services.clock.sleep(0.01)
    await house.services.pipeline.following.follow()


async def test_each_channel_has_a_row_with_both_counts_of_every_rate(house: House) -> None:
    await counted(house, "1", "2")
    told = await asked(house, "channels")
    (row,) = told["rows"]
    assert (row["channel"], row["alerts"], row["due"], row["accepted"]) == ("board", 2, 2, 2)
    assert row["delivery_rate"] == {"of": 2, "is": 2, "low": 1.0, "high": 1.0}
    assert row["confirmed_rate"] == {"of": 0, "is": 0, "rate": None}
    assert row["end_to_end_ms"]["told"] == 2
    assert row["uptime"]["down_min"] == 0
    assert (row["purchases"], row["cost"], row["roi"], row["currency"]) == (0, "0.00", None, "USD")
    assert told["as_of"] is not None
    assert set(told["rows"][0]["query"]) == {"since", "until", "channel"}


async def test_an_hour_of_a_channel_says_minute_by_minute_whether_it_worked(house: House) -> None:
    hour = hour_of(house.services.clock.now()) - 1
    await house.services.ledger.analytics.note_uptime([UptimeRow("board", hour, up=0b0111, down=0b0100)])
    told = await asked(house, "channels", bucket="hour")
    minutes = [row["uptime"] for row in told["rows"] if row["uptime"]["up_min"]]
    assert minutes == [{"up_min": 2, "down_min": 1, "idle_min": 57, "rate": 0.6667, "minutes": "uud" + 57 * "."}]
    (row,) = (await asked(house, "channels"))["rows"]
    assert "minutes" not in row["uptime"]


async def test_what_a_figure_counts_says_what_its_alert_was_about(house: House) -> None:
    await counted(house, "1", product_name="RTX 5090")
    (row,) = (await asked(house, "channels"))["rows"]
    status, told = await house.call(
        "GET", "/api/v1/deliveries", token="reader", params=row["query"] | {"figure": "accepted"}
    )
    assert status == 200
    assert [each["alert"] for each in told["deliveries"]] == [
        {"type": "in_stock", "sku": "1", "retailer": "bestbuy", "product_name": "RTX 5090"}
    ]


async def test_the_whole_is_one_row_with_the_success_metrics_beside_it(house: House) -> None:
    await counted(house, "1")
    told = await asked(house, "overview")
    (row,) = told["rows"]
    assert (row["alerts"], row["accepted"]) == (1, 1)
    assert [(one["metric"], one["verdict"]) for one in told["success"]] == [
        ("latency", "too_few"),
        ("delivery_rate", "too_few"),
        ("duplicates", "too_few"),
        ("channel_uptime", "too_few"),
        ("satisfaction", "too_few"),
    ]


async def test_where_nothing_was_counted_no_rate_is_anything(house: House) -> None:
    (row,) = (await asked(house, "overview"))["rows"]
    assert (row["due"], row["delivery_rate"]["low"], row["uptime"]["rate"]) == (0, None, None)
    assert (await asked(house, "roi"))["rows"] == []


async def test_failures_say_why_and_what_we_held_back(tmp_path: Path) -> None:
    board = Board(outcome=Refused(Refusal.INVALID_REQUEST, "no such field"))
    async with open_house(tmp_path, board=board) as house:
        await counted(house, "1")
        (row,) = (await asked(house, "failures"))["rows"]
        assert (row["due"], row["failed"], row["reasons"]) == (1, 1, {"refused 204": 1})
        assert row["failure_rate"] == {"of": 1, "is": 1, "rate": 1.0}


async def test_every_call_goes_by_every_dimension(house: House) -> None:
    await counted(house, "6634940")
    for call, (by, value) in itertools.product(CALLS, VALUES.items()):
        told = await asked(house, call, by=by, bucket="day", zone="Europe/Berlin", compare="1")
        rows = [row for row in told["rows"] if by == "all" or row[by] == value]
        assert rows or call == "roi"
        assert all("at" in row for row in rows)
        assert told["before"]["until"] == told["since"]


async def test_a_table_has_the_same_columns_and_no_formula(house: House) -> None:
    await counted(house, "=cmd|' /C calc'!A0", retailer="@evil")
    path = "/api/v1/analytics/channels?by=product&format=csv"
    async with house.client.get(path + "&bom=1", headers=bearer("reader")) as answer:
        body = await answer.read()
        assert answer.headers["Content-Type"].startswith("text/csv")
    assert body.startswith(b"\xef\xbb\xbf")
    head, row = body.removeprefix(b"\xef\xbb\xbf").decode().splitlines()
    assert head.split(",")[:4] == ["product", "alerts", "due", "accepted"]
    assert "delivery_rate.low" in head
    assert row.startswith("'@evil:=cmd")
    async with house.client.get(path, headers=bearer("reader")) as answer:
        assert (await answer.read()).startswith(b"product,")


NOT_UNDERSTOOD: list[tuple[dict[str, str], str]] = [
    ({"since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"}, "since"),
    ({"since": "yesterday"}, "since"),
    ({"since": "0001-01-01T00:00:00Z"}, "since"),
    ({"until": "0001-01-01T00:00:00Z"}, "until"),
    ({"until": "9999-12-31T23:59:59Z"}, "until"),
    (
        {"since": "9999-12-20T00:00:00Z", "until": "9999-12-30T00:00:00Z", "zone": "Asia/Tokyo", "bucket": "week"},
        "since",
    ),
    ({"zone": "Europe/Atlantis"}, "zone"),
    ({"zone": "../etc/passwd"}, "zone"),
    ({"bucket": "minute", "since": "2025-11-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"}, "bucket"),
    ({"bucket": "hour", "since": "2025-11-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"}, "bucket"),
    ({"bucket": "day", "by": "product", "since": "2026-09-01T00:00:00Z"}, "bucket"),
    ({"by": "colour"}, "by"),
    ({"format": "xml"}, "format"),
    ({"chanel": "sms"}, "chanel"),
]


async def test_what_is_not_understood_is_named(house: House) -> None:
    for params, names in NOT_UNDERSTOOD:
        status, told = await house.call("GET", "/api/v1/analytics/channels", token="reader", params=params)
        assert status == 422, told
        assert [each["path"] for each in told["error"]["details"]] == [names]


async def test_figures_are_for_those_who_may_read(house: House) -> None:
    assert (await house.call("GET", "/api/v1/analytics/roi", token="engine"))[0] == 403
    assert (await house.call("GET", "/api/v1/analytics/roi", token=None))[0] == 401
    assert ALERT["sku"] not in str(await asked(house, "overview"))
