"""The one spelling of what programs compare."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.spelling import shown, spelled


@pytest.mark.parametrize(
    ("said", "spelling"),
    [
        ("6634940", "6634940"),
        (" 14-932-101\r\n", "14-932-101"),
        ("\ufeffA1\u200b", "A1"),
        ("66\u200b34\u00ad940", "6634940"),
        ("a1\u202e", "a1"),
        ("Space \t\u00a0\u3000 Grey", "Space Grey"),
        ("Poke\u0301mon", "Pokémon"),
        ("A1", "A1"),
        ("a1", "a1"),
        ("", ""),
    ],
)
def test_what_looks_the_same_is_spelled_the_same(said: str, spelling: str):
    assert spelled(said) == spelling


@given(st.text())
def test_spelling_what_is_spelled_changes_nothing(text: str):
    once = spelled(text)
    assert spelled(once) == once == once.strip()
    assert spelled(unicodedata.normalize("NFD", text)) == once


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"])))
def test_nothing_that_can_be_seen_is_taken_from_ascii(text: str):
    assert spelled(text) == text


@given(st.text(st.characters()))
def test_any_word_can_be_shown(word: str):
    assert len(shown(word).encode()) <= 256
