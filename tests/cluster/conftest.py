from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.cluster.pair import PARTNER, Pair


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """One for all tests of a module: to start it takes longer than most of them. Something was sent on every lane."""
    async with Pair(tmp_path_factory.mktemp("pair")) as made:
        await made.told(*[await made.report(made.nodes[0], retailer=at) for at in ("bestbuy", Pair.TEXTED)])
        for target in (PARTNER, "sms:crew"):
            await made.owner(target)
        yield made
