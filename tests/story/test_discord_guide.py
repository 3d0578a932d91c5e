"""The guide for community owners: what it shows is taken as it stands."""

import re
from pathlib import Path

import pytest

from tocsin.config import load, rulebook
from tocsin.wiring import judge

GUIDE = (Path(__file__).parents[2] / "docs/how-to/discord.md").read_text()
HOOK = "https://discord.com/api/webhooks/118000000000000000{}/" + "x" * 60


@pytest.mark.parametrize("text", re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL))
def test_a_file_of_the_guide_is_taken(text: str, tmp_path: Path):
    (tmp_path / "in_stock.txt").write_text(re.findall(r"```\n(\{% block .*?)```", GUIDE, re.DOTALL)[0])
    (tmp_path / "alerts.json").write_text(text)
    names = sorted(set(re.findall(r"\$\{(\w+)\}", text)))
    config = load(tmp_path / "alerts.json", {name: HOOK.format(number) for number, name in enumerate(names)})
    judge(config)
    assert rulebook(config).routing.routes


def test_the_guide_names_doors_that_are_there():
    reference = (Path(__file__).parents[2] / "docs/reference/http.md").read_text()
    for path in re.findall(r"/api/v1/[a-z/_]+", GUIDE):
        assert path.partition("/discord")[0] in reference
