from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from tests.browser.visitor import Visitor, browser
from tests.story.service_rig import ServiceRig

from tocsin.web.page import BUILT


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    assert (BUILT / "index.html").is_file(), "the page is not built: `make page` builds it"


@pytest_asyncio.fixture(loop_scope="session")
async def town(tmp_path: Path) -> AsyncIterator[ServiceRig]:
    async with ServiceRig(tmp_path) as place:
        await place.open(alerts={"filters": {"min_price_drop_percent": 10}})
        yield place


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(chromium: Browser, town: ServiceRig) -> AsyncIterator[Visitor]:
    """At a desk, the page not yet open; leaves content."""
    somebody = await Visitor.come(chromium, town)
    yield somebody
    await somebody.leave()
