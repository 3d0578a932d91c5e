"""Alerts over HTTP: in, out, their story, their end."""

import asyncio

import orjson
from tests.deadline import DEADLINE_S
from tests.web.house import ALERT, House
from tests.web.test_decode import NOT_JSON

from tocsin.core.outcome import Refusal, Refused, Sent


async def test_an_accepted_alert_is_in_the_history_with_its_story(house: House):
    told = await house.send(product_name="GeForce RTX 5090", url="https://shop.example/6634940")

    status, listed = await house.call("GET", "/api/v1/alerts", token="reader")
    assert status == 200
    assert [alert["id"] for alert in listed["alerts"]] == [told]
    assert listed["next"] is None

    async with asyncio.timeout(DEADLINE_S):
        while True:
            status, story = await house.call("GET", f"/api/v1/alerts/{told}", token="reader")
            if story["deliveries"][0]["state"] == "sent":
                break
    assert status == 200
    assert story["price"] == "1999.99"
    assert [attempt["status"] for attempt in story["deliveries"][0]["attempts"]] == [204]
    assert [step["what"] for step in story["timeline"]][:2] == ["detected", "accepted"]
    assert {"planned", "sending", "sent"} <= {step["what"] for step in story["timeline"]}
    assert all(step["ms"] >= 0 for step in story["timeline"])


async def test_a_repeat_names_its_original(house: House):
    first = await house.send()
    status, told = await house.call("POST", "/api/v1/alerts", token="engine", json=ALERT)
    assert (status, told["decision"], told["duplicate_of"]) == (202, "duplicate", first)
    assert "id" not in told


async def test_a_batch_answers_in_order_and_a_bad_item_harms_no_neighbour(house: House):
    batch = [ALERT, {"type": "in_stock", "sku": "x"}, ALERT | {"sku": "2"}, 7]
    status, told = await house.call("POST", "/api/v1/alerts", token="engine", json=batch)
    assert status == 202
    assert [result["decision"] for result in told["results"]] == ["accepted", "invalid", "accepted", "invalid"]
    assert {detail["path"] for detail in told["results"][1]["error"]["details"]} == {"retailer", "price"}


async def test_ndjson_is_taken_whatever_the_content_type_says(house: House):
    body = b"\n".join(orjson.dumps(ALERT | {"sku": str(number)}) for number in range(3))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, told = await house.call("POST", "/api/v1/alerts", token="engine", data=body, headers=form)
    assert status == 202
    assert [result["decision"] for result in told["results"]] == ["accepted"] * 3


async def test_ndjson_that_lost_its_newlines_is_told_the_option_that_keeps_them(house: House):
    body = orjson.dumps(ALERT) * 2
    status, told = await house.call("POST", "/api/v1/alerts", token="engine", data=body)
    assert (status, told["error"]["code"]) == (400, "not_json")
    assert "--data-binary" in told["error"]["message"]


async def test_a_single_invalid_alert_names_every_field(house: House):
    wrong = {"type": "in_stok", "sku": "1", "retailer": "bestbuy", "price": -1, "prioriti": 3}
    status, told = await house.call("POST", "/api/v1/alerts", token="engine", json=wrong)
    assert (status, told["error"]["code"]) == (422, "invalid_alert")
    found = {detail["path"]: detail["message"] for detail in told["error"]["details"]}
    assert set(found) == {"type", "price", "prioriti"}
    assert "'in_stock'" in found["type"]
    assert "'priority'" in found["prioriti"]


async def test_nothing_that_is_no_json_gets_past_the_door(house: House):
    for body in NOT_JSON:
        status, told = await house.call("POST", "/api/v1/alerts", token="engine", data=body or b" ")
        assert (status, told["error"]["code"]) == (400, "not_json"), body[:40]
    assert (await house.call("GET", "/api/v1/alerts"))[1]["alerts"] == []


async def test_the_same_idempotency_key_gives_the_same_answer_and_another_body_is_refused(house: House):
    key = {"Idempotency-Key": "detector-1:42"}
    first = await house.call("POST", "/api/v1/alerts", token="engine", json=ALERT, headers=key)
    again = await house.call("POST", "/api/v1/alerts", token="engine", json=ALERT, headers=key)
    other = await house.call("POST", "/api/v1/alerts", token="engine", json=ALERT | {"sku": "2"}, headers=key)
    assert first == again
    assert first[1]["decision"] == "accepted"
    assert (other[0], other[1]["error"]["code"]) == (422, "idempotency_conflict")


async def test_an_item_key_is_told_apart_by_what_the_item_says(house: House):
    keyed = ALERT | {"idempotency_key": "line-1"}
    first = await house.call("POST", "/api/v1/alerts", token="engine", json=keyed)
    again = await house.call("POST", "/api/v1/alerts", token="engine", json=keyed | {"price": "1999.990"})
    other = await house.call("POST", "/api/v1/alerts", token="engine", json=keyed | {"sku": "2"})
    assert first == again
    assert (other[0], other[1]["error"]["code"]) == (422, "idempotency_conflict")


async def test_the_history_is_asked_in_the_words_of_match(house: House):
    card = await house.send()
    game = await house.send(sku="game", retailer="newegg", type="back_order", price=None)
    await house.call("POST", "/api/v1/alerts", token="engine", json=ALERT | {"retailer": "scalper"})

    async def found(query: str) -> list[str]:
        status, told = await house.call("GET", f"/api/v1/alerts?{query}", token="reader")
        assert status == 200, told
        return [alert["id"] for alert in told["alerts"]]

    assert await found("families=rtx50") == [card]
    assert await found("families=rtx50&skus=game") == []
    assert await found("products=rtx-*&skus=6634940") == [card]
    assert await found("types=back_order,restock_soon") == [game]
    assert await found("retailers=Best_Buy,newegg") == [game, card]
    assert await found("bands=high&min_priority=9&decision=accepted") == [card]
    assert len(await found("decision=filtered")) == 1
    assert await found("until=2020-01-01T00:00:00Z") == []


