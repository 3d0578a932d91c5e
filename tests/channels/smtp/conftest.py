from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tocsin.core.clock import ManualClock
from tocsin.sandbox import Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(ManualClock(datetime.now(UTC))) as sandbox:
        yield sandbox
