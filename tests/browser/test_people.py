"""The people's room: who may enters it, finds people, adds them, brings them in by a file, leaves alone and erases."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect
from tests.browser.club import (
    BROKEN,
    FIRST,
    LAST,
    LEAVER,
    MODERATOR,
    READER,
    ROUTE,
    join,
    leaves,
    member,
    tokens,
    told_by_text,
)
from tests.browser.visitor import PHONE, Visitor
from tests.contract.crowd import Crowd, phone
from tests.story.service_rig import ServiceRig

from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.decision import Accepted, Chosen, LeftOut, Plan, Reason
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.recipients import audience_of
from tocsin.ledger.contract import ClaimRequest, Item, Move, Settlement, Submission

pytestmark = pytest.mark.asyncio(loop_scope="session")

VIP = Target("sms", "vip")
LANE = "sms:elsewhere"  # nobody takes from it but the test


@pytest_asyncio.fixture(loop_scope="session")
async def town(tmp_path: Path) -> AsyncIterator[ServiceRig]:
    """A club with six members."""
    async with ServiceRig(tmp_path) as place:
        channels = {"sms": told_by_text(place)}
        await place.open(tokens=tokens(), alerts={"channels": channels}, routes=[ROUTE])
        await join(place)
        yield place


def person(visitor: Visitor) -> Locator:
    return visitor.page.get_by_label("About the person")


async def comes(visitor: Visitor, query: str = "", token: str = MODERATOR) -> None:
    await visitor.open(f"?room=people{query}", token=token)
    await expect(visitor.page.get_by_role("navigation", name="People")).to_be_visible()


async def names(visitor: Visitor, *expected: str) -> None:
    await expect(visitor.page.locator("[data-person] .name bdi")).to_have_text(list(expected))


async def chooses(visitor: Visitor, content: str) -> None:
    file: Any = {"name": "people.csv", "mimeType": "text/csv", "buffer": content.encode()}
    await visitor.page.get_by_label("A file of people").set_input_files(file)


async def known(town: ServiceRig, name: str) -> dict[str, Any]:
    (contact,) = (await town.get(f"/api/v1/contacts?q={name}"))["contacts"]
    return dict(contact)


async def test_the_room_is_entered_and_left_and_loaded_only_then(visitor: Visitor):
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    await visitor.open(token=MODERATOR)
    await expect(visitor.door("People")).to_be_visible()
    assert not any("PeopleRoom" in url or "/contacts" in url for url in asked)
    await visitor.door("People").click()
    await expect(member(visitor, FIRST)).to_be_visible()
    assert any("PeopleRoom" in url for url in asked)
    assert visitor.page.url.endswith("/?room=people")
    await visitor.page.go_back()
    await expect(visitor.page.get_by_placeholder("Search")).to_be_visible()
    await expect(member(visitor, FIRST)).to_have_count(0)


async def test_who_may_not_sees_no_such_room(visitor: Visitor):
    await visitor.open(token=READER)
    await expect(visitor.button("Theme: auto")).to_be_visible()
    await expect(visitor.door("People")).to_have_count(0)
    await visitor.page.goto("about:blank")
    await visitor.open("?room=people", token=READER)
    await expect(visitor.page.get_by_role("alert")).to_contain_text("the scope contacts")
    await expect(member(visitor, FIRST)).to_have_count(0)


async def test_people_are_found_by_name_number_tag_state_and_kind_at_an_address(visitor: Visitor):
    await comes(visitor)
    await expect(visitor.page.locator("[data-person]")).to_have_count(6)
    search = visitor.page.get_by_placeholder("Name, whole number or mailbox")
    await search.fill("turing")
    await names(visitor, "Alan Turing")
    await search.fill("+1 202 555 0104")
    await names(visitor, "Katherine Johnson")
    await search.fill("")
    await visitor.page.get_by_label("Tag").select_option("vip")
    await names(visitor, "Edsger Dijkstra", "Alan Turing", LAST)
    await visitor.page.get_by_label("Reached by").select_option("mailbox")
    await names(visitor, LAST)
    assert visitor.page.url.endswith("/?room=people&tag=vip&kind=mailbox")
    await visitor.page.reload()
    await names(visitor, LAST)
    await visitor.page.get_by_label("Tag").select_option("")
    await visitor.page.get_by_label("State").select_option("unverified")
    await names(visitor, "Barbara Liskov")


async def test_a_person_is_shown_masked_with_wishes_and_the_history_of_consent(visitor: Visitor, town: ServiceRig):
    ada = await known(town, "Ada")
    wishes = {"match": {"families": ["rtx50"]}, "quiet": {"from": "23:00", "to": "07:00"}}
    await town.call("PUT", f"/api/v1/contacts/{ada['id']}/preferences", wishes)
    await comes(visitor)
    await member(visitor, FIRST).click()
    about = person(visitor)
    await expect(about.get_by_role("heading", name=FIRST)).to_be_focused()
    for told in ("+1 *** *** 0106", "family rtx50", "23:00 to 07:00, it waits", "Imported with evidence", "form"):
        await expect(about).to_contain_text(told)
    await expect(about).to_contain_text("2 entries, each sealed with the one before: none is missing.")
    assert "2025550106" not in await visitor.page.content()
    assert visitor.page.url.endswith(f"&contact={ada['id']}")
    await visitor.page.go_back()
    await expect(about).to_have_count(0)


async def test_a_person_is_added_and_what_is_wrong_is_said_at_its_field(visitor: Visitor, town: ServiceRig):
    await comes(visitor)
    await visitor.button("Add a person").click()
    form = visitor.page.get_by_role("dialog", name="Add a person")
    await form.get_by_label("Name").fill("Hedy Lamarr")
    await form.get_by_label("Phone").fill("12")
    await form.get_by_label("Tags").fill("vip, nyc")
    await visitor.press("Enter")
    await expect(form.get_by_label("Phone")).to_be_focused()
    await expect(form.get_by_label("Phone")).to_have_attribute("aria-invalid", "true")
    await form.get_by_label("Phone").fill("+1 202 555 0107")
    await form.get_by_text("Their consent").click()
    await form.get_by_label("The words they said yes to").fill("Text me about restocks.")
    await visitor.button("Add").last.click()
    await expect(person(visitor).get_by_role("heading", name="Hedy Lamarr")).to_be_visible()
    await expect(person(visitor)).to_contain_text("Said yes, not confirmed yet")
    await expect(member(visitor, "Hedy Lamarr")).to_be_visible()
    assert (await known(town, "Hedy"))["tags"] == ["nyc", "vip"]


async def test_a_person_is_edited_and_no_change_of_others_is_lost(visitor: Visitor, town: ServiceRig):
    await comes(visitor)
    await member(visitor, FIRST).click()
    await visitor.button("Edit").click()
    form = visitor.page.get_by_role("dialog", name=f"Edit {FIRST}")
    await form.get_by_label("Tags").fill("vip")
    ada = await known(town, "Ada")
    await town.call("PATCH", f"/api/v1/contacts/{ada['id']}", {"locale": "fr"})
    await visitor.button("Save").click()
    await expect(form.get_by_role("alert")).to_be_visible()
    await visitor.press("Escape")
    await visitor.page.reload()
    await expect(person(visitor)).to_contain_text("fr")
    await visitor.button("Edit").click()
    await form.get_by_label("Tags").fill("vip")
    await visitor.button("Save").click()
    await expect(form).to_have_count(0)
    changed = await known(town, "Ada")
    assert (changed["tags"], changed["locale"]) == (["vip"], "fr")


async def test_an_address_is_left_alone_after_a_question(visitor: Visitor, town: ServiceRig):
    await comes(visitor)
    await member(visitor, "Alan Turing").click()
    await visitor.button("Leave alone +1 *** *** 0102").click()
    await visitor.page.get_by_role("dialog").get_by_role("button", name="Leave alone").click()
    await expect(person(visitor)).to_contain_text("Left alone: by an operator")
    await expect(person(visitor)).to_contain_text("Said no")
    (address,) = (await known(town, "Turing"))["addresses"]
    assert (address["state"], address["consent"]) == ("suppressed", "withdrawn")


async def test_a_phone_is_confirmed_by_the_code_that_is_read_out_and_then_tested(visitor: Visitor, town: ServiceRig):
    number = "+12025550109"
    await town.call("POST", "/api/v1/contacts", {"name": "Hedy Lamarr", "phones": [{"number": number}]}, 201)
    handset = town.sandbox.twilio.phone(number)
    await comes(visitor)
    await member(visitor, "Hedy Lamarr").click()
    await visitor.button("Confirm +1 *** *** 0109").click()
    dialog = visitor.page.get_by_role("dialog", name="Confirm +1 *** *** 0109")
    await dialog.get_by_role("button", name="Send a code by text").click()
    await expect(dialog.get_by_role("status")).to_contain_text("4 times more")
    await dialog.get_by_label("The code").fill("000000")
    await visitor.press("Enter")
    await expect(dialog.get_by_role("alert")).to_contain_text("not the code")
    await dialog.get_by_label("The code").fill(await handset.expect_code())
    await visitor.press("Enter")
    await expect(dialog).to_have_count(0)
    await visitor.button("Send a test +1 *** *** 0109").click()
    await expect(visitor.page.get_by_text("+1 *** *** 0109: sent")).to_be_visible()
    await handset.expect_sms("TEST")


async def test_what_a_person_wants_is_changed_and_kept_as_a_copy_and_what_the_form_does_not_show_stays(
    visitor: Visitor, town: ServiceRig
):
    ada = await known(town, "Ada")
    place = f"/api/v1/contacts/{ada['id']}/preferences"
    muted = {"mute": [{"match": {"products": ["rtx-5090-fe"]}, "why": "bought"}]}
    await town.call("PUT", place, muted | {"channels": {"push": {"sound": "siren"}}})
    await comes(visitor, f"&contact={ada['id']}")
    await visitor.button("Change preferences").click()
    form = visitor.page.get_by_role("dialog", name=f"What {FIRST} wants")
    await form.get_by_label("Families").fill("rtx50, console")
    await form.get_by_label("By texts, a day at most").fill("3")
    await form.get_by_label("By mail", exact=True).uncheck()
    await form.get_by_label("By one channel only").check()
    await form.get_by_label("In this order").fill("sms, push")
    await form.get_by_label("From").fill("23:00")
    await form.get_by_label("To", exact=True).fill("07:00")
    await form.get_by_label("Then an alert").select_option("silent")
    assert await visitor.barriers() == []
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_have_count(0)
    await expect(person(visitor)).to_contain_text("3 a day at most")
    assert await town.get(place) == muted | {
        "match": {"families": ["rtx50", "console"]},
        "channels": {"push": {"sound": "siren"}, "sms": {"per_day": 3}, "email": {"on": False}},
        "one_channel": True,
        "order": ["sms", "push"],
        "quiet": {"from": "23:00", "to": "07:00", "do": "silent"},
    }
    async with visitor.page.expect_download() as download:
        await visitor.button("Export").click()
    held = json.loads(await asyncio.to_thread(Path(await (await download.value).path()).read_text))
    assert "+12025550106" in json.dumps(held)


async def test_a_list_is_made_changed_and_forgotten_after_a_question(visitor: Visitor, town: ServiceRig):
    await comes(visitor, "&view=lists")
    await visitor.button("Add a list").click()
    form = visitor.page.get_by_role("dialog", name="Add a list")
    await form.get_by_label("Name").fill("night")
    await form.get_by_label("Everybody with the tag").fill("vip")
    await form.get_by_role("button", name="Save").click()
    row = visitor.page.get_by_role("listitem").filter(has_text="sms:night")
    await expect(row).to_contain_text("3 would be told now")
    await visitor.button("Edit sms:night").click()
    await visitor.page.get_by_label("At most of one alert").fill("2")
    await visitor.page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("2 of 3 would be told now")
    await visitor.button("Forget … sms:night").click()
    await visitor.page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    await expect(row).to_have_count(0)


async def test_a_person_is_erased_after_a_question_that_enter_does_not_answer(visitor: Visitor, town: ServiceRig):
    await comes(visitor)
    await member(visitor, FIRST).click()
    await visitor.button("Erase …").click()
    question = visitor.page.get_by_role("dialog", name=f"Erase {FIRST} for good?")
    await expect(question).to_contain_text("2 addresses")
    await expect(visitor.button("Keep")).to_be_focused()
    await visitor.press("Enter")
    await expect(question).to_have_count(0)
    assert await known(town, "Ada")
    await visitor.button("Erase …").click()
    await visitor.button("Erase for good").click()
    await expect(member(visitor, FIRST)).to_have_count(0)
    await expect(person(visitor)).to_have_count(0)
    assert (await town.get("/api/v1/contacts?q=Ada"))["contacts"] == []


async def test_a_file_is_looked_at_row_by_row_before_it_is_taken(visitor: Visitor, town: ServiceRig):
    await comes(visitor, "&view=import")
    await chooses(visitor, BROKEN)
    status = visitor.page.get_by_role("status").filter(has_text="It would be")
    await expect(status).to_have_text("It would be: 1 new, 2 wrong.")
    rows = visitor.page.get_by_role("listitem")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("Row 3")
    assert (await town.get("/api/v1/contacts?q=Hedy"))["contacts"] == []
    await visitor.button("Import 1 person").click()
    await expect(visitor.page.get_by_role("status").filter(has_text="Done")).to_have_text("Done: 1 new, 2 wrong.")
    assert await known(town, "Hedy")
    await chooses(visitor, BROKEN)
    await expect(visitor.button("Nothing to import")).to_be_disabled()


async def test_a_file_that_is_none_says_why(visitor: Visitor):
    await comes(visitor, "&view=import")
    await chooses(visitor, "\x00\x01")
    await expect(visitor.page.get_by_role("alert")).to_be_visible()
    await expect(visitor.page.get_by_role("button", name=re.compile("^Import \\d"))).to_have_count(0)


async def test_somebody_is_left_alone_by_number_and_only_an_admin_lifts_it(visitor: Visitor):
    await comes(visitor, "&view=suppressions")
    await expect(visitor.page.get_by_text("Nobody asked to be left alone.")).to_be_visible()
    await visitor.button("Leave somebody alone …").click()
    await visitor.page.get_by_label("A whole number or mailbox").fill("+1 202 555 0109")
    await visitor.page.get_by_label("Why; it is kept").fill("asked by mail")
    await visitor.press("Enter")
    row = visitor.page.get_by_role("listitem").filter(has_text="asked by mail")
    await expect(row).to_contain_text("+1 *** *** 0109")
    await expect(row.get_by_role("button")).to_have_count(0)
    await visitor.page.goto("about:blank")
    await visitor.open("?room=people&view=suppressions")
    await row.get_by_role("button", name="Lift").click()
    await visitor.page.get_by_label("Why; it is kept").fill("wrote again")
    await visitor.press("Enter")
    await expect(row).to_contain_text("by token:story: “wrote again”")


async def test_lists_say_how_many_they_would_tell_now_and_lead_to_them(visitor: Visitor, town: ServiceRig):
    await town.call("PUT", "/api/v1/lists/voice:vip", {"tag": "vip"}, 201)
    await comes(visitor, "&view=lists")
    rows = visitor.page.get_by_role("listitem")
    await expect(rows.filter(has_text="voice:vip")).to_contain_text("no channel tells it")
    await expect(rows.filter(has_text="sms:founders")).to_contain_text("1 would be told now")
    vip = rows.filter(has_text="sms:vip")
    await expect(vip).to_contain_text("3 would be told now")
    await vip.get_by_role("button", name="vip").click()
    await names(visitor, "Edsger Dijkstra", "Alan Turing", LAST)


async def test_an_alert_that_was_texted_tells_who_got_it_and_who_had_left(visitor: Visitor, town: ServiceRig):
    leaves(town, LEAVER)
    receipt = await town.report("RTX 5090", priority=10)
    await visitor.open(f"?alert={receipt.id}")
    await expect(visitor.button("sms:vip: 2 sent")).to_be_visible()
    await visitor.button("sms:vip: 1 refused").click()
    people = visitor.details.get_by_role("list", name="People of sms:vip")
    await expect(people).to_contain_text("+1 *** *** 0103")
    await visitor.page.reload()
    await expect(visitor.row("RTX 5090")).to_contain_text("sms 2 of 3 sent")
    await visitor.button("sms:vip: 1 refused").click()
    await people.get_by_role("button", name="Show").click()
    await expect(person(visitor)).to_contain_text("Left alone: the provider holds a block")


async def test_the_keyboard_is_enough_among_people(visitor: Visitor):
    await comes(visitor)
    await expect(visitor.page.locator("[data-person]")).to_have_count(6)
    await visitor.press("j", "j", "k", "j")
    await expect(member(visitor, "Barbara Liskov")).to_be_focused()
    await visitor.press("Enter")
    await expect(person(visitor).get_by_role("heading", name="Barbara Liskov")).to_be_focused()
    await visitor.press("Escape")
    await expect(member(visitor, "Barbara Liskov")).to_be_focused()
    await visitor.press("/")
    await visitor.page.keyboard.type("ada")
    await names(visitor, FIRST)


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_nothing_keeps_anybody_out_of_the_room(visitor: Visitor, town: ServiceRig, scheme: str):
    await visitor.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await town.call("POST", "/api/v1/suppressions", {"number": "+12025550109", "reason": "asked by mail"}, 201)
    await town.call("PUT", "/api/v1/lists/voice:vip", {"tag": "vip"}, 201)
    await comes(visitor)
    await member(visitor, FIRST).click()
    await expect(person(visitor).get_by_role("heading", name="Consent")).to_be_visible()
    assert await visitor.barriers() == []
    await visitor.button("Erase …").click()
    assert await visitor.barriers() == []
    await visitor.press("Escape")
    await visitor.button("Add a person").click()
    assert await visitor.barriers() == []
    await visitor.press("Escape")
    for view, shown in (("Lists", "sms:vip"), ("Left alone", "asked by mail")):
        await visitor.button(view).click()
        await expect(visitor.page.get_by_text(shown)).to_be_visible()
        assert await visitor.barriers() == []
    await visitor.button("Import").click()
    await chooses(visitor, BROKEN)
    await expect(visitor.button("Import 1 person")).to_be_visible()
    assert await visitor.barriers() == []


async def test_a_phone_scrolls_the_room_in_one_direction_only(chromium: Browser, town: ServiceRig):
    visitor = await Visitor.come(chromium, town, viewport=PHONE, has_touch=True)
    await town.call("POST", "/api/v1/contacts", {"name": "N" * 80, "tags": ["t" * 60]}, 201)
    await comes(visitor)
    await expect(member(visitor, "N" * 80)).to_be_visible()
    assert await visitor.no_wider_than_the_screen()
    await member(visitor, "N" * 80).click()
    await expect(person(visitor).get_by_role("heading", name="N" * 80)).to_be_visible()
    assert await visitor.no_wider_than_the_screen()
    await visitor.button("Close").click()
    await visitor.button("Import").click()
    await chooses(visitor, BROKEN)
    await expect(visitor.button("Import 1 person")).to_be_visible()
    assert await visitor.no_wider_than_the_screen()
    await visitor.leave()


async def test_an_alert_tells_of_a_list_by_counts_that_open_into_people(visitor: Visitor, town: ServiceRig):
    identifier = await an_alert_for(town, 5)
    await visitor.open(f"?alert={identifier}", token=MODERATOR)
    await expect(visitor.button("sms:vip: 3 wait")).to_be_visible()
    await expect(visitor.details).to_contain_text("12 more not told: more than the list may tell")
    people = visitor.details.get_by_role("list", name="People of sms:vip")
    await visitor.button("sms:vip: 1 refused").click()
    await expect(people.get_by_role("listitem")).to_have_count(1)
    await expect(people).to_contain_text("+1 *** *** 9001")
    await expect(people).to_contain_text("the provider refused it: no such number")
    await expect(people.get_by_role("button", name="Retry")).to_have_count(0)
    await visitor.button("sms:vip: 3 wait").click()
    await expect(people.get_by_role("listitem")).to_have_count(3)
    assert await visitor.barriers() == []
    await people.get_by_role("listitem").first.get_by_role("button", name="Show").click()
    await expect(person(visitor).get_by_role("heading", name="member 2")).to_be_visible()
    await visitor.page.go_back()
    await expect(visitor.details).to_be_visible()


async def an_alert_for(town: ServiceRig, many: int) -> str:
    """The first was told, the second refused, the others wait; twelve were too many."""
    crowd, queue = Crowd(town.alerts.ledger.people), town.alerts.ledger.queue
    slots = [(await crowd.telling(f"member {each}", phone(f"+1415555{9000 + each}")))[1].slot for each in range(many)]
    now = datetime.now(UTC)
    chosen = Chosen(now=audience_of(slots), left_out={LeftOut.MAX_RECIPIENTS: 12})
    plan = Plan(target=VIP, lane=LANE, due=now, expires_at=now + timedelta(hours=2), people=chosen, route="gpu")
    alert = Alert(id=new_id(now), type=AlertType.IN_STOCK, priority=9, sku="1", retailer="bestbuy", timestamp=now)
    await queue.append(Submission((Item(alert),)), lambda *_: Accepted(Reason.NEW, (plan,)))
    for outcome, why, detail in (
        (DeliveryState.SENT, None, ""),
        (DeliveryState.REFUSED, Why.REFUSED, "no such number"),
    ):
        claim = (await queue.claim(ClaimRequest(lane=LANE, pack=lambda *_: 1))).claim
        assert claim is not None
        ((delivery, _),) = claim.members
        move = Move(key=delivery.key, fence=delivery.fence, to=outcome, why=why, detail=detail)
        await queue.settle(Settlement(attempt=claim.key, outcome=outcome.value, moves=(move,)))
    return str(alert.id)
