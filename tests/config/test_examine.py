"""A file that somebody shows is judged by itself: nothing outside is read for it, and none of that is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tocsin.config.reading.loading import examine
from tocsin.core.errors import InvalidConfigError

HOOK = "https://discord.com/api/webhooks/1/abc"


def shown(tmp_path: Path, **tree: Any) -> Any:
    return examine(json.dumps(tree).encode(), "the file", tmp_path)


def problems(tmp_path: Path, content: bytes) -> list[tuple[str, str]]:
    with pytest.raises(InvalidConfigError) as refused:
        examine(content, "the file", tmp_path)
    return [(detail.path, detail.message) for detail in refused.value.details]


def test_what_the_file_says_counts(tmp_path: Path):
    assert shown(tmp_path, server={"port": 9000}).settings.server.port == 9000


@pytest.mark.parametrize("reference", ["${SECRET}", "${file:secret.txt}", "${file:/etc/hostname}"])
@pytest.mark.parametrize("where", ["port", "webhook"])
def test_nothing_outside_is_read_and_what_is_left_to_it_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str, where: str
):
    monkeypatch.setenv("SECRET", "hidden-word")
    (tmp_path / "secret.txt").write_text("hidden-word")
    (tmp_path / ".env").write_text("SECRET=hidden-word")
    tree: dict[str, Any] = {"env_file": ".env", "server": {"port": reference}}
    if where == "webhook":
        tree = {"alerts": {"channels": {"discord": {"enabled": True, "webhooks": {"general": reference}}}}}
    config = shown(tmp_path, **tree)
    assert config.private_files == ()
    assert "hidden-word" not in repr(config.settings)


def test_a_default_that_the_file_names_is_judged(tmp_path: Path):
    assert shown(tmp_path, server={"port": "${PORT:-9001}"}).settings.server.port == 9001
    content = json.dumps({"server": {"port": "${PORT:-many}"}}).encode()
    assert [path for path, _ in problems(tmp_path, content)] == ["server.port"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "the file"),
        (b"\xff{}", "UTF-8"),
        (b"[]", "one object"),
        (b'{"roots": []}', "routes"),
        (b'{"server": {"port": "${OPEN"}}', "not closed"),
        (b'{"server": {"port": 1, "port": 2}}', "port"),
    ],
)
def test_every_problem_has_words(tmp_path: Path, content: bytes, told: str):
    with pytest.raises(InvalidConfigError) as refused:
        examine(content, "the file", tmp_path)
    assert told in refused.value.message
