from datetime import UTC, datetime

import pytest


@pytest.fixture
def made_at() -> datetime:
    return datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
