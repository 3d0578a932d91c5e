"""One service for all floods of a file, and a line for each in the report."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from tests.attack.siege import Endured, Siege

Endure = Callable[..., Any]


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    with Siege(tmp_path_factory.mktemp("siege")) as begun:
        yield begun


@pytest.fixture
def endure(record_property: Callable[[str, object], None]) -> Endure:
    """Endure a flood, with every probe answered and memory grown by at most so many MiB; tell of it in the report."""

    async def endured(siege: Siege, flood: Coroutine[Any, Any, None], *, grows: int = 100) -> Endured:
        seen = await siege.endure(flood)
        record_property("endured", str(seen))
        assert None not in seen.answers, f"a probe was not answered: {seen}"
        assert seen.grown < grows * 1024 * 1024, seen
        return seen

    return endured
