"""Turns at the interpreter are short as long as somebody works something out, and as long as ever after that."""

import sys

import pytest

from tocsin.core.turns import TURN_S, short_turns


def test_turns_are_short_until_the_last_one_has_ended() -> None:
    usual = sys.getswitchinterval()
    assert usual > TURN_S
    with short_turns():
        with short_turns():
            assert sys.getswitchinterval() == pytest.approx(TURN_S)
        assert sys.getswitchinterval() == pytest.approx(TURN_S)
    assert sys.getswitchinterval() == usual


def test_turns_are_as_long_as_ever_after_an_error() -> None:
    usual = sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError), short_turns():
        _ = 1 / 0
    assert sys.getswitchinterval() == usual
