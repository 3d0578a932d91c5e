"""The page about the configuration and the schema for editors are held to the settings."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.config.scenes import HERE

from tocsin.channels.settings import ChannelSettings
from tocsin.config.reading.document import parse
from tocsin.config.schema import fields, json_schema
from tocsin.config.settings.channels import Channels

PAGE = Path(__file__).parents[2] / "docs/reference/configuration.md"
CONDITIONS = re.compile(r".*\.(match|except)\.")
CHANNEL = re.compile(
    rf"alerts\.channels\.({'|'.join(Channels.model_fields)})\.({'|'.join(ChannelSettings.model_fields)})$"
)


def told_rows() -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    assert len({path for path, _, _ in rows}) == len(rows), "a key stands twice on the page"
    return {path: (default, meaning) for path, default, meaning in rows}


def coded_rows() -> Iterator[tuple[str, tuple[str, str]]]:
    """What channels share stands once on the page, as does what SMS and calls share, and the conditions."""
    for path, field in fields():
        name = CHANNEL.sub(r"alerts.channels.CHANNEL.\2", ".".join(path))
        name = CONDITIONS.sub("match.", name.replace("channels.voice.", "channels.sms."))
        if "properties" not in field.form:
            yield name, (default(field), field.meaning)


def default(field: Any) -> str:
    return "needed" if field.needed else f"`{json.dumps(field.default, ensure_ascii=False)}`"


def test_every_key_stands_on_the_page_with_its_default_and_its_meaning():
    coded, told = dict(coded_rows()), told_rows()
    assert sorted(told) == sorted(coded)
    assert {path: row for path, row in coded.items() if told[path] != row} == {}


@pytest.mark.parametrize("name", ["mission.json", "community.json"])
def test_the_schema_takes_good_files(name: str):
    value = parse((HERE / name).read_text(), name).value
    jsonschema.Draft202012Validator(json_schema()).validate(value)


@pytest.mark.parametrize(
    "value",
    [
        {"sevrer": {}},
        {"server": {"port": "x"}},
        {"server": {"port": 70000}},
        {"mode": "shade"},
        {"routes": [{"to": []}]},
        {"routes": [{"match": {"types": ["sold"]}, "to": []}]},
        {"alerts": {"channels": {"discord": {"webhooks": {"a": {"ulr": "x"}}}}}},
    ],
)
def test_the_schema_refuses_bad_files(value: Mapping[str, Any]):
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(value)


def test_the_schema_is_a_schema_and_takes_references_for_numbers_and_words():
    jsonschema.Draft202012Validator.check_schema(json_schema())
    value = {
        "server": {"port": "${PORT:-8765}"},
        "mode": "${MODE}",
        "alerts": {"channels": {"push": {"enabled": "${P}"}}},
    }
    jsonschema.Draft202012Validator(json_schema()).validate(value)


def test_the_schema_can_be_written_as_json():
    assert json.loads(json.dumps(json_schema()))["title"] == "Tocsin configuration"
