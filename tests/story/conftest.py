from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.story.hasty_clock import HastyClock
from tests.story.service_rig import ServiceRig

from tocsin.core.clock import ManualClock


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[ServiceRig]:
    async with ServiceRig(tmp_path) as place:
        yield place


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[ServiceRig]:
    """A town in which time flies: for stories in which it has to pass, and whose end alone counts."""
    async with ServiceRig(tmp_path, HastyClock(datetime.now(UTC))) as place:
        yield place


@pytest.fixture
def clock(town: ServiceRig) -> ManualClock:
    """For the service, time stands still until it is moved."""
    town.clock = clock = ManualClock(datetime.now(UTC))
    return clock
