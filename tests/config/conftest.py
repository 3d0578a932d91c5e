"""A way to load a file that a test writes down."""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.config.scenes import ENVIRON

from tocsin.config.configuration import Config
from tocsin.config.reading.loading import load

Loader = Callable[..., Config]


@pytest.fixture
def loaded(tmp_path: Path) -> Loader:
    """Write this text to `alerts.json` and load it."""

    def write_and_load(
        text: str | bytes, environ: Mapping[str, str] = ENVIRON, overrides: Mapping[str, str] | None = None
    ) -> Config:
        path = tmp_path / "alerts.json"
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        return load(path, environ, overrides or {})

    return write_and_load
