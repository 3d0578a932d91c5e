"""A device as Firebase knows it: by a FID, or by a registration token, which begins with the FID of its app."""

import re

from tocsin.core.recipients import Recipient

_FID = re.compile(r"[A-Za-z0-9_-]{22}")
_APPLE = frozenset({"ios", "ipados", "iphone", "ipad", "macos", "tvos", "watchos", "visionos"})


def is_fid(value: str) -> bool:
    """Whether it is an installation id and not a token: 22 characters of base64, 17 bytes (Firebase Installations)."""
    return _FID.fullmatch(value) is not None


def aimed_at(recipient: Recipient) -> dict[str, str]:
    """The field of a message that says for which device it is."""
    value = recipient.value.reveal()
    return {"fid" if is_fid(value) else "token": value}


def platform_of(recipient: Recipient) -> str:
    """The word for operators; empty where the app did not say what it runs on."""
    told = (recipient.platform or "").casefold().split()
    if told and told[0] in _APPLE:
        return "Apple"
    return recipient.platform or ""
