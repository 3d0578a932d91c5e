"""A sandbox on a clock that stands still, and the way to its devices. One key for all: drawing one takes its time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from tests.channels.firebase.scenes import account_of, way
from tests.channels.scenes import NOW

from tocsin.channels.firebase.way import FirebaseWay
from tocsin.channels.transport import Transport
from tocsin.core.clock import ManualClock
from tocsin.sandbox import Sandbox


@pytest.fixture(scope="session")
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def sandbox(clock: ManualClock, key: RSAPrivateKey) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock) as sandbox:
        sandbox.firebase.project.key = key
        yield sandbox


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport() as transport:
        yield transport


@pytest.fixture
def firebase(sandbox: Sandbox, transport: Transport, clock: ManualClock, tmp_path: Path) -> FirebaseWay:
    return way(account_of(sandbox, tmp_path), transport, clock, api_base=sandbox.url)
