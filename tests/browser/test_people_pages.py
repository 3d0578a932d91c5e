"""The pages for people: on a phone, with scripts switched off, by keyboard, in the light and the dark."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from benchmarks.program import free_port
from playwright.async_api import Browser, Page, expect
from tests.browser.visitor import barriers
from tests.deadline import DEADLINE_S
from tests.story.proxy import proxied
from tests.story.service_rig import ServiceRig

from tocsin.access.passes import Purpose
from tocsin.core import link
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.ledger.contract.people import AddressDraft, ConsentDraft, ContactDraft, ContactRow
from tocsin.pipeline.people.mailbox import mailbox_of
from tocsin.pipeline.people.phone import phone_of
from tocsin.rules.consent import standing_after
from tocsin.sandbox.twilio.account import SENDER

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADA = "+14155550101"
SMALL = {"width": 390, "height": 844}
# A finger needs 44 px.
TOO_SMALL = """
[...document.querySelectorAll("button, .button, input:not([type=hidden]):not([type=checkbox]), select, .tick")]
  .filter(each => each.getBoundingClientRect().height < 44).map(each => each.outerHTML)
"""
LONG = 'Ada "The Long" <b>Lovelace</b> ' + "x" * 150


@pytest_asyncio.fixture(loop_scope="session")
async def club(tmp_path: Path) -> AsyncIterator[ServiceRig]:
    async with ServiceRig(tmp_path) as town:
        port = free_port()
        await founded(town, port=port, public_url=f"http://127.0.0.1:{port}")
        yield town


async def founded(town: ServiceRig, **server: Any) -> None:
    """A service that texts, and where anybody may sign up."""
    account = town.sandbox.twilio.account
    sms = {
        "enabled": True,
        "api_base": town.sandbox.url,
        "twilio_sid": account.sid,
        "twilio_auth": account.token,
        "from_number": SENDER,
        "verify_service": account.verify_service,
    }
    await town.open(
        server={"port": 0, **server},
        alerts={"channels": {"sms": sms}},
        people={"signup": True, "name": "Restock Club", "countries": ["US"]},
        products={
            "5090": {"skus": ["RTX-5090"], "family": "GeForce 50"},
            "PS5": {"skus": ["PS5"], "family": "PlayStation"},
        },
        retailers={"bestbuy": {"name": "Best Buy"}},
    )


@pytest_asyncio.fixture(loop_scope="session")
async def phone(chromium: Browser) -> AsyncIterator[Page]:
    """A small screen, and scripts switched off."""
    context = await chromium.new_context(viewport=SMALL, java_script_enabled=False, has_touch=True)
    page = await context.new_page()
    page.set_default_timeout(1000 * DEADLINE_S)
    yield page
    await context.close()


async def known(club: ServiceRig, name: str = "Ada") -> ContactRow:
    people = club.alerts.ledger.people
    values = (phone_of(ADA), mailbox_of("ada@example.com"))
    draft = ContactDraft(name=name, addresses=tuple(AddressDraft(value=value) for value in values))
    contact = await people.create(draft, "test", standing_after)
    confirmed = ConsentDraft(event=ConsentEvent.CONFIRMED, source=ConsentSource.API, author="test")
    for address in contact.addresses:
        await people.enter(contact.id, address.id, confirmed, standing_after)
    await people.prefer(contact.id, {"mute": [{"match": {"products": ["PS5"]}, "why": "bought"}]})
    return contact


def me(club: ServiceRig, contact: ContactRow) -> str:
    made = club.alerts.pipeline.passes.make(Purpose.PREFERENCES, contact.id.bytes, datetime.now(UTC))
    return f"{club.alerts.url}/me/{made}"


async def sign_up(page: Page, place: str) -> None:
    await page.goto(f"{place}/join")
    await page.get_by_label("Mobile number").fill("(415) 555-0101")
    await page.get_by_label("I agree that Restock Club sends me").check()
    await page.get_by_role("button", name="Sign up").click()
    await expect(page.get_by_role("heading", name="Look at your phone")).to_be_visible()


async def test_from_signing_up_to_the_first_text_to_leaving_and_back(phone: Page, club: ServiceRig):
    handset = club.sandbox.twilio.phone(ADA)
    await sign_up(phone, club.alerts.url)
    await club.report("Too early")
    await phone.get_by_label("Code from the text").fill(await handset.expect_code(DEADLINE_S))
    await phone.get_by_role("button", name="Finish").click()
    await expect(phone.get_by_role("status")).to_have_text("You are in. From now on you are told.")
    await expect(phone.get_by_text("+1 *** *** 0101")).to_be_visible()
    await club.report("RTX 5090")
    await handset.expect_sms("RTX 5090", DEADLINE_S)
    await phone.get_by_role("button", name="Stop everything").click()
    await expect(phone.get_by_role("status")).to_contain_text("Nothing is sent to you any more")
    await club.report("Silence")
    await phone.get_by_role("button", name="Start again +1 *** *** 0101").click()
    before = len(handset.texts)
    await phone.get_by_role("button", name="Send a code to +1 *** *** 0101").click()
    await expect(phone.get_by_text("A code is on its way")).to_be_visible()
    assert len(handset.texts) == before + 1
    await phone.get_by_label("Code from the text").fill(await handset.expect_code(DEADLINE_S))
    await phone.get_by_role("button", name="Tell me again").click()
    await expect(phone.get_by_role("status")).to_have_text("You are told there again.")
    await club.report("RTX 5080")
    await handset.expect_sms("RTX 5080", DEADLINE_S)
    assert not [text for text in handset.texts if "Too early" in text or "Silence" in text]


async def test_settings_are_changed_and_everything_is_erased(phone: Page, club: ServiceRig):
    handset = club.sandbox.twilio.phone(ADA)
    contact = await known(club)
    await phone.goto(me(club, contact))
    await phone.get_by_label("GeForce 50").check()
    await phone.get_by_label("From").fill("23:00")
    await phone.get_by_label("To", exact=True).fill("07:00")
    await phone.get_by_label("Your time zone").fill("America/Gotham")
    await phone.get_by_role("button", name="Save").click()
    await expect(phone.get_by_role("alert")).to_contain_text("There is no such time zone")
    await phone.get_by_label("GeForce 50").check()
    await phone.get_by_label("From").fill("23:00")
    await phone.get_by_label("To", exact=True).fill("07:00")
    await phone.get_by_label("Your time zone").fill("America/New_York")
    await phone.get_by_role("button", name="Save").click()
    await expect(phone.get_by_role("status")).to_have_text("Saved.")
    held = await club.alerts.ledger.people.contact(contact.id)
    assert held.preferences["match"] == {"families": ["GeForce 50"]}
    assert held.preferences["quiet"] == {"from": "23:00", "to": "07:00", "do": "hold"}
    await phone.get_by_role("button", name="Hear of it again: PS5").click()
    await expect(phone.get_by_text("Muted")).to_have_count(0)
    await phone.get_by_role("button", name="Erase everything").click()
    await phone.get_by_role("button", name="Send a code to").click()
    await phone.get_by_label("Code from the text").fill(await handset.expect_code(DEADLINE_S))
    await phone.get_by_role("button", name="Erase everything now").click()
    await expect(phone.get_by_role("heading", name="You are forgotten")).to_be_visible()


async def test_it_all_works_below_a_path_of_a_proxy(phone: Page, tmp_path: Path):
    async with ServiceRig(tmp_path) as town, proxied(lambda: town.alerts.url, "/tocsin") as port:
        public = f"http://board.example:{port}/tocsin"
        await founded(town, public_url=public, trusted_proxies=["127.0.0.1"])
        await sign_up(phone, public)
        code = await town.sandbox.twilio.phone(ADA).expect_code(DEADLINE_S)
        await phone.get_by_label("Code from the text").fill(code)
        await phone.get_by_role("button", name="Finish").click()
        await expect(phone.get_by_role("status")).to_have_text("You are in. From now on you are told.")
        assert phone.url.startswith(f"{public}/me/")
        await phone.get_by_role("button", name="Pause").click()
        await expect(phone.get_by_role("status")).to_have_text("Paused.")
        await phone.get_by_role("link", name="Sign it up").click()
        assert phone.url == f"{public}/join"
        ground = "rgb(245, 241, 232)"
        await expect(phone.locator("html")).to_have_css("background-color", ground)  # the style is found there, too


async def test_the_keyboard_is_enough(phone: Page, club: ServiceRig):
    await phone.goto(f"{club.alerts.url}/join")
    await phone.keyboard.press("Tab")
    await expect(phone.get_by_role("link", name="Skip to the content")).to_be_focused()
    await phone.keyboard.press("Enter")
    await phone.keyboard.press("Tab")
    await expect(phone.get_by_label("Mobile number")).to_be_focused()
    await phone.keyboard.type("call me")
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_role("alert")).to_contain_text("Tick the box")
    await expect(phone.get_by_label("Mobile number")).to_have_value("call me")
    await phone.get_by_role("alert").get_by_role("link", name="Tick the box").press("Enter")
    assert phone.url.endswith("#agree")
    await phone.get_by_label("Mobile number").fill("+1 415 555 0101")
    for _ in range(3):  # over the products
        await phone.keyboard.press("Tab")
    await expect(phone.get_by_label("I agree that")).to_be_focused()
    await phone.keyboard.press("Space")
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_label("Code from the text")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_keeps_anybody_out(chromium: Browser, club: ServiceRig, scheme: Literal["light", "dark"]):
    """Each page fits the screen, and shows nothing that axe finds wrong; scripts are on for axe alone."""
    contact = await known(club, LONG)
    metadata = {"previous_price": "100000000"}
    await club.report(LONG, sku="L", type="price_drop", price="99999999.99", variant="V" * 60, metadata=metadata)
    passes, secret = club.alerts.pipeline.passes, club.alerts.ledger.link_secret
    mailbox = contact.addresses[1]
    leaving = passes.make(Purpose.UNSUBSCRIBING, contact.id.bytes + mailbox.id.bytes, datetime.now(UTC))
    settings = me(club, contact)
    context = await chromium.new_context(viewport=SMALL, color_scheme=scheme, bypass_csp=True)
    page = await context.new_page()
    await sign_up(page, club.alerts.url)
    waiting = page.url
    for address in (
        f"{club.alerts.url}/join",
        waiting,
        settings,
        f"{settings}?done=saved",
        f"{settings}?what=erase",
        f"{settings}?what=erase&to={contact.addresses[0].id}",
        f"{club.alerts.url}/u/{leaving}",
        f"{club.alerts.url}/a/{link.encode(1, secret)}",
        f"{club.alerts.url}/me/nobody",
    ):
        await page.goto(address)
        assert await barriers(page) == [], address
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert await page.evaluate(TOO_SMALL) == [], address
    await page.goto(f"{club.alerts.url}/join")
    await page.get_by_role("button", name="Sign up").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await barriers(page) == []
    await context.close()
