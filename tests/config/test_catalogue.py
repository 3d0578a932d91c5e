"""What every line of the catalogue promises to those who ask it."""

from typing import Any

import pytest

from tocsin.catalogue import CATALOGUE
from tocsin.channels.settings import ChannelSettings
from tocsin.channels.spec import Spec

EVERY = pytest.mark.parametrize("spec", CATALOGUE.values(), ids=CATALOGUE.keys())


def keys(spec: Spec[Any]) -> set[str]:
    return {field.alias or name for name, field in spec.settings.model_fields.items()}


@EVERY
def test_its_names_stand_in_blocks_of_names_that_its_settings_have(spec: Spec[Any]):
    assert spec.named_in
    empty = spec.settings()
    assert all(getattr(empty, key) == {} for key in spec.named_in)
    assert spec.names(empty) == ()
    assert [place.name for place in spec.targets(empty)] == list(spec.given)


@EVERY
def test_what_it_needs_and_uses_are_keys_of_its_settings(spec: Spec[Any]):
    assert set(spec.settings.needs) <= keys(spec)
    assert spec.uses <= {"join", "templates"} & set(ChannelSettings.model_fields)


@EVERY
def test_it_has_words_for_people(spec: Spec[Any]):
    assert (spec.title, spec.meaning[-1]) == (spec.title.strip(), ".")
    assert spec.title


@EVERY
@pytest.mark.parametrize("written", [{}, {"enabled": True}, *({key: value} for key in
    ("webhooks", "endpoints", "lists", "channels", "chats", "urls", "api_base", "templates")
    for value in (None, 5, "x", [], ["x"], {"a": None}, {"a": 5}, {"a": []}, {"a": {}}, {"a": {"url": 5}}))],
    ids=repr)  # fmt: skip
def test_it_judges_whatever_stands_in_a_file(spec: Spec[Any], written: dict[str, Any]):
    """Its block is judged before anybody has looked at types: what is of a wrong one is told of elsewhere."""
    for path, problem in spec.problems(written):
        assert path
        assert problem
