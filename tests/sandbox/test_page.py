"""The page and the JSON behind it."""

import asyncio

import aiohttp
import pytest
from playwright.async_api import Browser, expect
from tests.browser.visitor import barriers

from tocsin.core.clock import ManualClock
from tocsin.sandbox import Fault, Sandbox

from .conftest import USER_AGENT, Sender

HOSTILE = "<img src=x onerror=\"document.title='broken in'\"></script>"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/page.css",
        "/page.js",
        "/element.js",
        "/panels.js",
        "/discord.js",
        "/webhook.js",
        "/twilio.js",
        "/mail.js",
        "/sendgrid.js",
        "/firebase.js",
        "/firebase.json",
        "/journal",
        "/rooms",
        "/faults",
    ],
)
async def test_every_part_of_the_page_is_under_a_strict_policy(sandbox: Sandbox, sender: Sender, path: str) -> None:
    async with sender.http.get(sandbox.url + path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert response.status == 200
        assert len(await response.read()) > 10
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in policy


async def test_the_journal_is_read_from_where_one_left_off(sandbox: Sandbox, sender: Sender) -> None:
    for content in ("one", "two", "three"):
        await sender.post({"content": content})
    entries = (await sender.call("GET", f"{sandbox.url}/journal?after=1"))[1]["entries"]
    assert [(entry["number"], entry["body"]["content"]) for entry in entries] == [(2, "two"), (3, "three")]
    assert (await sender.call("GET", f"{sandbox.url}/journal?after=x"))[0] == 400


async def test_the_journal_can_be_waited_for(sandbox: Sandbox, sender: Sender) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(sender.call("GET", f"{sandbox.url}/journal?after=0&wait=5"))
        await sender.post({"content": "news"})
    assert [entry["body"]["content"] for entry in waiting.result()[1]["entries"]] == ["news"]


async def test_a_webhook_is_made_over_http(sandbox: Sandbox, sender: Sender) -> None:
    status, made, _ = await sender.call("POST", f"{sandbox.url}/webhooks", {"name": "general", "channel": "deals"})
    assert (status, made["url"]) == (200, sandbox.discord.webhook("general"))
    assert sandbox.discord.guild.webhook("general").channel.name == "deals"
    assert (await sender.call("POST", f"{sandbox.url}/webhooks", {"title": "general"}))[0] == 400
    assert (await sender.call("POST", f"{sandbox.url}/webhooks", {"name": "x", "channel": {}}))[0] == 400


async def test_a_webhook_is_killed_over_http(sandbox: Sandbox, sender: Sender) -> None:
    url = sandbox.discord.webhook("general")
    assert (await sender.call("DELETE", f"{sandbox.url}/webhooks/general"))[1]["rooms"][0]["dead"]
    assert (await sender.call("POST", url, {"content": "hello"}))[1]["code"] == 10015


async def test_an_order_that_is_not_said_to_be_json_is_not_read(sandbox: Sandbox, sender: Sender) -> None:
    body = b'{"provider": "discord", "fault": "hang"}'
    status, _, _ = await sender.call("POST", f"{sandbox.url}/faults", data=body, headers={"Content-Type": "text/plain"})
    assert (status, sandbox.faults.listed()) == (400, [])


async def test_a_message_appears_by_itself_drawn_and_harmless(chromium: Browser) -> None:
    async with aiohttp.ClientSession(headers=USER_AGENT) as http, Sandbox() as sandbox:
        sandbox.discord.webhook("general")
        page = await chromium.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(sandbox.url)
        await expect(page.locator("#link")).to_have_text("Live")
        embed = {"title": HOSTILE, "url": "https://example.org", "color": 0x23A55A, "description": "**now** ~~then~~"}
        mentioning = {"content": "@everyone", "allowed_mentions": {"parse": ["everyone"]}, "embeds": [embed]}
        await Sender(http, sandbox).post(mentioning)
        await expect(page.locator(".embed .title")).to_have_text(HOSTILE)
        await expect(page.locator(".message.ping .mention")).to_have_text("@everyone")
        await expect(page.locator(".embed .description s")).to_have_text("then")
        await expect(page.locator(".embed")).to_have_css("border-left-color", "rgb(35, 165, 90)")
        assert (await page.title(), complaints) == ("Tocsin sandbox", [])


async def test_a_message_says_in_which_thread_it_stands(chromium: Browser) -> None:
    async with aiohttp.ClientSession(headers=USER_AGENT) as http, Sandbox() as sandbox:
        sandbox.discord.webhook("general")
        thread = sandbox.discord.thread("general", HOSTILE)
        page = await chromium.new_page()
        await page.goto(sandbox.url)
        await Sender(http, sandbox).post({"content": "here"}, query=f"wait=true&thread_id={thread}")
        await expect(page.locator(".message .thread")).to_have_text(HOSTILE)


async def test_a_fault_is_ordered_on_the_page(chromium: Browser, clock: ManualClock) -> None:
    async with Sandbox(clock) as sandbox:
        page = await chromium.new_page()
        await page.goto(sandbox.url)
        await page.select_option("#fault", "reset")
        await page.fill("#value", "noon")
        await page.click("text=Add")
        await expect(page.locator("#refusal")).to_contain_text("at: ")
        await page.fill("#value", "mid_body")
        await page.click("text=Add")
        await expect(page.locator("#faults li")).to_have_text("reset mid_body, any webhook, 1 left")
        assert [line["fault"] for line in sandbox.faults.listed()] == ["reset mid_body"]


@pytest.mark.parametrize("width", [1280, 390])
async def test_nothing_keeps_anybody_out(chromium: Browser, width: int) -> None:
    """With everything on the page that it can show, as axe sees it."""
    async with aiohttp.ClientSession(headers=USER_AGENT) as http, Sandbox(limits=False) as sandbox:
        for name in ("general", "staff"):
            sandbox.discord.webhook(name)
        sandbox.webhook.hook("partner")
        sandbox.faults.next("discord", Fault.status(503), times=1)
        sender = Sender(http, sandbox)
        await sender.post({"content": "lost"})
        sandbox.faults.next("webhook", Fault.status(503), times=9)
        for number in range(30):
            await sender.post({"content": f"number {number}"})
        embed = {
            "title": "RTX 5090",
            "url": "https://example.org",
            "color": 0x23A55A,
            "description": "**now** ~~then~~ `code` [link](https://example.org) <t:1700000000:R> <@&1180000000000>",
            "author": {"name": "Best Buy", "url": "https://bestbuy.example"},
            "fields": [{"name": name, "value": "value", "inline": True} for name in ("Price", "Stock", "SKU")],
            "footer": {"text": "tocsin"},
            "timestamp": "2026-11-23T12:00:00Z",
        }
        await sender.post({"content": "@everyone", "allowed_mentions": {"parse": ["everyone"]}, "embeds": [embed]})
        page = await chromium.new_page(viewport={"width": width, "height": 800})
        await page.goto(sandbox.url)
        await expect(page.locator(".embed .title")).to_have_text("RTX 5090")
        assert await barriers(page) == []
        sandbox.discord.kill("staff")
        await sender.call("POST", sandbox.webhook.url("partner"), {})
        await sender.post({"content": "unread"}, "deals")
        await page.fill("#value", "noon")
        await page.click("text=Add")
        await expect(page.locator("#refusal")).to_contain_text("code: ")
        await expect(page.locator("button.dead")).to_be_visible()
        await expect(page.locator("nav .count")).to_have_text("1")
        await expect(page.locator("#hooks-card")).to_be_visible()
        assert await barriers(page) == []
        await page.select_option("#fault", "close_idle")
        await page.get_by_role("button", name="staff").click()
        await expect(page.locator("#title")).to_have_text("# staff")
        assert await barriers(page) == []
        await page.close()
