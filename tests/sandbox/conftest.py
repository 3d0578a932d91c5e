"""A sandbox on a clock that stands still, and somebody who posts to it."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, async_playwright

from tocsin.core.clock import ManualClock
from tocsin.sandbox import Sandbox

USER_AGENT = {"User-Agent": "DiscordBot (https://example.org, 1.0)"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
async def sandbox(clock: ManualClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock) as sandbox:
        yield sandbox


class Sender:
    def __init__(self, http: aiohttp.ClientSession, sandbox: Sandbox) -> None:
        self.http = http
        self.sandbox = sandbox

    async def call(self, method: str, url: str, json: Any = None, **more: Any) -> tuple[int, Any, Any]:
        """Status, JSON (None where there is none) and headers."""
        async with self.http.request(method, url, json=json, **more) as response:
            body = await response.json() if response.content_type == "application/json" else None
            return response.status, body, response.headers

    async def post(self, json: Any, name: str = "general", query: str = "wait=true") -> tuple[int, Any, Any]:
        return await self.call("POST", f"{self.sandbox.discord.webhook(name)}?{query}", json)


@pytest.fixture
async def sender(sandbox: Sandbox) -> AsyncIterator[Sender]:
    async with aiohttp.ClientSession(headers=USER_AGENT) as http:
        yield Sender(http, sandbox)


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program is not None, "no Chromium: `make setup` installs one"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-quic"])
        yield browser
        await browser.close()
