"""The code of a short link: short, and nobody guesses another one."""

import string

from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.link import decode, encode

SECRET = b"the ledger's own, drawn when it was made"
LONGEST = 17  # characters that every affiliate network gives back
keys = st.integers(0, 2**63 - 1)


@given(keys)
def test_a_code_is_short_has_letters_and_digits_and_leads_back(key: int):
    code = encode(key, SECRET)
    assert len(code) <= LONGEST
    assert set(code) <= set(string.ascii_letters + string.digits)
    assert decode(code, SECRET) == key
    assert decode(code, b"another installation") is None


@given(keys, st.integers(0, 16), st.sampled_from(string.ascii_letters + string.digits + "-_/ "))
def test_a_changed_code_is_none(key: int, place: int, letter: str):
    code = encode(key, SECRET)
    changed = code[: place % len(code)] + letter + code[place % len(code) + 1 :]
    assert decode(changed, SECRET) == (key if changed == code else None)


def test_codes_that_were_given_out_keep_working():
    assert decode("1c7oibW", SECRET) == 100
