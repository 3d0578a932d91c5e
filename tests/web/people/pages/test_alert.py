"""An alert as a page."""

import re
from typing import Any

import pytest
from tests.web.house import House
from tests.web.people.pages.reader import press, visit

from tocsin.core import link


async def page_of(house: House, **changes: object) -> str:
    alert = await house.send(**{"product_name": "RTX 5090", "url": "https://shop.example/5090", **changes})
    status, _told = await house.call("GET", f"/api/v1/alerts/{alert}")
    assert status == 200
    return f"/a/{link.encode(1, house.services.ledger.link_secret)}"


async def test_it_shows_the_product_its_price_and_the_way_to_the_shop(house: House):
    metadata = {"image_url": "https://img.example/5090.jpg", "previous_price": "2199.99"}
    path = await page_of(house, type="price_drop", price="1999.99", metadata=metadata)
    sheet = await visit(house, path)
    assert sheet.status == 200
    for words in ("Cheaper", "RTX 5090", "$1,999.99", "was $2,199.99", "at Best Buy"):
        assert words in sheet.text, words
    assert 'src="https://img.example/5090.jpg"' in sheet.source
    assert f'href="../r/{path.removeprefix("/a/")}"' in sheet.source


async def test_to_look_at_it_counts_nothing(house: House):
    path = await page_of(house)
    await visit(house, path)
    assert await house.services.ledger.purchases.said(1) is None
    (_, alerts) = await house.call("GET", "/api/v1/alerts")
    _, story = await house.call("GET", f"/api/v1/alerts/{alerts['alerts'][0]['id']}")
    assert story["clicks"] == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [("bought", "Well done."), ("useful", "Thank you."), ("too_late", "counted"), ("not_for_me", "Understood.")],
)
async def test_each_button_says_what_came_of_it_and_may_be_pressed_again(house: House, answer: str, words: str):
    path = await page_of(house)
    assert (await visit(house, path)).source.count('name="answer"') == 4
    sheet = await press(house, path, answer=answer)
    assert (sheet.status, sheet.place) == (303, path.removeprefix("/a/"))
    sheet = await visit(house, path)
    assert words in sheet.text
    assert f'value="{answer}" aria-pressed="true"' in sheet.source
    _, listed = await house.call("GET", "/api/v1/purchases")
    assert [one["state"] for one in listed["purchases"]] == (["reported"] if answer == "bought" else [])


async def test_a_program_answers_in_json(house: House):
    path = await page_of(house)
    async with house.client.post(path, json={"answer": "bought"}) as answer:
        assert (answer.status, await answer.json()) == (200, {"answer": "bought"})
    _, listed = await house.call("GET", "/api/v1/purchases?credited=true")
    (one,) = listed["purchases"]
    assert (one["source"], one["credit"]["reason"], one["amount"]) == ("bought", "answer", None)


@pytest.mark.parametrize("body", [{"answer": "maybe"}, {}, ["bought"], {"answer": 7}])
async def test_what_is_no_answer_is_refused(house: House, body: Any):
    path = await page_of(house)
    async with house.client.post(path, json=body) as answer:
        assert answer.status == 400
    assert (await press(house, path, say="bought")).status == 400
    async with house.client.post("/a/nothing", json={"answer": "bought"}) as answer:
        assert answer.status == 404


async def test_a_name_of_script_is_a_name(house: House):
    path = await page_of(house, product_name="<script>alert(1)</script>\"'&", variant="<img src=x onerror=alert(1)>")
    sheet = await visit(house, path)
    assert "<script" not in sheet.source
    assert len(re.findall("<img", sheet.source)) == 1  # the bell
    assert "<script>alert(1)</script>\"'&" in sheet.text or "alert(1)" in sheet.text


async def test_a_link_that_was_never_given_out_leads_nowhere(house: House):
    for code in ("nothing", "zz-zz", "0" * 200):
        assert (await visit(house, f"/a/{code}")).status == 404
