"""A link's code is short, and stands for a ledger key that nobody can guess a neighbour of."""

import hashlib
import hmac
import string
from collections.abc import Callable
from dataclasses import dataclass

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_VALUE = {digit: value for value, digit in enumerate(_DIGITS)}
_TAG_LENGTH = 5  # 62**5: a guessed code is right once in 900 million tries
_KEY_LENGTH = 11  # 62**11 is above every 63-bit key


@dataclass(frozen=True, slots=True)
class Codes:
    """What a delivery is called outside: in links, and where a provider calls back. `secret` is asked for whenever it
    is needed: it is the ledger's, which may not be open yet.
    """

    secret: Callable[[], bytes]

    def of(self, key: int) -> str:
        return encode(key, self.secret())

    def key_of(self, code: str) -> int | None:
        return decode(code, self.secret())


def encode(key: int, secret: bytes) -> str:
    """Write the key in base 62, with a tag that only the holder of `secret` can make. `key` is not negative."""
    number = _base62(key)
    return number + _tag(number, secret)


def decode(code: str, secret: bytes) -> int | None:
    """Read the key; None for a code that `encode` never gave out under this secret."""
    number, tag = code[:-_TAG_LENGTH], code[-_TAG_LENGTH:]
    if not (0 < len(number) <= _KEY_LENGTH and all(digit in _VALUE for digit in code)):
        return None
    if not hmac.compare_digest(tag, _tag(number, secret)):
        return None
    key = 0
    for digit in number:
        key = key * len(_DIGITS) + _VALUE[digit]
    return key


def _tag(number: str, secret: bytes) -> str:
    mac = hmac.digest(secret, number.encode(), hashlib.sha256)
    return _base62(int.from_bytes(mac[:8], "big")).rjust(_TAG_LENGTH, "0")[-_TAG_LENGTH:]


def _base62(number: int) -> str:
    digits = []
    while True:
        number, rest = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[rest])
        if not number:
            return "".join(reversed(digits))
