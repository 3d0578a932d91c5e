"""The live feed: what arrives is seen at once, stands still when asked to, and is found again."""

import re

import pytest
from playwright.async_api import Request, Route, expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_alert_appears_without_reload(visitor: Visitor, town: ServiceRig):
    await visitor.open()
    await expect(visitor.page.get_by_text("All quiet")).to_be_visible()
    body = {"type": "price_drop", "sku": "6634940", "retailer": "bestbuy", "price": 1499.5, "product_name": "RTX 5090"}
    extra = {"variant": "24 GB", "metadata": {"previous_price": "1999.00", "stock": 3}}
    await town.call("POST", "/api/v1/alerts", body | extra, status=202)
    row = visitor.row("RTX 5090")
    for told in (
        "Price drop",
        "bestbuy",
        "6634940",
        "24 GB",
        "3 left",
        "$1,499.50",
        "$1,999.00",
        "25\u00a0%",
        "High 8",
    ):
        await expect(row).to_contain_text(told)
    await expect(row).to_contain_text("discord sent")


async def test_what_came_before_is_there_filtered_alerts_with_their_reason(visitor: Visitor, town: ServiceRig):
    await town.report("RTX 5090")
    await town.report("RTX 5080", type="price_drop", metadata={"previous_price": "2000.00"})
    await visitor.open()
    await visitor.sees("RTX 5080", "RTX 5090")
    await expect(visitor.row("RTX 5080")).to_contain_text("Not sent: the price dropped too little")


async def test_repeats_are_a_count_and_no_rows(visitor: Visitor, town: ServiceRig):
    for _ in range(3):
        await town.report("RTX 5090")
    await visitor.open()
    await visitor.sees("RTX 5090")
    await expect(visitor.row("RTX 5090")).to_contain_text("seen 3 times")


async def test_sold_out_is_told_where_the_alert_stands(visitor: Visitor, town: ServiceRig):
    await town.report("RTX 5090")
    await visitor.open()
    await visitor.sees("RTX 5090")
    await town.alerts.close(sku="RTX-5090", retailer="bestbuy")
    await expect(visitor.row("RTX 5090")).to_contain_text("Sold out after")
    told = await visitor.row("RTX 5090").get_by_text("Sold out after").inner_text()
    await visitor.page.reload()
    await expect(visitor.row("RTX 5090")).to_contain_text(told)


async def test_a_paused_feed_stands_still_and_counts(visitor: Visitor, town: ServiceRig):
    await town.report("one")
    await visitor.open()
    await visitor.sees("one")
    await visitor.press("p")
    await expect(visitor.page.get_by_text("Paused")).to_be_visible()
    for name in ("two", "three"):
        await town.report(name)
    await expect(visitor.button("2 new")).to_be_visible()
    await visitor.sees("one")
    await visitor.button("2 new").click()
    await visitor.sees("three", "two", "one")


async def test_rows_do_not_move_under_who_reads_further_down(visitor: Visitor, town: ServiceRig):
    for number in range(30):
        await town.report(f"old {number}")
    await visitor.open()
    await visitor.sees_all(30)
    await visitor.scroll_to(600)
    await town.report("new")
    await expect(visitor.button("1 new")).to_be_visible()
    await visitor.button("1 new").click()
    await expect(visitor.names.first).to_have_text("new")
    assert await visitor.page.evaluate("scrollY") == 0


async def test_whoever_scrolls_down_comes_to_the_first_alert_of_all(visitor: Visitor, town: ServiceRig):
    """Through a page that held them and one that did not: 700 came while it was open, more than are kept at the top."""
    await visitor.open()
    await many(town, 700)
    await expect(visitor.names.first).to_have_text("number 699")
    assert await visitor.scrolled_through() == [f"number {number}" for number in reversed(range(700))]
    await expect(visitor.page.get_by_text("That is all there is.")).to_be_visible()


async def test_what_waits_for_a_reader_leaves_no_hole_when_they_come_back(visitor: Visitor, town: ServiceRig):
    await many(town, 3)
    await visitor.open()
    await visitor.sees_all(3)
    await visitor.press("p")
    await many(town, 600, first=3)
    await visitor.button("600 new").click()
    await expect(visitor.names.first).to_have_text("number 602")
    assert await visitor.scrolled_through() == [f"number {number}" for number in reversed(range(603))]


async def test_alerts_of_one_instant_stand_in_the_order_of_the_ledger(visitor: Visitor, town: ServiceRig):
    await visitor.open()
    batch = [{"type": "in_stock", "retailer": "bestbuy", "sku": str(number), "price": 1} for number in range(12)]
    await town.call("POST", "/api/v1/alerts", batch, status=202)
    down = [str(number) for number in reversed(range(12))]
    await visitor.sees(*down)
    await visitor.page.reload()
    await visitor.sees(*down)


