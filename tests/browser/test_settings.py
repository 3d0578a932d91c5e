"""The room of settings: what is in force and where each value came from, and a file is checked by showing it."""

import json
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import TOKEN, ServiceRig

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

READER: dict[str, Any] = {"secret": "a-token-for-reading-0123456789", "scopes": ["read"]}


async def show(visitor: Visitor, tree: Any) -> None:
    file = {"name": "mine.json", "mimeType": "application/json", "buffer": json.dumps(tree).encode()}
    await visitor.page.get_by_label("A configuration file").set_input_files(file)


async def test_it_says_what_is_in_force_judges_a_file_and_reloads(visitor: Visitor, town: ServiceRig):
    await visitor.open()
    room = await visitor.enter("Settings")
    await expect(room.get_by_label("discord", exact=False).first).to_be_visible()
    await expect(room).not_to_contain_text(TOKEN)
    await visitor.press("/")
    await visitor.page.keyboard.type("min_price_drop")
    await expect(room).to_contain_text("filters.min_price_drop_percent")
    await expect(room).not_to_contain_text("server.port")
    assert await visitor.barriers() == []
    await show(visitor, {"roots": []})
    await expect(room).to_contain_text("mine.json: 1 problem")
    await expect(room).to_contain_text("routes")
    await show(visitor, {"mode": "shadow"})
    await expect(room).to_contain_text("mine.json is right")
    await expect(room).to_contain_text("nothing is sent")
    assert await visitor.barriers() == []
    town.write(alerts={"filters": {"min_price_drop_percent": 33}})
    await visitor.button("Reload the file").click()
    await expect(room).to_contain_text("33")
    town.write(discord={"rate_limit": "many"})
    await visitor.button("Reload the file").click()
    await expect(room).to_contain_text("rate_limit")


async def test_who_is_no_administrator_sees_no_such_room(visitor: Visitor, town: ServiceRig):
    await town.close()
    await town.open(tokens={"reader": READER})
    await visitor.open(token=READER["secret"])
    await expect(visitor.door("Channels")).to_be_visible()
    await expect(visitor.door("Settings")).to_have_count(0)
    await visitor.page.goto("about:blank")
    await visitor.open("?room=settings", token=READER["secret"])
    await expect(visitor.page.get_by_role("alert")).to_contain_text("the scope admin")


async def test_a_token_is_made_shown_once_and_revoked(chromium: Browser, visitor: Visitor, town: ServiceRig):
    await visitor.open()
    await visitor.enter("Settings")
    room = visitor.page.get_by_role("region", name="Tokens", exact=True)
    await room.get_by_label("Name").fill("night watch")
    await room.get_by_label("Ends").select_option("never")
    await room.get_by_role("button", name="Make a token").click()
    link = await room.get_by_text("#token=").inner_text()
    assert await visitor.barriers() == []
    await room.get_by_role("button", name="It is kept").click()
    await expect(room).not_to_contain_text("#token=")
    row = room.get_by_role("listitem").filter(has_text="night watch")
    await expect(row).to_contain_text("read")
    guest = await Visitor.come(chromium, town)
    await guest.page.goto(link)
    await guest.sees_state("live")
    await row.get_by_role("button", name="Revoke").click()
    await row.get_by_role("button", name="Revoke for good").click()
    await expect(row).to_have_count(0)
    await expect(guest.page.get_by_label("Link or token")).to_be_visible()
    await guest.leave()
