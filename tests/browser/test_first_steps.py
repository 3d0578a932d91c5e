"""The empty page: commands that work as they are pasted, and buttons that do the same."""

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest
from playwright.async_api import expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import ServiceRig

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

READER = {"secret": "a-token-for-reading-0123456789", "scopes": ["read"]}


async def test_the_commands_of_the_empty_page_make_alerts_wherever_they_are_pasted(
    visitor: Visitor, town: ServiceRig, tmp_path: Path
):
    elsewhere = tmp_path / "some where"
    elsewhere.mkdir()
    await visitor.open()
    commands = visitor.page.locator("main code")
    await expect(commands).to_have_count(3)
    send, post, _ = await commands.all_inner_texts()
    for command in (send, post):
        assert await pasted(command, elsewhere) == 0
    await visitor.sees("PlayStation 5 Pro", "GeForce RTX 5090")


async def test_send_me_one_sends_a_test_to_every_channel_that_would_hear(visitor: Visitor, town: ServiceRig):
    await visitor.open()
    await visitor.button("Send me one").click()
    await visitor.sees("GeForce RTX 5090")
    await expect(visitor.row("GeForce RTX 5090")).to_contain_text("TEST")
    await town.room("high_priority").expect("TEST · GeForce RTX 5090")
    assert "@everyone" not in town.room("high_priority").messages[0].text
    assert await visitor.barriers() == []


async def test_show_me_a_demo_leads_to_a_page_where_alerts_arrive(visitor: Visitor, town: ServiceRig):
    await visitor.open()
    await visitor.button("Show me a demo").click()
    link = visitor.page.get_by_role("link", name="its live page")
    await expect(link).to_be_visible()
    assert await visitor.barriers() == []
    again = await town.call("POST", "/api/v1/first-steps/demo")
    assert await link.get_attribute("href") == again["dashboard"]
    async with visitor.page.context.expect_page() as opened:
        await link.click()
    demo = await opened.value
    await expect(demo.locator("[data-row]").first).to_be_visible()
    await demo.close()


async def test_who_may_only_read_is_offered_what_is_possible(visitor: Visitor, town: ServiceRig):
    await town.close()
    await town.open(tokens={"reader": READER})
    await visitor.open(token=READER["secret"])
    await expect(visitor.page.locator("main code")).to_have_count(1)
    await expect(visitor.page.locator("main code")).to_contain_text(f"curl {town.alerts.url}/api/v1/alerts")
    for name in ("Send me one", "Show me a demo"):
        await expect(visitor.button(name)).to_have_count(0)


async def pasted(command: str, folder: Path) -> int:
    """In a shell of somebody who has nothing of ours in the environment."""
    environment = {"PATH": os.defpath, "HOME": str(folder)}
    shell = await asyncio.create_subprocess_exec(
        "bash", "-c", command, cwd=folder, env=environment, stdin=DEVNULL, stdout=PIPE
    )
    said, _ = await shell.communicate()
    assert b"accepted" in said
    return shell.returncode or 0