async def test_a_flood_is_shown_whole_in_a_bounded_page(visitor: Visitor, town: ServiceRig):
    await visitor.open()
    await many(town, 300)
    await town.report("the last")
    await expect(visitor.names.first).to_have_text("the last")
    assert await visitor.rows.count() <= 40
    await expect(visitor.rows.first).to_have_attribute("aria-setsize", "301")


async def test_the_stream_goes_on_after_a_restart_without_gap_or_repeat(visitor: Visitor, town: ServiceRig):
    await visitor.open()
    await town.report("before")
    await visitor.sees("before")
    port = town.alerts.front.port
    # From here on history does not answer: what is seen came through the stream.
    await visitor.page.route("**/api/v1/alerts?*", lambda route: route.abort())
    await town.close()
    await visitor.sees_state("waiting")
    await expect(visitor.page.get_by_text("stale since")).to_be_visible()
    await town.open(server={"port": port})
    await town.report("meanwhile")
    await visitor.sees_state("live")
    await town.report("after")
    await visitor.sees("after", "meanwhile", "before")


async def test_history_is_asked_again_where_the_stream_cannot_go_on(visitor: Visitor, town: ServiceRig):
    await visitor.open()
    await town.report("of the old ledger")
    await visitor.sees("of the old ledger")
    port = town.alerts.front.port
    await town.close()
    for file in town.folder.glob("tocsin.db*"):
        file.unlink()
    await town.open(server={"port": port})
    await town.report("of the new ledger")
    await visitor.sees("of the new ledger")


async def test_nothing_moves_under_a_pointer_and_the_feed_goes_on_when_it_leaves(visitor: Visitor, town: ServiceRig):
    await many(town, 4)
    await visitor.open()
    await visitor.sees_all(4)
    await visitor.row("number 2").hover()
    place = await visitor.place("number 2")
    await many(town, 3, first=4)
    await expect(visitor.button("3 new")).to_be_visible()
    assert await visitor.place("number 2") == place
    # What is told of the rows themselves changes nothing of their places either.
    await town.alerts.close(sku="2", retailer="bestbuy")
    await expect(visitor.row("number 2")).to_contain_text("Sold out after")
    assert await visitor.place("number 2") == place
    await visitor.page.mouse.move(600, 5)
    await visitor.sees(*(f"number {number}" for number in reversed(range(7))))


async def test_what_needs_somebody_moves_nothing_under_a_pointer(visitor: Visitor, town: ServiceRig):
    await many(town, 4)
    await visitor.open()
    await visitor.sees_all(4)
    await visitor.row("number 2").hover()
    place = await visitor.place("number 2")
    town.sandbox.discord.kill("general")
    await town.report("nobody gets it", priority=5)
    strip = visitor.page.get_by_role("button", name="discord:general is dead").first
    await expect(strip).to_be_visible()
    assert await visitor.place("number 2") == place
    await visitor.page.get_by_role("button", name="Dismiss: discord:general is dead").dispatch_event("click")
    await expect(strip).to_have_count(0)
    assert await visitor.place("number 2") == place
    await visitor.page.mouse.move(600, 5)
    await expect(visitor.names.first).to_have_text("nobody gets it")


async def test_a_pointer_that_lies_still_does_not_keep_the_feed_for_ever(visitor: Visitor, town: ServiceRig):
    await visitor.page.clock.install()
    await many(town, 2)
    await visitor.open()
    await visitor.row("number 1").hover()
    await many(town, 1, first=2)
    await expect(visitor.button("1 new")).to_be_visible()
    await visitor.page.clock.run_for(31_000)
    await visitor.sees("number 2", "number 1", "number 0")


async def test_a_click_lands_where_it_began_whatever_arrives_meanwhile(visitor: Visitor, town: ServiceRig):
    await many(town, 3)
    await visitor.open()
    await visitor.sees_all(3)
    place = await visitor.place("number 1")
    await visitor.page.mouse.move(place["x"] + 200, place["y"] + 30)
    await visitor.page.mouse.down()
    await many(town, 5, first=3)
    await expect(visitor.button("5 new")).to_be_visible()
    await visitor.page.mouse.up()
    await expect(visitor.details.get_by_role("heading", name="number 1")).to_be_visible()


async def test_opening_details_moves_no_row_up_or_down(visitor: Visitor, town: ServiceRig):
    await many(town, 3)
    await visitor.page.set_viewport_size({"width": 1024, "height": 768})
    await visitor.open()
    before = await visitor.place("number 1")
    await visitor.button("number 1").click()
    await expect(visitor.details).to_be_visible()
    after = await visitor.place("number 1")
    assert (before["y"], before["height"]) == (after["y"], after["height"])


async def test_chips_of_past_alerts_come_from_the_ledger(visitor: Visitor, town: ServiceRig):
    receipt = await town.report("RTX 5090")
    await town.settled(receipt, DeliveryState.SENT)
    town.sandbox.discord.kill("high_priority")
    refused = await town.report("RTX 5080")
    await town.settled(refused, DeliveryState.REFUSED)
    await visitor.open()
    await expect(visitor.row("RTX 5090")).to_contain_text("discord sent")
    await expect(visitor.row("RTX 5080")).to_contain_text("discord refused")
    chip = visitor.row("RTX 5080").get_by_text("discord refused")
    await expect(chip).to_have_attribute("title", re.compile("discord:high_priority: refused"))


