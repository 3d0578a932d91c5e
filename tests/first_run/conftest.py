import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """On a disk, where installers link what they have, and copy nothing."""
    with tempfile.TemporaryDirectory(prefix="tocsin-first-run-", dir="/var/tmp") as folder:
        yield Path(folder)
