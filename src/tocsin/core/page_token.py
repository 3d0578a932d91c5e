"""A token in the address of a page for people is signed, for one purpose and about one thing, and may expire."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tocsin.core.clock import EPOCH

_ID, _TIME, _TAG = 16, 8, 16  # bytes
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class PageTokens:
    """`secret` is asked for whenever it is needed: it is the ledger's, which may not be open yet."""

    secret: Callable[[], bytes]

    def make(self, purpose: str, about: UUID, until: datetime | None = None) -> str:
        """Without `until` it never expires."""
        seconds = 0 if until is None else (until - EPOCH) // _SECOND
        told = about.bytes + seconds.to_bytes(_TIME, "big")
        return urlsafe_b64encode(told + self._tag(purpose, told)).decode()

    def read(self, purpose: str, token: str, now: datetime) -> UUID | None:
        """None for what was not made for this purpose, or is over."""
        try:
            whole = urlsafe_b64decode(token.encode("ascii"))
        except (ValueError, UnicodeEncodeError):
            return None
        told, tag = whole[:-_TAG], whole[-_TAG:]
        if len(told) != _ID + _TIME or not hmac.compare_digest(tag, self._tag(purpose, told)):
            return None
        seconds = int.from_bytes(told[_ID:], "big")
        if seconds and EPOCH + seconds * _SECOND <= now:
            return None
        return UUID(bytes=told[:_ID])

    def _tag(self, purpose: str, told: bytes) -> bytes:
        return hmac.digest(self.secret(), b"page:" + purpose.encode() + b":" + told, hashlib.sha256)[:_TAG]
