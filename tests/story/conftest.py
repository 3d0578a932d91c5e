from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.story.service_rig import ServiceRig


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[ServiceRig]:
    async with ServiceRig(tmp_path) as place:
        yield place
