"""A shell in a fresh folder, and a service to talk to."""

from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from tests.cli.program import Serving
from typer.testing import CliRunner

from tocsin.cli import app

Run = Callable[..., Any]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Run]:
    """Type a command in a fresh folder: what it said, and its exit code. By itself it would find no service."""
    alone = {"TOCSIN_SERVER__PORT": "1", "TOCSIN_URL": None, "TOCSIN_TOKEN": None}
    runner = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "1000", "TERM": "dumb", **alone})
    with chdir(tmp_path):
        yield lambda *words, piped=None, **environ: runner.invoke(app, words, input=piped, env=environ)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("service")
    with Serving(folder, "--port", "0") as serving:
        yield serving
        assert serving.stop() == 0


@pytest.fixture
def at(service: Serving, shell: Run) -> Run:
    """The same shell, pointed at a running service by its environment."""
    return lambda *words, **more: shell(*words, TOCSIN_URL=service.url, TOCSIN_TOKEN=service.token, **more)
