"""One gateway for one test."""

from collections.abc import AsyncIterator

import pytest
from tests.gateway.station import Log, Station, running


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with running(Station(Log())) as started:
        yield started
