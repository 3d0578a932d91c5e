"""A sandbox on a clock that stands still."""

from collections.abc import AsyncIterator

import pytest
from tests.channels.scenes import NOW

from tocsin.core.clock import ManualClock
from tocsin.sandbox import Sandbox


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def sandbox(clock: ManualClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock) as sandbox:
        yield sandbox
