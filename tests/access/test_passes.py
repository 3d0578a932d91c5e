"""Passes: only what was given out opens anything, for its purpose, and for its time."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.access.passes import LIFE, LONGEST, Pass, Passes, Purpose

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PASSES = Passes(lambda: b"a secret of the ledger")
purposes = st.sampled_from(Purpose)
contents = st.binary(max_size=400)


@given(purposes, contents)
def test_what_was_given_out_is_read_for_its_purpose_alone(purpose: Purpose, content: bytes):
    made = PASSES.make(purpose, content, NOW)
    assert PASSES.read(purpose, made, NOW) == Pass(content)
    assert [PASSES.read(other, made, NOW) for other in Purpose if other is not purpose] == [None] * 3
    assert Passes(lambda: b"another ledger").read(purpose, made, NOW) is None


@given(purposes, contents, st.integers(0), st.integers(1, 255))
def test_one_changed_byte_makes_it_worthless(purpose: Purpose, content: bytes, place: int, change: int):
    sealed = bytearray(_bytes(PASSES.make(purpose, content, NOW)))
    sealed[place % len(sealed)] ^= change
    assert PASSES.read(purpose, urlsafe_b64encode(bytes(sealed)).decode().rstrip("="), NOW) is None


@given(st.text(max_size=LONGEST + 10))
def test_no_text_is_a_pass_by_itself(text: str):
    assert [PASSES.read(purpose, text, NOW) for purpose in Purpose] == [None] * 4


def test_each_lasts_as_long_as_it_is_said():
    for purpose, life in LIFE.items():
        made = PASSES.make(purpose, b"x", NOW)
        ends = NOW + (life or timedelta(days=36_500))
        assert PASSES.read(purpose, made, ends - timedelta(seconds=1)) == Pass(b"x")
        assert PASSES.read(purpose, made, ends) == Pass(b"x", expired=life is not None)


def test_it_does_not_show_what_is_in_it():
    assert b"+14155550101" not in _bytes(PASSES.make(Purpose.SIGN_UP, b"+14155550101", NOW))


def _bytes(made: str) -> bytes:
    return urlsafe_b64decode(made + "=" * (-len(made) % 4))
