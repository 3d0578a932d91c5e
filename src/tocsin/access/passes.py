"""Passes: what is in the links that people are given. Who holds one may do what it is for, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tocsin.core.base64url import decoded, encoded
from tocsin.core.clock import epoch_micros

LONGEST = 1024  # characters of one
_TIME = 5  # bytes of the second in which it ends; 0: never
_NEVER = bytes(_TIME)


class Purpose(StrEnum):
    SIGN_UP = "sign up"  # for the sign-up that was begun; 30 minutes
    CONFIRMATION = "confirmation"  # for a mailbox: it is theirs
    PREFERENCES = "preferences"  # for a contact; 30 days
    UNSUBSCRIBING = "unsubscribing"  # for an address; for ever


LIFE = {
    Purpose.SIGN_UP: timedelta(minutes=30),
    Purpose.CONFIRMATION: timedelta(days=3),
    Purpose.PREFERENCES: timedelta(days=30),
    Purpose.UNSUBSCRIBING: None,
}


@dataclass(frozen=True, slots=True)
class Pass:
    """`content` is what it was made for: the id of a contact or of an address, or what a person has written."""

    content: bytes
    expired: bool = False


class Passes:
    """A pass is sealed (AES-SIV, RFC 5297): it tells nothing, not even whether it stands for somebody who was known.

    `secret` is asked for when it is needed: it is the ledger's, which may not be open yet.
    """

    def __init__(self, secret: Callable[[], bytes]) -> None:
        self._secret = secret

    def make(self, purpose: Purpose, content: bytes, now: datetime) -> str:
        life = LIFE[purpose]
        ends = _NEVER if life is None else _second(now + life).to_bytes(_TIME, "big")
        sealed = self._cipher.encrypt(ends + content, [purpose.encode()])
        return encoded(sealed)

    def read(self, purpose: Purpose, text: str, now: datetime) -> Pass | None:
        """None for what `make` never gave out for this purpose."""
        if len(text) > LONGEST or not text.isascii():
            return None
        try:
            opened = self._cipher.decrypt(decoded(text), [purpose.encode()])
        except (ValueError, InvalidTag):
            return None
        ends, content = opened[:_TIME], opened[_TIME:]
        return Pass(content, expired=ends != _NEVER and int.from_bytes(ends, "big") <= _second(now))

    @cached_property
    def _cipher(self) -> AESSIV:
        derived = HKDF(algorithm=SHA256(), length=64, salt=None, info=b"tocsin passes").derive(self._secret())
        return AESSIV(derived)


def _second(moment: datetime) -> int:
    return epoch_micros(moment) // 1_000_000
