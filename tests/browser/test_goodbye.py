"""What the page does when the service says goodbye: it comes back when it was asked to, or says why it may not."""

import asyncio
import json
import re

import pytest
from playwright.async_api import Page, WebSocketRoute, expect
from tests.browser.visitor import Visitor

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def between(page: Page) -> "asyncio.Queue[WebSocketRoute]":
    """The connections of the page, as somebody on the way could speak into them."""
    connections: asyncio.Queue[WebSocketRoute] = asyncio.Queue()

    def pass_on(connection: WebSocketRoute) -> None:
        server = connection.connect_to_server()
        connection.on_message(server.send)
        server.on_message(connection.send)
        connections.put_nowait(connection)

    await page.route_web_socket("**/socket.io/**", pass_on)
    return connections


async def say_goodbye(connection: WebSocketRoute, code: str, retry_after_s: float | None) -> None:
    told = {"code": code, "message": "this is goodbye", "retry_after_s": retry_after_s}
    connection.send("42" + json.dumps(["goodbye", told]))
    await connection.close(code=1012, reason="restart")


async def test_it_comes_back_when_it_was_asked_to(visitor: Visitor):
    connections = await between(visitor.page)
    await visitor.open()
    await say_goodbye(await connections.get(), "restart", 600)
    await visitor.sees_state("waiting")
    await expect(visitor.page.locator("[data-connection]")).to_contain_text(re.compile("Reconnecting in (600|5..) s"))


async def test_it_does_not_knock_again_where_it_is_of_no_use(visitor: Visitor):
    connections = await between(visitor.page)
    await visitor.open()
    await say_goodbye(await connections.get(), "token_revoked", None)
    await expect(visitor.page.get_by_text("this is goodbye")).to_be_visible()
