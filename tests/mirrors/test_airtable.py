"""A table in Airtable has one row of each alert, however often it is written; whatever Airtable says is understood."""

from datetime import timedelta

import pytest
from tests.mirrors.conftest import entry

from tocsin.core.clock import ManualClock
from tocsin.core.errors import MirrorError
from tocsin.core.facts import Fact, Trouble
from tocsin.core.outcome import Deferred, Delay, Refused, Sent, Unknown
from tocsin.mirrors.airtable import Airtable
from tocsin.mirrors.airtable.columns import COLUMNS, KEY
from tocsin.sandbox import Fault, Sandbox
from tocsin.sandbox.airtable.api import BASE, TOKEN

PENALTY = timedelta(seconds=30)


async def test_a_row_tells_what_became_of_its_alert(airtable: Airtable, sandbox: Sandbox) -> None:
    told = entry()
    assert await airtable.write([told]) == Sent()
    (row,) = sandbox.airtable.table().rows.values()
    assert row == {
        "Alert ID": str(told.account.record.alert.id),
        "Accepted": "2026-11-23T12:00:00.000Z",
        "Detected": "2026-11-23T12:00:00.000Z",
        "Type": "in_stock",
        "Priority": 9,
        "Band": "high",
        "SKU": "6634940",
        "Product": "GeForce RTX 5090",
        "Retailer": "bestbuy",
        "Price": 1999.99,
        "Currency": "USD",
        "URL": "https://shop.example/5090",
        "State": "open",
        "Sold out after (s)": 192,
        "Repeats": 0,
        "Sent channels": "discord, sms",
        "Delivery status": "partial",
        "Sent": 3,
        "Failed": 1,
        "Clicks": 4,
        "Purchases": 1,
        "Bought for": "1999.99 USD",
    }


async def test_the_same_alert_is_the_same_row(airtable: Airtable, sandbox: Sandbox) -> None:
    told = entry()
    for _ in range(3):
        assert await airtable.write([told]) == Sent()
    assert len(sandbox.airtable.table().rows) == 1


async def test_the_missions_call_writes_a_row(airtable: Airtable, sandbox: Sandbox) -> None:
    """mission.md, "To Airtable"."""
    await airtable.log_alert(alert_id="0198-1", sent_channels=["discord", "sms"], delivery_status="success")
    assert sandbox.airtable.table().rows == {
        "0198-1": {"Alert ID": "0198-1", "Sent channels": "discord, sms", "Delivery status": "success"}
    }


async def test_the_missions_call_says_why_it_could_not(sandbox: Sandbox) -> None:
    async with Airtable("patWrong", BASE, api_base=sandbox.url) as airtable:
        with pytest.raises(MirrorError, match="the token is not known"):
            await airtable.log_alert(alert_id="0198-1")


async def test_a_column_that_is_not_there_is_left_out_and_told_of_once(sandbox: Sandbox, clock: ManualClock) -> None:
    facts: list[Fact] = []
    table = sandbox.airtable.table()
    del table.columns["Clicks"]
    table.columns["Price"] = "singleSelect"
    async with Airtable(TOKEN, BASE, api_base=sandbox.url, emit=facts.append) as airtable:
        assert await airtable.write([entry()]) == Sent()
        assert await airtable.write([entry("2")]) == Sent()
    assert [row["SKU"] for row in table.rows.values()] == ["6634940", "2"]
    left_out = [fact.detail for fact in facts if isinstance(fact, Trouble)]
    assert ["Price" in left_out[0], "Clicks" in left_out[1], len(left_out)] == [True, True, 2]


async def test_without_its_key_nothing_is_written(airtable: Airtable, sandbox: Sandbox) -> None:
    del sandbox.airtable.table().columns[KEY.name]
    outcome = await airtable.write([entry()])
    assert isinstance(outcome, Refused)
    assert "UNKNOWN_FIELD_NAME" in outcome.detail


async def test_after_too_many_it_is_left_in_peace_for_half_a_minute(airtable: Airtable) -> None:
    for number in range(5):
        assert await airtable.write([entry(str(number))]) == Sent()
    outcome = await airtable.write([entry("6")])
    assert outcome == Deferred(
        Delay.RATE_LIMITED, PENALTY, "RATE_LIMIT_REACHED: Rate limit exceeded. Please try again later"
    )


async def test_a_used_up_month_is_no_matter_of_seconds(airtable: Airtable, sandbox: Sandbox) -> None:
    sandbox.airtable.calls_left = 0
    outcome = await airtable.write([entry()])
    assert isinstance(outcome, Deferred)
    assert (outcome.why, outcome.after) == (Delay.RATE_LIMITED, timedelta(hours=1))


@pytest.mark.parametrize(
    ("base", "table", "token", "words"),
    [
        (BASE, "Nowhere", TOKEN, "no such base or table"),
        ("appElsewhere", "Alerts", TOKEN, "no such base"),
        (BASE, "Alerts", "patWrong", "the token is not known"),
    ],
)
async def test_what_is_wrong_with_the_key_is_said(
    sandbox: Sandbox, base: str, table: str, token: str, words: str
) -> None:
    async with Airtable(token, base, table, api_base=sandbox.url) as airtable:
        outcome = await airtable.write([entry()])
    assert isinstance(outcome, Deferred)
    assert outcome.why is Delay.CREDENTIALS
    assert words in outcome.detail


async def test_a_lost_answer_may_be_told_again(airtable: Airtable, sandbox: Sandbox) -> None:
    sandbox.faults.next("airtable", Fault.reset("after_reading"))
    assert isinstance(await airtable.write([entry()]), Unknown)


async def test_nobody_there_is_surely_not_written() -> None:
    async with Airtable(TOKEN, BASE, api_base="http://127.0.0.1:9") as airtable:
        assert isinstance(await airtable.write([entry()]), Deferred)


async def test_a_look_names_what_is_missing(airtable: Airtable, sandbox: Sandbox) -> None:
    assert await airtable.look() == []
    table = sandbox.airtable.table()
    del table.columns["Clicks"]
    table.columns["Price"] = "currency"
    assert await airtable.look() == [
        "the column 'Price' is of the type currency, and takes number only so far",
        "the table has no column 'Clicks' (number)",
    ]
    sandbox.airtable.tables.clear()
    assert await airtable.look() == ["the base has no table 'Alerts'; it has none"]
    sandbox.airtable.reads_schema = False
    (problem,) = await airtable.look()
    assert "schema.bases:read" in problem


def test_columns_have_names_of_their_own_and_the_key_comes_first() -> None:
    names = [column.name for column in COLUMNS]
    assert names[0] == KEY.name
    assert len(set(names)) == len(names)
