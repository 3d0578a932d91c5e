from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from tests.browser.visitor import Visitor, browser
from tests.story.service_rig import ServiceRig

from tocsin.core.clock import ManualClock
from tocsin.web.page import BUILT

ALERTS = {"filters": {"min_price_drop_percent": 10}}


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    assert (BUILT / "index.html").is_file(), "the page is not built: `make page` builds it"


@pytest_asyncio.fixture(loop_scope="session")
async def town(tmp_path: Path) -> AsyncIterator[ServiceRig]:
    async with ServiceRig(tmp_path) as place:
        await place.open(alerts=ALERTS)
        yield place


@pytest_asyncio.fixture(loop_scope="session")
async def clock(town: ServiceRig) -> ManualClock:
    """For the service, time stands still until it is moved; it goes on in the browser."""
    await town.close()
    town.clock = clock = ManualClock(datetime.now(UTC))
    await town.open(alerts=ALERTS)
    return clock


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
