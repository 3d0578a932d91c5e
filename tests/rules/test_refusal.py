import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rules.refusal import LATEST, LEAST_REFUSED, MEMORY, WINDOW, Sign, is_refused, recent


def signs(told: str) -> list[Sign]:
    """`x` is refused, `.` is taken; a second between them."""
    return [Sign(float(at), sign == "x") for at, sign in enumerate(told)]


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        ("", False),
        ("xxxx", False),
        ("xxxxx", True),
        ("x.x.x.x.x", True),
        ("x.x.x.x.x.", False),
        ("." * 40 + "xxxxx", False),
        (".....xxxxxx", True),
    ],
)
def test_five_and_most_of_those_remembered_are_needed(told: str, refused: bool):  # noqa: FBT001 - a column of the table
    assert is_refused(signs(told), before=False) is refused


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        ("xxxxx", True),
        ("xxxxx.", True),
        ("xxxxx..", True),
        ("xxxxx...", False),
        ("xxxxx.xx.x", True),
        ("xxxxx..x..", False),
        ("...", False),
        ("", True),
    ],
)
def test_once_refused_the_last_five_say_whether_it_lasts(told: str, refused: bool):  # noqa: FBT001 - a column of the table
    assert is_refused(signs(told), before=True) is refused


def test_what_is_long_ago_and_what_is_too_much_is_not_remembered():
    day = WINDOW.total_seconds()
    assert recent(signs("xx"), day + 1) == signs("xx")[1:]
    assert len(recent(signs("x" * 2 * MEMORY), 0)) == MEMORY


@given(st.text(alphabet="x.", max_size=2 * MEMORY))
def test_who_is_taken_again_is_not_refused_any_more_and_who_is_refused_again_is_once_more(history: str):
    assert not is_refused(signs(history + "." * LATEST), before=True)
    assert is_refused(signs(history + "x" * (MEMORY // 2 + LEAST_REFUSED))[-MEMORY:], before=False)
