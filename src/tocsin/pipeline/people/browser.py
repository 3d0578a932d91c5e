"""A browser that may be pushed to: its PushSubscription, as `toJSON()` of the Push API gives it (W3C; RFC 8291)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.base64url import decoded
from tocsin.core.destination import is_usual, known_addresses, shut_out
from tocsin.core.errors import Detail, InvalidRequestError
from tocsin.core.networks import Network
from tocsin.core.secret import Secret

_LONGEST = 2048  # characters of an endpoint
_KEYS = {"p256dh": 65, "auth": 16}  # bytes
_UNFIT = frozenset(" \\")  # of an address as it goes over the wire
_NO_ENDPOINT = "is the https address of a push service"

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


def browser_of(subscription: Mapping[str, Any], user_agent: str = "", vouched: Sequence[Network] = ()) -> AddressValue:
    """Its push service is public, or in one of the networks that operators vouch for; what a name stands for is looked
    at whenever it is called. Raises InvalidRequestError.
    """
    endpoint, keys = subscription.get("endpoint"), subscription.get("keys")
    fault = _fault(endpoint, vouched)
    problems = [Detail("endpoint", fault)] if fault else []
    told = keys if isinstance(keys, Mapping) else {}
    problems += [
        Detail(f"keys.{name}", f"is {size} bytes in base64url")
        for name, size in _KEYS.items()
        if not _is_key(told.get(name), size)
    ]
    if not problems and not _is_point(told["p256dh"]):
        problems.append(Detail("keys.p256dh", "is no key that a browser has made"))
    if problems:
        raise InvalidRequestError.at(*problems)
    kept = {"endpoint": endpoint, "keys": {name: told[name] for name in _KEYS}}
    return AddressValue(
        kind=AddressKind.BROWSER,
        secret=Secret(json.dumps(kept)),
        compared=Secret(str(endpoint)),
        shown=_called(user_agent),
    )


def _fault(endpoint: object, vouched: Sequence[Network]) -> str:
    """Nothing is resolved: a number, in every form that a resolver takes, tells by itself where it leads."""
    place = _place(endpoint)
    if place is None:
        return _NO_ENDPOINT
    usual = is_usual(place.scheme, place.port)
    if place.scheme not in ("http", "https") or not (usual or vouched):
        return _NO_ENDPOINT
    shut = shut_out(known_addresses(place.hostname or ""), vouched, usual=usual)
    return f"{shut} is not called: push.web.allow_networks does not vouch for it" if shut else ""


def _place(endpoint: object) -> SplitResult | None:
    if (
        not isinstance(endpoint, str)
        or len(endpoint) > _LONGEST
        or not endpoint.isascii()
        or not endpoint.isprintable()
        or not _UNFIT.isdisjoint(endpoint)
    ):
        return None
    try:
        place = urlsplit(endpoint)
        named = place.hostname and place.port != 0 and place.username is None
    except ValueError:
        return None
    return place if named else None


def _is_key(text: object, size: int) -> bool:
    if not isinstance(text, str) or not text.isascii():
        return False
    try:
        return len(decoded(text)) == size
    except ValueError:
        return False


def _is_point(text: str) -> bool:
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), decoded(text))
    except ValueError:
        return False
    return True


def _called(user_agent: str) -> str:
    """`Firefox on Linux`."""
    names = [_first(user_agent, table) for table in (_BROWSERS, _SYSTEMS)]
    return " on ".join(filter(None, names)) or "browser"


def _first(text: str, table: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in table if mark in text), "")