async def test_a_search_is_asked_of_the_service_and_of_what_arrives(visitor: Visitor, town: ServiceRig):
    await town.report("Pokémon Écarlate")
    await many(town, 200)
    await visitor.open()
    await expect(visitor.names.first).to_have_text("number 199")
    await visitor.page.get_by_placeholder("Search").fill("pokemon ecarl")
    await visitor.sees("Pokémon Écarlate")
    await town.report("Pokemon Violet")
    await town.report("POKEMON ÉCARLATE II")
    await visitor.sees("POKEMON ÉCARLATE II", "Pokémon Écarlate")
    assert visitor.page.url.endswith("/?q=pokemon+ecarl")
    await visitor.page.reload()
    await visitor.sees("POKEMON ÉCARLATE II", "Pokémon Écarlate")


async def test_alerts_are_narrowed_to_a_channel_and_to_what_became_of_them(visitor: Visitor, town: ServiceRig):
    await town.settled(await town.report("taken", priority=5), DeliveryState.SENT)
    town.sandbox.discord.kill("high_priority")
    await town.settled(await town.report("refused"), DeliveryState.REFUSED)
    await visitor.open()
    await visitor.button("Filter").click()
    await visitor.page.get_by_label("Delivery").select_option("In trouble")
    await visitor.sees("refused")
    # Whatever goes wrong from here on comes by itself, and whatever is mended goes.
    town.sandbox.discord.kill("general")
    await town.settled(await town.report("refused too", priority=5), DeliveryState.REFUSED)
    await visitor.sees("refused too", "refused")
    await visitor.page.get_by_label("Channel").select_option("discord:general")
    await visitor.sees("refused too")
    await visitor.page.get_by_label("Delivery").select_option("Sent")
    await visitor.sees("taken")
    await visitor.page.reload()
    await visitor.sees("taken")
    await expect(visitor.button("Filter (2)")).to_be_visible()


async def test_a_filter_lives_in_the_address_and_survives_a_reload(visitor: Visitor, town: ServiceRig):
    await town.report("RTX 5090")
    await town.report("RTX 5080", type="back_order")
    await town.report("PS5 Pro", type="back_order", retailer="newegg")
    await visitor.open()
    await visitor.button("Back order").click()
    await visitor.sees("PS5 Pro", "RTX 5080")
    await visitor.page.get_by_placeholder("Search").fill("rtx")
    await visitor.sees("RTX 5080")
    await visitor.page.reload()
    await visitor.sees("RTX 5080")
    assert visitor.page.url.endswith("/?types=back_order&q=rtx")
    await visitor.button("Clear").click()
    await visitor.sees("PS5 Pro", "RTX 5080", "RTX 5090")


async def test_what_arrives_is_filtered_too(visitor: Visitor, town: ServiceRig):
    await visitor.open("?retailers=newegg&bands=high")
    await town.report("elsewhere")
    await town.report("unimportant", retailer="newegg", priority=1)
    await town.report("wanted", retailer="newegg")
    await visitor.sees("wanted")


async def test_filtered_alerts_can_be_had_alone(visitor: Visitor, town: ServiceRig):
    await town.report("RTX 5090")
    await town.report("RTX 5080", type="price_drop", metadata={"previous_price": "2000.00"})
    await visitor.open()
    await visitor.button("Filter").click()
    await visitor.page.get_by_label("Decision").select_option("Filtered")
    await visitor.sees("RTX 5080")
    await town.report("PS5 Pro")
    await visitor.page.get_by_label("Decision").select_option("Accepted")
    await visitor.sees("PS5 Pro", "RTX 5090")


async def test_a_picture_that_fails_leaves_the_sign_of_the_type(visitor: Visitor, town: ServiceRig):
    asked: list[str | None] = []

    async def refuse(route: Route, request: Request) -> None:
        asked.append(request.headers.get("referer"))
        await route.abort()

    await visitor.page.route("https://img.example/**", refuse)
    await town.report("RTX 5090", metadata={"image_url": "https://img.example/a.jpg"})
    await visitor.open()
    await visitor.sees("RTX 5090")
    await expect(visitor.row("RTX 5090").locator("img")).to_have_count(0)
    await expect(visitor.row("RTX 5090").locator(".picture svg")).to_be_visible()
    assert asked == [None]


async def many(town: ServiceRig, count: int, first: int = 0) -> None:
    """`number 0` and so on, in their order."""
    given = {"type": "in_stock", "retailer": "bestbuy", "price": 1}
    batch = [given | {"sku": f"{n}", "product_name": f"number {n}"} for n in range(first, first + count)]
    await town.call("POST", "/api/v1/alerts", batch, status=202)
