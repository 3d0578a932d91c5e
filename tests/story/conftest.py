from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.story.town import Town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as place:
        yield place
