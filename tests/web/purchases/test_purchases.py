"""The door to purchases: what may be told, how it is answered, and what a shop gets wrong."""

from typing import Any
from uuid import uuid4

import pytest
from tests.web.house import House

from tocsin.core import link
from tocsin.core.click import Click, ClickKind
from tocsin.rules.click import TOGETHER

PATH = "/api/v1/purchases"
ORDER = {
    "external_id": "ord-77",
    "source": "shop",
    "sku": "bestbuy:6634940",
    "amount": "1999.99",
    "currency": "USD",
    "commission": 40,
    "state": "pending",
}


async def tell(house: House, **changes: Any) -> tuple[int, Any]:
    return await house.call("POST", PATH, token="engine", json={**ORDER, **changes})


async def clicked(house: House) -> str:
    """The code of a link that a person followed."""
    alert = await house.send()
    history = house.services.ledger.history
    key = next(one.key for one in (await history.deliveries()).items if str(one.alert_id) == alert)
    await history.click(key, Click(house.services.clock.now(), ClickKind.PERSON, ""), TOGETHER)
    return link.encode(key, house.services.ledger.link_secret)


async def test_a_purchase_is_told_once_and_again_and_corrected(house: House):
    code = await clicked(house)
    status, told = await tell(house, click=code)
    assert (status, told["result"], told["credit"]["reason"]) == (201, "created", "click")
    assert (told["amount"], told["commission"], told["retailer"]) == ("1999.99", "40.00", "bestbuy")
    assert told["credit"]["target"] == "board:general"
    assert (await tell(house, click=code))[1]["result"] == "unchanged"
    assert (await tell(house, click=code))[0] == 200
    status, told = await tell(house, state="reversed")
    assert (status, told["result"], [one["state"] for one in told["revisions"]]) == (
        200,
        "reversed",
        ["pending", "reversed"],
    )
    assert {one["by"] for one in told["revisions"]} == {"token:engine"}
    status, listed = await house.call("GET", f"{PATH}?channel=board&credited=true", token="reader")
    assert (status, [one["external_id"] for one in listed["purchases"]]) == (200, ["ord-77"])


async def test_without_any_key_it_is_kept_unattributed(house: House):
    status, told = await tell(house)
    assert (status, told["result"], told["credit"]["reason"]) == (201, "unattributed", "no_key")
    status, told = await tell(house, external_id="2", alert_id=str(uuid4()), contact="discord:1")
    assert (status, told["credit"]["reason"]) == (201, "forgotten")


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"click": "7Kq2"}, "unknown_click", "click"),
        ({"click": link.encode(1, b"another installation")}, "unknown_click", "click"),
        ({"currency": "XYZ"}, "unknown_currency", "currency"),
        ({"currency": "dollars"}, "unknown_currency", "currency"),
        ({"currency": None}, "invalid_request", "currency"),
        ({"amount": "1.299,00"}, "invalid_request", "amount"),
        ({"amount": "-1"}, "invalid_request", "amount"),
        ({"amount": -1}, "invalid_request", "amount"),
        ({"amount": 1e30}, "invalid_request", "amount"),
        ({"amount": "1e30"}, "invalid_request", "amount"),
        ({"commission": "NaN"}, "invalid_request", "commission"),
        ({"quantity": 0}, "invalid_request", "quantity"),
        ({"state": "bought"}, "invalid_request", "state"),
        ({"at": "2026-11-30"}, "invalid_request", "at"),
        ({"at": "2999-01-01T00:00:00Z"}, "invalid_request", "at"),
        ({"at": "0001-01-01T00:00:00Z"}, "invalid_request", "at"),
        ({"source": "bought"}, "invalid_request", "source"),
        ({"external_id": ""}, "invalid_request", "external_id"),
        ({"alert_id": "7"}, "invalid_request", "alert_id"),
        ({"shop": "x"}, "invalid_request", "shop"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_kept(house: House, changes: dict[str, Any], code: str, path: str):
    status, told = await tell(house, **changes)
    assert (status, told["error"]["code"], told["error"]["details"][0]["path"]) == (422, code, path)
    assert (await house.call("GET", PATH, token="reader"))[1] == {"purchases": [], "next": None}


async def test_a_sum_in_another_currency_than_before_is_refused(house: House):
    await tell(house)
    status, told = await tell(house, currency="EUR", amount="1")
    assert (status, told["error"]["code"]) == (422, "other_currency")


@pytest.mark.parametrize(
    "query", ["stat=pending", "state=bought", "since=yesterday", "limit=0", "page=x", "alert_id=1"]
)
async def test_a_question_that_is_none_is_refused(house: House, query: str):
    assert (await house.call("GET", f"{PATH}?{query}", token="reader"))[0] == 422
