"""An alert as a page."""

import re

from tests.web.house import House
from tests.web.people.pages.reader import visit

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


async def test_it_counts_nothing_and_asks_nothing(house: House):
    path = await page_of(house)
    sheet = await visit(house, path)
    assert "<form" not in sheet.source
    async with house.client.post(path) as answer:
        assert answer.status == 405


async def test_a_name_of_script_is_a_name(house: House):
    path = await page_of(house, product_name="<script>alert(1)</script>\"'&", variant="<img src=x onerror=alert(1)>")
    sheet = await visit(house, path)
    assert "<script" not in sheet.source
    assert len(re.findall("<img", sheet.source)) == 1  # the bell
    assert "<script>alert(1)</script>\"'&" in sheet.text or "alert(1)" in sheet.text


async def test_a_link_that_was_never_given_out_leads_nowhere(house: House):
    for code in ("nothing", "zz-zz", "0" * 200):
        assert (await visit(house, f"/a/{code}")).status == 404
