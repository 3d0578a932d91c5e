"""The door to reports: each row by itself, the same file twice, and what cannot be read is said with the row."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from tests.web.house import House
from tests.web.purchases.test_purchases import PATH, clicked

from tocsin.core import link
from tocsin.pipeline.purchases.report import MOST_BYTES

IMPORT = PATH + "/import"
HEAD = (
    "commissionId,originalActionId,original,actionStatus,shopperId,advertiserName,eventDate,saleAmountUsd,"
    "pubCommissionAmountUsd"
)
GENERIC = "Order ID,Click,Date,Amount,Commission,Currency,State"


async def take(house: House, content: str | BytesIO, query: str = "network=generic") -> tuple[int, Any]:
    return await house.call("POST", f"{IMPORT}?{query}", token="engine", data=content)


def counts(told: dict[str, Any]) -> dict[str, int]:
    words = ("created", "unchanged", "corrected", "reversed", "unattributed", "foreign", "invalid")
    return {word: told[word] for word in words if told[word]}


def now(house: House) -> str:
    return f"{house.services.clock.now() + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"


async def test_a_report_is_taken_once_and_corrects_what_is_known(house: House):
    code, at = await clicked(house), now(house)
    ours = f"100,55,true,new,{code},Best Buy,{at},1999.99,40.00\n"
    new = f"{HEAD}\n{ours}200,77,true,new,other,Best Buy,{at},10.00,1.00\n"
    status, told = await take(house, new, "network=cj")
    assert (status, counts(told), told["rows"]) == (200, {"created": 1, "foreign": 1}, [])
    assert counts((await take(house, new, "network=cj"))[1]) == {"unchanged": 1, "foreign": 1}
    later = new.replace("55,true,new", "55,true,locked") + f"101,55,false,closed,{code},Best Buy,{at},-1999.99,-40.00\n"
    status, told = await take(house, later, "network=cj")
    assert counts(told) == {"corrected": 1, "reversed": 1, "foreign": 1}
    assert [(row["row"], row["result"], row["external_id"]) for row in told["rows"]] == [
        (2, "corrected", "55"),
        (4, "reversed", "55"),
    ]
    assert counts((await take(house, later, "network=cj"))[1]) == {"unchanged": 2, "foreign": 1}
    (row,) = (await house.call("GET", PATH, token="reader"))[1]["purchases"]
    assert (row["credit"]["reason"], row["retailer"], row["state"], len(row["revisions"])) == (
        "click", "bestbuy", "reversed", 3,
    )  # fmt: skip


@pytest.mark.parametrize("day", ["2999-01-01", "1066-10-14"])
async def test_a_day_that_cannot_be_meant_is_told_by_its_row(house: House, day: str):
    _, told = await take(house, f"{GENERIC}\n1,,{day},10.00,1.00,USD,pending\n", "network=generic&keep=all")
    assert counts(told) == {"invalid": 1}
    assert told["rows"][0]["error"]["details"][0]["path"] == "date"


async def test_in_a_dry_run_nothing_is_kept_and_the_answer_is_the_same(house: House):
    code, at = await clicked(house), now(house)
    rows = [f"{n},{code},{at},10.00,1.00,USD,pending" for n in range(45)]
    content = "\n".join([GENERIC, *rows, rows[0], f"44,{code},{at},-10.00,-1.00,USD,reversed"]) + "\n"
    _, dry = await take(house, content, "network=generic&dry_run=1")
    assert (counts(dry), dry["dry_run"]) == ({"created": 45, "unchanged": 1, "reversed": 1}, True)
    assert (await house.call("GET", PATH, token="reader"))[1]["purchases"] == []
    _, told = await take(house, content)
    assert counts(told) == {"created": 45, "unchanged": 1, "reversed": 1}


async def test_sales_of_other_links_are_counted_and_kept_only_where_that_is_asked(house: House):
    strange = link.encode(1, b"another installation")
    content = f"{GENERIC}\n1,{strange},2026-09-16,10.00,1.00,USD,pending\n2,,2026-09-16,10.00,1.00,USD,pending\n"
    assert counts((await take(house, content))[1]) == {"foreign": 2}
    status, told = await take(house, content, "network=generic&keep=all")
    assert (status, counts(told)) == (200, {"unattributed": 2})
    assert [row["reason"] for row in told["rows"]] == ["no_key", "no_key"]


async def test_what_is_wrong_with_a_row_is_said_and_harms_no_other(house: House):
    code, at = await clicked(house), now(house)
    content = "\n".join(
        [
            "Our October, made with love",
            GENERIC + ",Mood",
            f"1,{code},{at},10.00,1.00,USD,pending,",
            f"2,{code},someday,ten,1.00,USD,pending,",
            f"=1+1,{code},{at},=10,1.00,USD,pending,",
            f"4,{code},{at},10.00,1.00,GOLD,pending,",
            f"5,{code},{at},1e30,1.00,USD,pending,",
            f"6,{code},{at},10.00,1.00,USD,bought,",
            f"7,{code},{at},10.00,1.00,USD",
        ]
    )
    status, told = await take(house, content)
    assert (status, counts(told), told["unknown_columns"]) == (200, {"created": 1, "invalid": 6}, ["Mood"])
    said = {row["row"]: [detail["path"] for detail in row["error"]["details"]] for row in told["rows"]}
    assert said == {4: ["amount", "date"], 5: ["amount"], 6: ["currency"], 7: ["amount"], 8: ["state"], 9: []}
    assert told["rows"][2]["error"]["code"] == "unknown_currency"
    assert "ends in the middle" in told["rows"][-1]["error"]["message"]


async def test_an_amount_that_could_be_two_stops_the_whole_file(house: House):
    code, at = await clicked(house), now(house)
    content = f'{GENERIC}\n1,{code},{at},"1,299",40,USD,pending\n2,{code},{at},"2,500",40,USD,pending\n'
    status, told = await take(house, content)
    assert (status, told["error"]["code"]) == (422, "ambiguous_amount")
    assert [detail["path"] for detail in told["error"]["details"]] == ["row 2", "row 3"]
    assert "decimal=" in told["error"]["message"]
    status, told = await take(house, content, "network=generic&decimal=.")
    assert counts(told) == {"created": 2}
    (second, first) = (await house.call("GET", PATH, token="reader"))[1]["purchases"]
    assert (first["amount"], second["amount"]) == ("1299.00", "2500.00")


async def test_a_day_covers_every_click_of_it_in_the_zone_that_is_said(house: House):
    code = await clicked(house)
    today = house.services.clock.now()
    away = {"Etc/GMT-14": today + timedelta(hours=14), "Etc/GMT%2B12": today - timedelta(hours=12)}
    for number, (zone, there) in enumerate(away.items()):
        content = f"{GENERIC}\n{number},{code},{there:%Y-%m-%d},10.00,1.00,USD,pending\n"
        assert counts((await take(house, content, f"network=generic&zone={zone}"))[1]) == {"created": 1}
    yesterday = f"{GENERIC}\n9,{code},{today - timedelta(days=1):%Y-%m-%d},10.00,1.00,USD,pending\n"
    _, told = await take(house, yesterday)
    assert (counts(told), told["rows"][0]["reason"]) == ({"unattributed": 1}, "before_click")


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("", "network"),
        ("network=ebay", "network"),
        ("network=generic&map=comission:Total", "map"),
        ("network=generic&map=commission", "map"),
        ("network=generic&decimal=x", "decimal"),
        ("network=generic&zone=Mars/Olympus", "zone"),
        ("network=generic&keep=some", "keep"),
        ("network=generic&dry_run=maybe", "dry_run"),
        ("network=generic&dryrun=1", "dryrun"),
    ],
)
async def test_a_request_that_is_wrong_says_how(house: House, query: str, path: str):
    status, told = await take(house, GENERIC + "\n", query)
    assert (status, told["error"]["details"][0]["path"]) == (422, path)


async def test_a_header_is_named_by_the_caller(house: House):
    code, at = await clicked(house), now(house)
    content = f'Nr,Wer,Wann,Provision\n1,{code},{at},"12,50 €"\n'
    mapped = "&".join(f"map={pair}" for pair in ("external_id:Nr", "click:Wer", "date:Wann", "commission:Provision"))
    status, told = await take(house, content, f"network=generic&{mapped}")
    assert (status, counts(told)) == (200, {"created": 1})


async def test_what_is_no_report_and_what_is_too_large_are_refused_whole(house: House):
    status, told = await take(house, "hello")
    assert (status, told["error"]["details"][0]["path"]) == (422, "header")
    status, told = await take(house, BytesIO(b"x" * (MOST_BYTES + 1)))
    assert (status, told["error"]["code"]) == (413, "too_large")
    assert "16 MiB: send it in parts" in told["error"]["message"]
