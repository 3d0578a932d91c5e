import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.faults.fault_rig import FaultRig

from tocsin.telemetry import JsonLines


@pytest.fixture
async def village(tmp_path: Path, log: io.StringIO) -> AsyncIterator[FaultRig]:
    """Whatever goes wrong there, no secret gets into a log, a fact or a metric."""
    async with FaultRig(tmp_path) as place:
        yield place
        said = [log.getvalue(), repr(place.facts), *place.logged, *place.figures]
    leaked = [secret for secret in place.secrets if any(secret in text for text in said)]
    assert place.secrets
    assert not leaked


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that this process logs, down to the last detail, as the service would write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(lambda record: not record.name.startswith("aiohttp.access"))  # the sandbox's own visitors
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)
