from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.faults.village import Village


@pytest.fixture
async def village(tmp_path: Path) -> AsyncIterator[Village]:
    async with Village(tmp_path) as place:
        yield place
