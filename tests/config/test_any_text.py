"""Whatever a file says, it loads or it is refused with InvalidConfigError."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.config.scenes import ENVIRON, HERE

from tocsin.config.configuration import Config
from tocsin.config.policy import rulebook
from tocsin.config.reading.document import parse
from tocsin.config.reading.loading import load
from tocsin.config.report import check
from tocsin.config.schema import json_schema
from tocsin.config.shown import shown
from tocsin.core.errors import InvalidConfigError

KEYS = sorted({key for form in json_schema()["$defs"].values() for key in form.get("properties", {})})
WORDS = st.sampled_from(
    [*KEYS, *json_schema()["properties"], "discord:general", "${A}", "${file:x}", "10m", "5/2s", "*"]
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS | st.text()
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(), inner, max_size=4),
    max_leaves=12,
)
COMMUNITY: Mapping[str, Any] = parse((HERE / "community.json").read_text(), "community.json").value


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config") / "alerts.json"


def use(content: bytes, path: Path, environ: Mapping[str, str] = ENVIRON) -> Config | None:
    path.write_bytes(content)
    with suppress(InvalidConfigError):
        config = load(path, environ)
        assert rulebook(config)
        assert check(config)
        assert list(shown(config))
        return config
    return None


@given(content=st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=100, deadline=None)
def test_any_bytes_load_or_are_refused(content: bytes, path: Path):
    use(content, path)


@given(tree=JSON)
@settings(max_examples=150, deadline=None)
def test_any_json_loads_or_is_refused(tree: Any, path: Path):
    use(json.dumps(tree).encode("utf-8", "surrogatepass"), path)


def places(tree: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [at, *(place for step, value in members for place in places(value, (*at, step)))]


def replaced(tree: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[place[0]] = replaced(copy[place[0]], place[1:], value)
    return copy


@given(place=st.sampled_from(places(COMMUNITY)), value=SCALARS | st.just([]) | st.just({}) | st.just([{}]))
@settings(max_examples=250, deadline=None)
def test_a_good_file_with_any_one_value_changed_loads_or_is_refused(place: tuple[Any, ...], value: Any, path: Path):
    use(json.dumps(replaced(COMMUNITY, place, value)).encode("utf-8", "surrogatepass"), path)


@given(value=JSON)
@settings(max_examples=100, deadline=None)
def test_the_reader_agrees_with_the_standard_library(value: Any):
    text = json.dumps(value)
    with suppress(InvalidConfigError):
        assert parse(text, "a").value == json.loads(text)


@given(name=st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ_", max_size=30), value=st.text(min_size=1))
@settings(max_examples=100, deadline=None)
def test_any_variable_of_our_name_loads_or_is_refused(name: str, value: str, path: Path):
    use((HERE / "mission.json").read_bytes(), path, {**ENVIRON, f"TOCSIN_{name}": value})
