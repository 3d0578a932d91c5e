"""The watch list over HTTP."""

import pytest
from tests.web.house import ALERT, House

WATCH = {"retailer": "bestbuy", "skus": ["6634940", "6632394"], "interval": 30}


async def test_every_monitored_product_is_listed_with_what_is_known_of_it(house: House):
    await house.call("PUT", "/api/v1/monitors/bestbuy-1", token="engine", json=WATCH)
    _, sent = await house.call("POST", "/api/v1/alerts", token="engine", json=ALERT)
    status, told = await house.call("GET", "/api/v1/watch", token="reader")
    assert (status, told["next"]) == (200, None)
    known, unseen = told["watch"]
    assert (known["sku"], known["state"], known["silent_since"]) == ("6634940", "in_stock", None)
    assert known["last_alert"]["id"] == sent["id"]
    assert [point["price"] for point in known["prices"]] == ["1999.99"]
    assert [monitor["id"] for monitor in known["monitors"]] == ["bestbuy-1"]
    nothing = dict.fromkeys(("variant", "seller", "since", "silent_since", "last_seen_at", "last_alert"))
    assert unseen == nothing | {
        "sku": "6632394",
        "retailer": "bestbuy",
        "state": "unseen",
        "prices": [],
        "monitors": known["monitors"],
    }


@pytest.mark.parametrize("query", ["state=sideways", "limit=0", "limit=201", "page=x", "colour=red", f"q={'x' * 201}"])
async def test_what_is_no_question_is_refused(house: House, query: str):
    status, told = await house.call("GET", f"/api/v1/watch?{query}", token="reader")
    assert status == 422
    assert told["error"]["message"]


async def test_only_readers_see_it(house: House):
    assert (await house.call("GET", "/api/v1/watch", token="engine"))[0] == 403