async def test_an_unknown_query_key_names_the_nearest(house: House):
    status, told = await house.call("GET", "/api/v1/alerts?retailer=bestbuy", token="reader")
    assert status == 422
    assert told["error"]["details"] == [{"path": "retailer", "message": "is not known here; did you mean 'retailers'?"}]


async def test_the_history_is_paged(house: House):
    sent = [await house.send(sku=str(number)) for number in range(5)]
    seen: list[str] = []
    page = ""
    while True:
        _, told = await house.call("GET", f"/api/v1/alerts?limit=2{page}", token="reader")
        seen += [alert["id"] for alert in told["alerts"]]
        if told["next"] is None:
            break
        page = f"&page={told['next']}"
    assert seen == sent[::-1]


async def test_the_history_is_searched_and_narrowed_to_what_became_of_deliveries(house: House):
    house.board.outcome = Refused(Refusal.CONTENT_BLOCKED)
    card = await house.send(product_name="Pokémon Écarlate")
    await settled(house, card)
    house.board.outcome = Sent()
    game = await house.send(sku="game", product_name="POKEMON Violet")
    await settled(house, game)

    async def found(query: str) -> list[str]:
        status, told = await house.call("GET", f"/api/v1/alerts?{query}", token="reader")
        assert status == 200, told
        return [alert["id"] for alert in told["alerts"]]

    assert await found("q=pok%C3%A9mon") == [game, card]
    assert await found("q=ecarlate+6634940") == [card]
    assert await found("q=%20%00%20") == [game, card]
    assert await found("channels=board") == await found("channels=mail,board:general") == [game, card]
    assert await found("channels=mail") == []
    assert await found("delivery_states=refused,expired") == [card]
    assert await found("channels=board&delivery_states=sent&q=violet") == [game]
    assert await found(f"before={game}") == [card]
    _, told = await house.call("GET", f"/api/v1/alerts?before={house.services.ledger.epoch}", token="reader")
    assert told["error"]["details"] == [{"path": "before", "message": "is not the id of an alert"}]
    status, _ = await house.call("GET", "/api/v1/alerts?before=01a20734-872b-7978-9d6f-5dd678514315", token="reader")
    assert status == 404


async def test_a_list_tells_what_became_of_each_alert(house: House):
    sent = await house.send()
    await settled(house, sent)
    await house.call("POST", f"/api/v1/alerts/{sent}/close", token="engine")
    await house.send(sku="open")
    _, told = await house.call("GET", "/api/v1/alerts", token="reader")
    new, old = told["alerts"]
    assert (new["state"], new["sold_out_after_s"]) == ("open", None)
    assert old["state"] == "closed"
    assert old["sold_out_after_s"] > 0
    assert [(one["target"], one["state"], one["why"]) for one in old["deliveries"]] == [("board:general", "sent", None)]
    _, story = await house.call("GET", f"/api/v1/alerts/{sent}", token="reader")
    assert story["sold_out_after_s"] == old["sold_out_after_s"]
    assert old["deliveries"][0]["id"] == story["deliveries"][0]["id"]


async def settled(house: House, alert: str) -> None:
    """Its deliveries have come to an end."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            _, story = await house.call("GET", f"/api/v1/alerts/{alert}", token="reader")
            if all(delivery["state"] not in ("pending", "sending") for delivery in story["deliveries"]):
                return


async def test_sold_out_closes_the_episode(house: House):
    told = await house.send()
    gone = {"sku": "6634940", "retailer": "best_buy", "in_stock": False}
    status, closed = await house.call("POST", "/api/v1/stock", token="engine", json=gone)
    assert (status, closed["closed"]) == (200, [told])
    assert (await house.call("GET", f"/api/v1/alerts/{told}"))[1]["state"] == "closed"
    assert (await house.call("POST", "/api/v1/stock", token="engine", json=gone))[1]["closed"] == []


async def test_an_alert_is_closed_by_its_id(house: House):
    told = await house.send()
    status, closed = await house.call("POST", f"/api/v1/alerts/{told}/close", token="engine")
    assert (status, closed["closed"]) == (200, [told])


async def test_what_is_not_there_is_told_in_the_one_form(house: House):
    missing = "01a205b3-d000-7009-9bb4-b1c15a515c31"
    for path in (f"/api/v1/alerts/{missing}", "/api/v1/nothing", "/.env"):
        status, told = await house.call("GET", path)
        assert (status, told["error"]["code"], told["error"]["details"]) == (404, "not_found", [])
    status, told = await house.call("PATCH", "/api/v1/alerts")
    assert (status, told["error"]["code"]) == (405, "method_not_allowed")


async def test_a_rehearsal_stores_nothing(house: House):
    status, told = await house.call("POST", "/api/v1/routes/test", token="reader", json=ALERT)
    assert (status, told["decision"]) == (200, "accepted")
    assert told["targets"][0]["message"] == {"text": "6634940"}
    assert (await house.call("GET", "/api/v1/alerts"))[1]["alerts"] == []
    assert house.board.written == []
    status, told = await house.call("POST", "/api/v1/routes/test", token="reader", json={"sku": 1})
    assert (status, told["error"]["code"]) == (422, "invalid_alert")
