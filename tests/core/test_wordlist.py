import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.wordlist import text_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        (",a,,b,", ["", "a", "", "b", ""]),
        (r"RTX\,5090", ["RTX,5090"]),
        (r"a\,b,c", ["a,b", "c"]),
        (r"\,", [","]),
        (r"a\\,b", ["a\\", "b"]),
        (r"C:\new\table,\*", [r"C:\new\table", r"\*"]),
        ("a\nb,c", ["a\nb", "c"]),
    ],
)
def test_commas_separate_words_and_a_backslash_keeps_one_inside(text: str, words: list[str]):
    assert words_of(text) == words


@given(st.lists(st.text(st.sampled_from(",\\ab \n")) | st.text(), min_size=1))
def test_whatever_the_words_they_come_back(words: list[str]):
    assert words_of(text_of(words)) == words
