"""The page, wherever it is opened from: its sockets work there too."""

import socket
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Browser, expect
from tests.browser.visitor import Visitor
from tests.story.proxy import proxied
from tests.story.service_rig import TOKEN, ServiceRig

pytestmark = pytest.mark.asyncio(loop_scope="session")


def addresses_of_this_machine() -> list[str]:
    found = [each for addresses in psutil.net_if_addrs().values() for each in addresses]
    inner = [each.address for each in found if each.family is socket.AF_INET]
    return [*inner, "[::1]"] if any(each.address == "::1" for each in found) else inner


async def opens(visitor: Visitor, address: str) -> None:
    """The page stands, its stream is live, and an alert arrives."""
    await visitor.page.goto("about:blank")
    await visitor.page.goto(f"{address}#token={TOKEN}")
    await visitor.sees_state("live")
    await visitor.town.report(address)
    await expect(visitor.row(address)).to_be_visible()


async def test_it_is_opened_by_any_address_of_the_machine(chromium: Browser, tmp_path: Path):
    async with ServiceRig(tmp_path) as town:
        await town.open(server={"host": "::", "port": 0})
        visitor = await Visitor.come(chromium, town)
        hosts = ["localhost", "tocsin.localhost", *addresses_of_this_machine()]
        assert len(hosts) > len(["localhost", "tocsin.localhost", "127.0.0.1"]), "a machine with a network"
        for host in hosts:
            await opens(visitor, f"http://{host}:{town.alerts.front.port}/")
        await visitor.leave()


async def test_it_is_opened_behind_proxies_that_ask_under_another_host(chromium: Browser, tmp_path: Path):
    async with ServiceRig(tmp_path) as town, proxied(lambda: town.alerts.url, "/tocsin") as port:
        public = f"http://board.example:{port}/tocsin"
        await town.open(server={"port": 0, "public_url": public})
        visitor = await Visitor.come(chromium, town)
        for shown in (f"{public}/", f"http://localhost:{port}/tocsin/", f"http://127.0.0.1:{port}/tocsin/"):
            await opens(visitor, shown)
            assert await visitor.page.evaluate("[...document.images].every((image) => image.naturalWidth)")
        await visitor.page.get_by_role("link", name="Tocsin, all alerts").click()
        await visitor.sees_state("live")
        assert visitor.page.url == f"http://127.0.0.1:{port}/tocsin/"
        await visitor.leave()
