"""A browser that may be pushed to: its PushSubscription, as `toJSON()` of the Push API gives it (W3C; RFC 8291)."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.errors import Detail, InvalidRequestError
from tocsin.core.secret import Secret

_LONGEST = 2048  # characters of an endpoint
_KEYS = {"p256dh": 65, "auth": 16}  # bytes

# In the order in which they are looked for: most browsers call themselves by several names.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_of(subscription: Mapping[str, Any], user_agent: str = "") -> AddressValue:
    """Raises InvalidRequestError. Whether its push service may be called is for the channel to say."""
    endpoint, keys = subscription.get("endpoint"), subscription.get("keys")
    problems = [] if _is_endpoint(endpoint) else [Detail("endpoint", "is the https address of a push service")]
    told = keys if isinstance(keys, Mapping) else {}
    problems += [
        Detail(f"keys.{name}", f"is {size} bytes in base64url")
        for name, size in _KEYS.items()
        if not _is_key(told.get(name), size)
    ]
    if problems:
        raise InvalidRequestError(f"{problems[0].path}: {problems[0].message}", problems)
    kept = {"endpoint": endpoint, "keys": {name: told[name] for name in _KEYS}}
    return AddressValue(
        kind=AddressKind.BROWSER,
        secret=Secret(json.dumps(kept)),
        compared=Secret(str(endpoint)),
        shown=_called(user_agent),
    )


def _is_endpoint(text: object) -> bool:
    if not isinstance(text, str) or len(text) > _LONGEST or not text.isascii() or not text.isprintable():
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None


def _is_key(text: object, size: int) -> bool:
    if not isinstance(text, str) or not text.isascii():
        return False
    try:
        return len(urlsafe_b64decode(text + "=" * (-len(text) % 4))) == size
    except ValueError:
        return False


def _called(user_agent: str) -> str:
    """`Firefox on Linux`."""
    names = [_first(user_agent, table) for table in (_BROWSERS, _SYSTEMS)]
    return " on ".join(filter(None, names)) or "browser"


def _first(text: str, table: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in table if mark in text), "")
